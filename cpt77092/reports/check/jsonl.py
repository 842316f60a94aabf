"""JSON lines: one object per row."""

from __future__ import annotations

from typing import IO

from cpt77092.reports.check.json import money_as_numbers
from cpt77092.reports.check.report import Report


def write(stream: IO[bytes], report: Report) -> None:
    """Write the rows of the report."""
    for piece in report.pieces():
        money_as_numbers(piece).write_ndjson(stream)
