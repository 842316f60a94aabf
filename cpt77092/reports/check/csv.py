"""CSV that a spreadsheet may open: no cell of it is run as a formula."""

from __future__ import annotations

from typing import IO

from cpt77092.reports.check.report import Report
from cpt77092.text import inert


def write(stream: IO[bytes], report: Report) -> None:
    """Write the rows of the report under a header."""
    for number, piece in enumerate(report.pieces()):
        inert(piece).write_csv(stream, include_header=number == 0)
