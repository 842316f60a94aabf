"""A run ends: with thousands of files, and within two seconds of Ctrl-C or SIGTERM."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX"),
]
EXAMPLE = Path(__file__).parents[2] / "examples" / "claims.csv"

# Native code that gives no signal a chance for twenty seconds.
BUSY = """
import ctypes, sys
from cpt77092.cli import main
from cpt77092.signals import UNFINISHED
def run_command(arguments, log):
    from cpt77092.reports.files import output_locks
    with output_locks(["o.csv"]):
        print("busy", flush=True)
        sleep = ctypes.CDLL(None).usleep
        for _ in range(200):
            sleep(100_000)
        return 0
main._run_command = run_command
main.main([])
"""
UNHEARD = BUSY.replace(
    "for _ in range(200):\n            sleep(100_000)", "(lambda: sleep(20_000_000))()"
)


def test_ten_thousand_files_are_read_in_one_run(tmp_path: Path) -> None:
    header = "claim_id,claim_line_start_date,payer,hcpcs_code,hcpcs_modifier_1"
    for number in range(10_000):
        line = f"C{number},2026-03-02,Medicare,99213,"
        (tmp_path / f"{number}.csv").write_text(f"{header}\n{line}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cpt77092", ".", "--as-of", "2026-11-23"],
        cwd=tmp_path,
        timeout=600,
        check=False,
        capture_output=True,
        text=True,
    )
    # A batch without any line in scope looks at the codes of every file once more.
    assert "99213 (10,000)" in done.stderr
    assert done.returncode == 0


def test_a_split_of_many_tables_ends(tmp_path: Path) -> None:
    lines = pl.read_csv(EXAMPLE, infer_schema=False)
    for number in range(100):
        lines.with_columns(Claim=pl.lit(f"C{number}")).write_parquet(tmp_path / f"{number}.parquet")
    names = ["--clean-to", "clean.parquet", "--flagged-to", "held.parquet", "-q"]
    done = subprocess.run(
        [sys.executable, "-m", "cpt77092", ".", *names, "--as-of", "2026-11-23"],
        cwd=tmp_path,
        timeout=300,
        check=False,
        stderr=subprocess.DEVNULL,
    )
    assert done.returncode in (1, 2)
    parts = [pl.read_parquet(tmp_path / name) for name in names[1:4:2]]
    assert sum(part.height for part in parts) == 100 * lines.height


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("code", [BUSY, UNHEARD])
def test_a_signal_ends_native_code(tmp_path: Path, number: signal.Signals, code: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.readline() == b"busy\n"
        began = time.monotonic()
        run.send_signal(number)
        assert run.wait(timeout=15) == 128 + number
        assert time.monotonic() - began < 2
        assert run.stderr.read() == b""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wait", [0.05, 0.1, 0.15, 0.2, 0.3, 0.4])
def test_an_interrupt_while_modules_are_imported_prints_nothing(
    tmp_path: Path, wait: float
) -> None:
    program = (
        "import sys, time; from cpt77092 import __main__; print('in', flush=True); __main__.main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, "nothing.csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.readline() == b"in\n"
        time.sleep(wait)
        run.send_signal(signal.SIGINT)
        code, errors = run.wait(timeout=15), run.stderr.read()
    assert (code, errors) == (130, b"") or b"no such file" in errors
