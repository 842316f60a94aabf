"""Rows that add up the lines of a code are no claim lines; a line that lacks much is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpt77092.engine import needed_columns
from cpt77092.readers import Options, read_batch
from cpt77092.readers.scan import Tally
from cpt77092.reference.codes import CHECKED
from cpt77092.rules import CATALOGUE

HEADER = "Claim ID,Patient ID,Payer,From Date,POS,CPT,Units,Charge,Dx1"
FIRST, SECOND = (f"H-{n},P{n},Medicare,2026-03-02,11,77092,1,45.00,M81.0" for n in (1, 2))
OTHER = "H-3,P3,Medicare,2026-03-02,11,77080,1,145.00,M81.0"


def tally(folder: Path, *rows: str) -> Tally:
    file = folder / "claims.csv"
    file.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    needed = needed_columns(CATALOGUE)
    return read_batch([str(file)], needed=needed, scope=CHECKED, options=Options()).total


def bare(code: str, charge: str, more: str = "") -> str:
    return f",,,,,{code},2,{charge},{more}"


@pytest.mark.parametrize(
    ("rows", "lines", "left_out"),
    [
        ([FIRST, SECOND, bare("77092", "90.00")], 2, 1),
        ([FIRST, SECOND, bare("77092", '"$90.00"'), OTHER, bare("77080", "145")], 3, 2),
        ([FIRST, OTHER, SECOND, bare("77092", "90.00"), bare("77080", "145.00")], 3, 2),
        ([FIRST, SECOND, bare("77092", "90"), FIRST, bare("77092", "45")], 3, 2),
        ([FIRST, SECOND, bare("77092", "90"), FIRST, bare("77092", "135")], 3, 2),
        ([FIRST, SECOND, bare("77092", "90.01")], 3, 0),
        ([FIRST, bare("77092", "45.00")], 2, 0),
        ([FIRST, SECOND, bare("77092", "90.00", "M81.0")], 3, 0),
        ([bare("77092", "90.00"), FIRST, SECOND], 3, 0),
        ([FIRST, SECOND, bare("77080", "90.00")], 3, 0),
        ([FIRST, SECOND, bare("77092", "")], 3, 0),
        ([FIRST, SECOND, "Total,,,,,77092,2,1.00,"], 2, 1),
        ([FIRST, SECOND, ",,Totals,,,77092,2,1.00,"], 2, 1),
    ],
)
def test_a_sum_is_left_out_where_it_adds_up(
    tmp_path: Path, rows: list[str], lines: int, left_out: int
) -> None:
    read = tally(tmp_path, *rows)
    assert (read.in_scope, read.not_data) == (lines, left_out)
    assert read.rows == len(rows)
