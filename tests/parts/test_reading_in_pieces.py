"""Lines that are read piece by piece, and checked in parts, come to what they come to at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cpt77092.findings import table, totals
from cpt77092.findings.totals import add_up
from cpt77092.parts.on_disk import FOLDER
from cpt77092.readers import Frame, kept
from cpt77092.run import Request, run, run_in_parts
from tests.agreement import enlarged
from tests.claim_strategies import Batch
from tests.parts.taking_apart import AS_OF, written
from tests.test_oracle import ENLARGED, ENLARGED_RUNS, SAMPLE

FEWER = settings(SAMPLE, max_examples=3)

EXAMPLES = Path(__file__).parents[2] / "examples"

# What fails is a batch, and a batch is long: let it be shown.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


def _few_rows_at_once(plan: pl.LazyFrame, take: Callable[[pl.DataFrame], None]) -> None:
    for rows in plan.collect().iter_slices(2):
        take(rows)


@pytest.fixture(autouse=True, scope="module")
def small_pieces() -> Iterator[None]:
    """Pieces of three rows or four, and claims looked up two at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "each_batch", _few_rows_at_once)
        patch.setattr(kept, "LEAST", 3)
        patch.setattr(kept, "MOST", 3)
        patch.setattr("cpt77092.readers.batch._CLAIMS_AT_ONCE", 2)
        yield


def assert_in_pieces_as_at_once(request: Request, parts: int = 2) -> None:
    whole = run(request)
    with run_in_parts(request, parts, extra=["person_id"]) as checked:
        batch, own = checked.result.batch, whole.batch
        assert checked.lines == own.lines.height
        findings = pl.concat(checked.pieces())
        assert_frame_equal(findings, pl.concat(table.as_pieces(whole, extra=["person_id"])))
        assert add_up(checked.sums, checked.result) == totals(whole)
        assert batch.notes == own.notes
        assert batch.tallies == own.tallies
        assert list(batch.rejected_rows()) == list(own.rejected_rows())
        assert_frame_equal(batch.unread_codes, own.unread_codes)


def assert_cells_in_pieces_as_at_once(files: Sequence[Batch], history: Batch | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [written(Path(folder) / f"claims-{n}.csv", one) for n, one in enumerate(files)]
        earlier = [] if history is None else [written(Path(folder) / "history.csv", history)]
        policies = enlarged().packaged
        request = Request(paths=paths, history=earlier, as_of=AS_OF, policies=policies, whole=True)
        assert_in_pieces_as_at_once(request)


@pytest.mark.slow
@FEWER
@given(run_=ENLARGED_RUNS)
def test_runs_in_pieces(run_: tuple[Batch, Batch | None]) -> None:
    assert_cells_in_pieces_as_at_once([run_[0]], run_[1])


@pytest.mark.slow
@FEWER
@given(files=st.tuples(ENLARGED, ENLARGED))
def test_files_with_different_columns_in_pieces(files: tuple[Batch, Batch]) -> None:
    assert_cells_in_pieces_as_at_once(files, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    "names",
    [
        ["claims.csv"],
        ["claims-damaged.csv"],
        ["claims-wide.csv"],
        ["claims.csv.gz"],
        ["claims.parquet"],
        ["claims.xlsx"],
        ["batch.837"],
        ["visits.csv", "claims.parquet", "claims-damaged.csv", "batch.837"],
    ],
    ids=",".join,
)
def test_every_kind_of_file_in_pieces(names: Sequence[str]) -> None:
    paths = [str(EXAMPLES / name) for name in names]
    assert_in_pieces_as_at_once(Request(paths=paths, as_of=AS_OF))


@pytest.mark.slow
def test_a_frame_in_pieces() -> None:
    rows = pl.scan_parquet(EXAMPLES / "claims.parquet").with_row_index("key")
    frame = Frame(rows, "lines", "key")
    assert_in_pieces_as_at_once(Request(paths=(), frame=frame, as_of=AS_OF))


CLAIM = {
    "claim_id": "A-1",
    "claim_line_number": "1",
    "person_id": "P1",
    "payer": "Medicare",
    "claim_line_start_date": "2026-03-04",
    "place_of_service_code": "11",
    "hcpcs_code": "77092",
    "hcpcs_modifier_1": "",
    "charge_amount": "45.00",
    "diagnosis_code_1": "M81.0",
    "rendering_npi": "1234567893",
    "billing_npi": "1234567893",
}
BARE = dict.fromkeys(CLAIM, "") | {"hcpcs_code": "77092"}
CLAIMS = [CLAIM | {"claim_id": f"A-{n}", "person_id": f"P{n}"} for n in range(1, 8)]
BATCHES = {
    "a sum of lines in pieces before": [*CLAIMS, BARE | {"charge_amount": "315.00"}],
    "sums of blocks": [
        *CLAIMS[:4],
        BARE | {"charge_amount": "180.00"},
        *CLAIMS[4:],
        BARE | {"charge_amount": "135.00"},
        BARE | {"charge_amount": "315.00"},
    ],
    "a line that is written twice is no sum": [CLAIM, BARE | {"charge_amount": "45.00"}, *CLAIMS],
    "a sum that a later one makes sure of": [
        CLAIM,
        BARE | {"charge_amount": "45.00"},
        *CLAIMS,
        BARE | {"charge_amount": "315.00"},
    ],
    "a row called a total": [*CLAIMS, BARE | {"claim_id": "Total", "charge_amount": "1.00"}],
    "modifiers combined in one piece alone": [
        {**one, "hcpcs_modifier_1": "26 59" if n == 5 else ""} for n, one in enumerate(CLAIMS)
    ],
    "modifiers behind a code": [
        {**one, "hcpcs_code": "77092-26" if n == 4 else "77092"} for n, one in enumerate(CLAIMS)
    ],
    "digits lost in pieces": [
        {**one, "claim_id": "1.23457E+09" if n in (0, 6) else one["claim_id"]}
        for n, one in enumerate(CLAIMS)
    ],
    "dates of two orders": [
        {**one, "claim_line_start_date": f"0{n + 1}/05/2026"} for n, one in enumerate(CLAIMS)
    ],
    "dates whose order the last row shows": [
        *({**one, "claim_line_start_date": "03/04/2026"} for one in CLAIMS),
        CLAIM | {"claim_line_start_date": "03/25/2026"},
    ],
    "dates that cannot be read in one piece": [
        {**one, "claim_line_start_date": "soon" if n == 6 else "2026-03-04"}
        for n, one in enumerate(CLAIMS)
    ],
    "diagnoses on another row": [
        {**one, "claim_id": f"A-{n % 3}", "person_id": f"P{n % 3}", "diagnosis_code_1": dx}
        for n, (one, dx) in enumerate(
            zip(CLAIMS, ["M81.0", "", "M85.80", "", "", "", ""], strict=True)
        )
    ],
    "diagnoses on another service": [
        {**one, "hcpcs_code": "99213" if n < 3 else "77092", "claim_id": f"A-{n % 3}"}
        | {"person_id": "P1", "diagnosis_code_1": "M81.0" if n < 3 else ""}
        for n, one in enumerate(CLAIMS)
    ],
    "patients and providers left out": [
        {**one, "claim_id": f"A-{n % 2}", "person_id": "P1" if n < 2 else ""}
        | {"billing_npi": "" if n == 5 else "1234567893"}
        for n, one in enumerate(CLAIMS)
    ],
    "one claim number of several patients of a payer without a policy": [
        {**one, "claim_id": "A-1", "payer": "Acme Mutual"} | {"line_control_number": f"{9 - n}"}
        for n, one in enumerate(CLAIMS)
    ],
    "no line": [CLAIM | {"hcpcs_code": "99213"}],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BATCHES)
def test_what_takes_several_rows_to_know_in_pieces(name: str, tmp_path: Path) -> None:
    file = written(tmp_path / "claims.csv", BATCHES[name])
    assert_in_pieces_as_at_once(Request(paths=[file], as_of=AS_OF))


@pytest.mark.slow
def test_damage_in_the_last_row_reads_the_file_anew(tmp_path: Path) -> None:
    file = Path(written(tmp_path / "claims.csv", CLAIMS))
    file.write_text(file.read_text() + 'A-9,1,"P9,Medicare\n')
    request = Request(paths=[str(file)], as_of=AS_OF)
    assert_in_pieces_as_at_once(request)
    assert run(request).batch.total.rejected == 1


# --- temporary files --------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
@pytest.mark.parametrize(
    ("number", "code", "step"),
    [
        (signal.SIGTERM, 143, "lines-"),
        (signal.SIGTERM, 143, "findings-"),
        (signal.SIGINT, 130, "lines-"),
    ],
)
def test_a_run_that_is_ended_leaves_no_file(
    number: signal.Signals, code: int, step: str, tmp_path: Path
) -> None:
    claims, temporary = tmp_path / "claims.csv", tmp_path / "temporary"
    temporary.mkdir()
    example = pl.read_csv(EXAMPLES / "claims.csv", infer_schema=False)
    pl.concat([example] * 8_000).write_csv(claims)
    command = [sys.executable, "-m", "cpt77092", str(claims), "--isolated", "--parts", "6"]
    environment = os.environ | {"TMPDIR": str(temporary), "POLARS_MAX_THREADS": "1"}
    with subprocess.Popen(
        [*command, "-o", str(tmp_path / "findings.csv")],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        while not list(temporary.glob(f"{FOLDER}*/{step}*")):
            assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
            time.sleep(0.01)
        (folder,) = temporary.iterdir()
        assert folder.stat().st_mode & 0o077 == 0
        process.send_signal(number)
        assert process.wait(60) == code
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "findings.csv").exists()


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak is told by Linux alone")
def test_a_run_keeps_within_the_memory_that_it_is_given(tmp_path: Path) -> None:
    example, claims = pl.read_csv(EXAMPLES / "claims.csv", infer_schema=False), tmp_path / "c.csv"
    with claims.open("w") as file:
        for n in range(24):
            own = pl.format("{}-{}-{}", pl.col("Patient ID", "Claim ID"), n, pl.int_range(pl.len()))
            rows = pl.concat([example] * 1_000).with_columns(own)
            rows.write_csv(file, include_header=n == 0)
    program = (
        "import resource, sys; from cpt77092.cli import main\n"
        "try: main.main(sys.argv[1:])\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            program,
            str(claims),
            "--isolated",
            "--memory",
            "1GB",
            "--limit",
            "1",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1, ran.stderr
    assert "checked in parts on disk" in ran.stderr
    assert int(ran.stdout.splitlines()[-1]) * 1024 < 1_000_000_000
