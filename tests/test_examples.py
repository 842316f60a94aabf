"""The example batches give the findings that are stored with them, in every file format."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from cpt77092 import findings
from cpt77092.engine import Result
from cpt77092.run import Request
from cpt77092.run import run as run_request
from tests.readers.x12_writer import Style, x12

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
AS_OF = date(2026, 11, 23)
VISITS = ("--history", "examples/history.csv", "--policies", "examples/policies")
"""How examples/visits.csv is looked at: beside earlier claims, with a policy of one's own."""


def run(
    file: Path,
    policies: Path | None = None,
    history: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Result:
    request = Request(
        paths=[str(file)], as_of=AS_OF, policies=policies, history=history, ignore=ignore
    )
    return run_request(request)


def run_visits() -> Result:
    return run(EXAMPLES / "visits.csv", EXAMPLES / "policies", [str(EXAMPLES / "history.csv")])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options"), [("claims", ()), ("visits", VISITS)])
def test_the_findings_are_those_written_beside_it(name: str, options: tuple[str, ...]) -> None:
    # Compared for the rules that the stored file has, so that a new rule need not touch it. After
    # an intended change: scrub examples/claims.csv --as-of 2026-11-23 --format csv
    # > examples/claims.findings.csv (visits.csv likewise, with the options above), and read every
    # changed line before you commit it.
    expected = (EXAMPLES / f"{name}.findings.csv").read_text(encoding="utf-8")
    stored = sorted({row["rule"] for row in csv.DictReader(io.StringIO(expected))})
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cpt77092", f"examples/{name}.csv", *options),
            *("--as-of", str(AS_OF), "--format", "csv", "--select", ",".join(stored)),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1
    assert list(csv.reader(io.StringIO(done.stdout))) == list(csv.reader(io.StringIO(expected)))
    assert done.stdout == expected


@pytest.mark.slow
def test_parquet_holds_the_same_lines_and_gives_the_same_findings() -> None:
    place = ["source_file", "source_row"]
    from_csv = findings.as_table(run(EXAMPLES / "claims.csv")).drop(place)
    from_parquet = findings.as_table(run(EXAMPLES / "claims.parquet"))
    assert from_parquet.drop(place).equals(from_csv)
    types = pl.read_parquet_schema(EXAMPLES / "claims.parquet")
    assert types["From Date"] == pl.Date
    assert types["Charge"].is_decimal()


IN_837P = {
    "Claim ID": "claim_id",
    "Line": "claim_line_number",
    "Patient ID": "person_id",
    "Payer": "payer",
    "Payer ID": "payer_id",
    "From Date": "claim_line_start_date",
    "To Date": "claim_line_end_date",
    "POS": "place_of_service_code",
    "CPT": "hcpcs_code",
    **{f"Mod{n}": f"hcpcs_modifier_{n}" for n in range(1, 5)},
    "Units": "service_unit_quantity",
    "Charge": "charge_amount",
    "Dx1": "diagnosis_code_1",
    "Dx2": "diagnosis_code_2",
    "Rendering NPI": "rendering_npi",
    "Billing NPI": "billing_npi",
    "Ordering NPI": "ordering_npi",
    "Claim Freq": "claim_frequency_code",
}


def as_837p() -> bytes:
    """The example claims as an 837P; after a change that is meant, write it to batch.837."""
    with (EXAMPLES / "claims.csv").open(encoding="utf-8", newline="") as stream:
        rows = [
            {IN_837P[name]: cell for name, cell in row.items() if name in IN_837P}
            for row in csv.DictReader(stream)
        ]
    for row in rows:  # an 837P has no dot in a diagnosis
        row |= {
            name: row[name].replace(".", "") for name in ("diagnosis_code_1", "diagnosis_code_2")
        }
        row["diagnosis_pointer"] = "1"  # SV107 is required, and the CSV has no column for it
    return x12(rows, Style(line_break="\n", providers_on_claim=True))


@pytest.mark.slow
def test_the_837p_holds_the_same_claims_and_gives_the_same_findings() -> None:
    assert (EXAMPLES / "batch.837").read_bytes() == as_837p()
    # The CSV has no column for it, and an 837P that gives none has it blank.
    place = ["source_file", "source_row", "line_control_number"]
    from_csv, from_837p = (
        # An 837P does not say when it was submitted: it is taken to be sent on the day of the run.
        run(EXAMPLES / name, ignore=("DT004",))
        for name in ("claims.csv", "batch.837")
    )
    table = findings.as_table(from_837p).drop(place)
    assert table.equals(findings.as_table(from_csv).drop(place))
    assert findings.totals(from_837p).at_risk == findings.totals(from_csv).at_risk


def test_a_finding_in_the_837p_names_the_segment_of_its_line() -> None:
    segments = (EXAMPLES / "batch.837").read_text(encoding="ascii").split("~\n")
    shown = findings.as_table(run(EXAMPLES / "batch.837"))
    for row in shown.iter_rows(named=True):
        assert segments[row["source_row"] - 1] == f"LX*{row['claim_line_number']}"
        assert row["hcpcs_code"] in segments[row["source_row"]]


@pytest.mark.slow
def test_some_lines_are_clean_and_some_are_not_bone_health() -> None:
    totals = findings.totals(run(EXAMPLES / "claims.csv"))
    assert totals.tally.out_of_scope >= 3
    assert totals.checked_lines - totals.error_lines - totals.warning_lines >= 4
    assert 40 <= totals.tally.rows <= 60
    visits = findings.totals(run_visits())
    assert visits.checked_lines - visits.flagged_lines >= 4
    assert 40 <= visits.tally.rows <= 60


def test_everyone_in_the_examples_is_invented() -> None:
    rows = []
    for name in ("claims.csv", "visits.csv", "history.csv"):
        with (EXAMPLES / name).open(encoding="utf-8", newline="") as stream:
            rows += list(csv.DictReader(stream))
    for row in rows:
        assert row["Patient ID"].startswith("P")
        for column in ("Rendering NPI", "Billing NPI", "Ordering NPI"):
            # 155500.... are numbers of our own making, with the check digit that makes them valid.
            assert row.get(column, "")[:6] in {"155500", "123456", ""}
