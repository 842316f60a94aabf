"""`--parts`: the same bytes, streams and exit code in less memory; what needs more is refused."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.conftest import Scrub

EXAMPLES = Path(__file__).parents[2] / "examples"
VISITS = (
    EXAMPLES / "visits.csv",
    "--history",
    EXAMPLES / "history.csv",
    "--as-of",
    "2026-11-23",
    "--isolated",
)


def written(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.slow
@pytest.mark.parametrize("parts", ["auto", "1", "4"])
def test_a_run_in_parts_gives_the_bytes_of_the_whole(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: str
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    came_to = []
    for name, more in (("whole", ()), ("parted", ("--parts", parts))):
        folder = tmp_path / name
        folder.mkdir()
        outputs = [f"f.{ending}" for ending in ("csv", "jsonl", "parquet")] + ["findings/"]
        options = [part for output in outputs for part in ("-o", f"{folder}/{output}")]
        came = scrub(*VISITS, *options, "--show-phi", "--rework-cost", "25", *more)
        came_to.append((came, written(folder)))
    assert came_to[0] == came_to[1]
    assert list(temporary.iterdir()) == []


def test_quiet_and_limit_are_as_of_the_whole(scrub: Scrub) -> None:
    for options in (["-q"], ["--limit", "3"], ["-q", "--format", "csv"], ["-v"]):
        assert scrub(*VISITS, *options, "--parts", "2") == scrub(*VISITS, *options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "f.html"], "-o f.html: needs all findings at once"),
        (["-o", "f.xlsx"], "-o f.xlsx: needs all findings at once"),
        (["--format", "json"], "--format json: needs all findings at once"),
        (["--format", "table"], "--format table: needs all findings at once"),
        (["--by", "claim"], "--by: needs all lines at once"),
        (["--sort", "severity"], "--sort: needs all lines at once"),
        (["--clean-to", "clean.csv"], "--clean-to: needs all lines at once"),
        (["--hold-list", "hold.csv"], "--hold-list: needs all lines at once"),
        (["--since", "f.csv"], "--since: needs all lines at once"),
    ],
)
def test_what_needs_all_at_once_is_refused(scrub: Scrub, options: list[str], message: str) -> None:
    code, out, err = scrub(*VISITS, "--parts", "2", *options)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_decisions_on_file_are_refused(scrub: Scrub, tmp_path: Path) -> None:
    (tmp_path / "scrub-accepted.yaml").write_text("accepted: []\n")
    code, _, err = scrub(*VISITS[:-1], "--parts", "2")
    assert code == 2
    assert "--parts: the decisions in" in err


@pytest.mark.parametrize("parts", ["0", "-1", "many", "10000"])
def test_parts_are_a_number_or_auto(scrub: Scrub, parts: str) -> None:
    code, _, err = scrub(*VISITS, f"--parts={parts}")
    assert code == 2
    assert "is no number of parts" in err
