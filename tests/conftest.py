"""The command as tests run it; a skip fails the run if CPT77092_NO_SKIPS is set."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from cpt77092.cli import main

# The same examples in every run, so that a failure is due to the change at hand;
# `--hypothesis-profile explore` tries others. No deadline, as machines differ.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("steady")

# Some tests start the program anew, which would compile all of it each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

OWN_STEP = "the gate runs this in a step of its own"
"""Ends the reason of a skip that fails a run only if CPT77092_NO_SKIPS is `all`."""
Scrub = Callable[..., tuple[int, str, str]]


SERVERS = {"browser", "postgres", "database", "store"}
"""Fixtures that start another program; the inner loop does without them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what starts a browser or a database; what is slow is not counted as coverage."""
    for item in items:
        if SERVERS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
        # Tracing nearly doubles the time of a test.
        if item.get_closest_marker("slow") is not None:
            item.add_marker(pytest.mark.no_cover)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if tests were skipped and none may be."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    strictness = os.environ.get("CPT77092_NO_SKIPS")
    if strictness != "all":
        skipped = [report for report in skipped if OWN_STEP not in str(report.longrepr)]
    if skipped and strictness:
        for report in skipped:
            print(f"skipped, but must not be: {report.nodeid}: {report.longrepr}")  # noqa: T201
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def scrub(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Scrub:
    """Runs the command in a folder of its own; gives exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main.main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return int(stop.value.code or 0), out, err

    return run
