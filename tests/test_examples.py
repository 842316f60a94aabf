"""The example batch: every rule is shown, and its findings are the ones written beside it."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl

from cpt77092 import findings
from cpt77092.codes import CHECKED
from cpt77092.engine import Result, check, needed_columns
from cpt77092.policies import load_policies
from cpt77092.readers import Options, read_batch
from cpt77092.rules import CATALOGUE

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
AS_OF = date(2026, 11, 23)


def run(file: Path, policies: Path | None = None) -> Result:
    batch = read_batch(
        [str(file)], needed=needed_columns(CATALOGUE), scope=CHECKED, options=Options()
    )
    return check(batch, load_policies(policies), CATALOGUE, as_of=AS_OF)


def test_the_findings_are_those_written_beside_it() -> None:
    # After a change that is meant: scrub examples/claims.csv --as-of 2026-11-23 --format csv
    # > examples/claims.findings.csv, and read every changed line before you commit it.
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cpt77092", "examples/claims.csv"),
            *("--as-of", str(AS_OF), "--format", "csv"),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1
    expected = (EXAMPLES / "claims.findings.csv").read_text(encoding="utf-8")
    assert list(csv.reader(io.StringIO(done.stdout))) == list(csv.reader(io.StringIO(expected)))
    assert done.stdout == expected


def test_parquet_holds_the_same_lines_and_gives_the_same_findings() -> None:
    place = ["source_file", "source_row"]
    from_csv = findings.table(run(EXAMPLES / "claims.csv")).drop(place)
    from_parquet = findings.table(run(EXAMPLES / "claims.parquet"))
    assert from_parquet.drop(place).equals(from_csv)
    types = pl.read_parquet_schema(EXAMPLES / "claims.parquet")
    assert types["From Date"] == pl.Date
    assert types["Charge"].is_decimal()


def test_every_rule_is_shown() -> None:
    shown = set(findings.table(run(EXAMPLES / "claims.csv"))["rule"])
    # No published policy requires 26, so MO002 needs the example's own payer file.
    assert {rule.code for rule in CATALOGUE} - shown == {"MO002"}
    with_own_policies = findings.table(run(EXAMPLES / "claims.csv", EXAMPLES / "policies"))
    assert "MO002" in set(with_own_policies["rule"])


def test_some_lines_are_clean_and_some_are_not_bone_health() -> None:
    totals = findings.totals(run(EXAMPLES / "claims.csv"))
    assert totals.tally.out_of_scope >= 3
    assert totals.checked_lines - totals.flagged_lines >= 4
    assert 40 <= totals.tally.rows <= 60


def test_everyone_in_the_examples_is_invented() -> None:
    with (EXAMPLES / "claims.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        assert row["Patient ID"].startswith("P")
        for column in ("Rendering NPI", "Billing NPI", "Ordering NPI"):
            # 155500.... are numbers of our own making, with the check digit that makes them valid.
            assert row[column][:6] in {"155500", "123456", ""}
