"""A signal that native code swallows ends the run all the same."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SWALLOWED = """
import os, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from cpt77092.cli import main
from cpt77092.errors import ClaimsError

class Dropped:
    def __del__(self):  # like native code, this cannot raise to its caller
        os.kill(os.getpid(), {number})
        time.sleep(1)

def run_command(arguments, log):
    Dropped()
    {then}

main._run_command = run_command
main.main([])
"""


@pytest.mark.parametrize(
    "then",
    ["time.sleep(20)", "raise TypeError", "raise ClaimsError('x')", "import sys; sys.stdin.read()"],
)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_swallowed_signal_ends_the_run(
    tmp_path: Path, number: signal.Signals, code: int, then: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SWALLOWED.format(number=int(number), then=then)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    ) as run:
        assert (run.wait(timeout=15), run.stderr and run.stderr.read()) == (code, b"")


def test_any_other_swallowed_exception_is_printed(tmp_path: Path) -> None:
    failing = SWALLOWED.replace("time.sleep(1)", "raise ValueError").replace("os.kill", "print")
    run = subprocess.run(
        [sys.executable, "-c", failing.format(number=2, then="return 0")],
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    assert run.returncode == 0
    assert b"ValueError" in run.stderr
