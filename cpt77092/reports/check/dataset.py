"""A dataset: Parquet files in folders by payer and month, as engines of large data read them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from cpt77092.findings import FINDINGS_SCHEMA_VERSION
from cpt77092.reports.check.report import Report

PARTITIONS = ("payer", "month")
"""Folders are named `payer=medicare/month=2026-03`; both are columns of the files, too."""
BLANK = "__HIVE_DEFAULT_PARTITION__"
"""The folder of lines without a date, as Hive calls it."""


def write(folder: Path, report: Report) -> None:
    """Write the rows of the report, in files that only their owner can read."""
    pieces = map(_with_month, report.pieces())
    first = next(pieces)

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        del columns, predicate, rows, size  # all is written
        yield from chain([first], pieces)

    rows = register_io_source(source, schema=first.schema)
    places = pl.PartitionBy(folder, key=list(PARTITIONS), include_key=True)
    metadata = {"cpt77092.schema": str(FINDINGS_SCHEMA_VERSION)}
    rows.sink_parquet(places, metadata=metadata, mkdir=True)
    if not any(folder.iterdir()):  # no findings: the columns are still there to be read
        nothing = folder.joinpath(*(f"{name}={BLANK}" for name in PARTITIONS))
        nothing.mkdir(parents=True)
        first.write_parquet(nothing / "00000000.parquet", metadata=metadata)
    for file in folder.rglob("*.parquet"):
        file.chmod(0o600)


def _with_month(piece: pl.DataFrame) -> pl.DataFrame:
    return piece.with_columns(month=pl.col("claim_line_start_date").dt.strftime("%Y-%m"))


def is_dataset(folder: Path) -> bool:
    """Whether a folder holds nothing but what a run wrote there."""
    pattern = "/".join(f"{name}=*" for name in PARTITIONS) + "/*.parquet"
    files = {file for file in folder.rglob("*") if not file.is_dir()}
    return files == set(folder.glob(pattern))
