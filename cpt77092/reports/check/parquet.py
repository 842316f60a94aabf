"""Parquet: dates and money typed, the version of the schema in the metadata; a file, or folders.

The folders are by payer and month, as engines of large data read them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
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


PARTITIONS = ("payer", "month")
"""Folders are named `payer=medicare/month=2026-03`; both are columns of the files, too."""
BLANK = "__HIVE_DEFAULT_PARTITION__"
"""The folder of lines without a date, as Hive calls it."""


def write_folder(folder: Path, report: Report) -> None:
    """Write the rows of the report, in files that only their owner can read."""
    month = pl.col("claim_line_start_date").dt.strftime("%Y-%m")
    rows = lazily(piece.with_columns(month=month) for piece in report.pieces())
    places = pl.PartitionBy(folder, key=list(PARTITIONS), include_key=True)
    rows.sink_parquet(places, metadata=METADATA, mkdir=True)
    if not any(folder.iterdir()):  # no findings: the columns are still there to be read
        nothing = folder.joinpath(*(f"{name}={BLANK}" for name in PARTITIONS))
        nothing.mkdir(parents=True)
        columns = rows.collect_schema().to_frame()
        columns.write_parquet(nothing / "00000000.parquet", metadata=METADATA)
    for file in folder.rglob("*.parquet"):
        file.chmod(0o600)


def is_dataset(folder: Path) -> bool:
    """Whether a folder holds nothing but what a run wrote there."""
    pattern = "/".join(f"{name}=*" for name in PARTITIONS) + "/*.parquet"
    files = {file for file in folder.rglob("*") if not file.is_dir()}
    return files == set(folder.glob(pattern))
