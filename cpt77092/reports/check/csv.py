"""CSV that a spreadsheet may open: no cell of it is run as a formula."""

from __future__ import annotations

import re
from typing import IO

import polars as pl

from cpt77092.reports.check.report import Report
from cpt77092.text import FORMULA_STARTS


def write(stream: IO[bytes], report: Report) -> None:
    """Write the rows of the report under a header."""
    for number, piece in enumerate(report.pieces()):
        inert(piece).write_csv(stream, include_header=number == 0)


def inert(table: pl.DataFrame) -> pl.DataFrame:
    """The table with an apostrophe before each text that a spreadsheet would take for a formula."""
    start = f"^([{re.escape(FORMULA_STARTS)}])"
    is_odd = table.select(pl.col(pl.String).str.contains(start).any())
    odd = [column.name for column in is_odd if column.item()]  # none of most tables
    return table.with_columns(pl.col(odd).str.replace(start, "'${1}"))
