"""A stop that native code swallows is heeded all the same."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SWALLOWED = """
import os, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from cpt77092.cli import main
from cpt77092.errors import ClaimsError

class Dropped:
    def __del__(self):  # as native code, this has nobody to raise to
        os.kill(os.getpid(), {sent})
        time.sleep(1)

def invoked(arguments, log):
    Dropped()
    {then}

main._invoked = invoked
main.main([])
"""


@pytest.mark.parametrize(
    "then",
    ["time.sleep(20)", "raise TypeError", "raise ClaimsError('x')", "import sys; sys.stdin.read()"],
)
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_that_is_swallowed_is_heeded(
    tmp_path: Path, sent: signal.Signals, code: int, then: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SWALLOWED.format(sent=int(sent), then=then)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    ) as run:
        assert (run.wait(timeout=15), run.stderr and run.stderr.read()) == (code, b"")


def test_anything_else_that_is_swallowed_is_told(tmp_path: Path) -> None:
    failing = SWALLOWED.replace("time.sleep(1)", "raise ValueError").replace("os.kill", "print")
    run = subprocess.run(
        [sys.executable, "-c", failing.format(sent=2, then="return 0")],
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    assert run.returncode == 0
    assert b"ValueError" in run.stderr
