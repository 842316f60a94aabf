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
        piece.with_columns(inert(pl.col(pl.String))).write_csv(stream, include_header=number == 0)


def inert(text: pl.Expr) -> pl.Expr:
    """Texts with an apostrophe before what a spreadsheet would take for a formula."""
    return text.str.replace(f"^([{re.escape(FORMULA_STARTS)}])", "'${1}")
