"""Parquet: dates and money typed, the version of the schema in the file's metadata."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain
from typing import IO

import polars as pl
from polars.io.plugins import register_io_source

from cpt77092.findings import FINDINGS_SCHEMA_VERSION
from cpt77092.reports.check.report import Report

METADATA = {"cpt77092.schema": str(FINDINGS_SCHEMA_VERSION)}


def write(stream: IO[bytes], report: Report) -> None:
    """Write the rows of the report."""
    buffer = io.BytesIO()  # Polars hides why a file of its own cannot be written
    lazily(report.pieces()).sink_parquet(buffer, metadata=METADATA)
    stream.write(buffer.getbuffer())


def lazily(pieces: Iterator[pl.DataFrame]) -> pl.LazyFrame:
    """Pieces, at least one, that Polars takes one by one as it writes them."""
    first = next(pieces)

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        del columns, predicate, rows, size  # all is written
        yield from chain([first], pieces)

    return register_io_source(source, schema=first.schema)
