"""Findings do not hang on the order of rows, also where claim and line numbers repeat."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt77092 import findings
from cpt77092.run import Request, run

AS_OF = date(2026, 11, 23)
COLUMNS = {
    "claim_id": ["A", "B", ""],
    "claim_line_number": ["1", "2", ""],
    "person_id": ["P1", "P2"],
    "payer": ["medicare", "Lakeside Health"],
    "claim_line_start_date": ["2026-03-02", "2026-03-03"],
    "place_of_service_code": ["11", "22"],
    "hcpcs_code": ["77092", "77089", "77091", "77080"],
    "hcpcs_modifier_1": ["", "26", "TC"],
    "service_unit_quantity": ["1", "2"],
    "charge_amount": ["45.00", "60.00"],
    "diagnosis_code_1": ["M81.0", "Z78.0"],
    "rendering_npi": ["1555000011"],
    "billing_npi": ["1555001019", "1555002017"],
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in COLUMNS.items()}),
    min_size=2,
    max_size=8,
)


def findings_of(file: Path, rows: list[dict[str, str]]) -> list[tuple[object, ...]]:
    """The findings without the numbers of rows, in an order of their own."""
    pl.DataFrame(rows).write_csv(file)
    table = findings.as_table(run(Request(paths=[str(file)], as_of=AS_OF)))
    table = table.drop("source_row", "row_id").with_columns(
        pl.col("message").str.replace_all(r"\brow [0-9]+", "row")
    )
    return sorted(table.rows(), key=repr)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(rows=ROWS, seed=st.integers(0, 1000))
def test_shuffled_rows_have_the_same_findings(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], seed: int
) -> None:
    file = tmp_path_factory.mktemp("rows") / "claims.csv"
    shuffled = Random(seed).sample(rows, len(rows))
    assert findings_of(file, rows) == findings_of(file, shuffled)


@pytest.mark.slow
def test_of_two_lines_with_one_number_the_same_repeats_the_other(tmp_path: Path) -> None:
    usual = {name: cells[0] for name, cells in COLUMNS.items()}
    rows = [usual | {"charge_amount": charge} for charge in ("60.00", "45.00", "50.00")]
    there, back = (findings_of(tmp_path / "c.csv", some) for some in (rows, rows[::-1]))
    assert there == back
    assert sum(bool(re.search("FR001", repr(finding))) for finding in there) == 2
