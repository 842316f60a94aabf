"""A Spark session on this machine, and frames to and from it without Pandas."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl

from cpt77092.findings.schema import Schema


@contextmanager
def local_session(master: str = "local[2,4]", *, is_connect: bool = False) -> Iterator[Any]:
    """A session whose workers run this Python; with Spark Connect, on a server that it starts."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder
    session = (
        (builder.remote(master) if is_connect else builder.master(master))
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "3")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.executor.memory", "512m")
        .getOrCreate()
    )
    try:
        yield session
    finally:
        session.stop()


_TYPES = {
    pl.String: "STRING",
    pl.Int64: "BIGINT",
    pl.Float64: "DOUBLE",
    pl.Date: "DATE",
    pl.Decimal: "DECIMAL(18,2)",
    pl.Datetime: "TIMESTAMP",
    pl.List: "ARRAY<STRING>",
}


def to_spark(session: Any, frame: pl.DataFrame, partitions: int = 3) -> Any:
    """A Polars frame as a Spark frame."""
    types = (f"`{n}` {_TYPES[dtype.base_type()]}" for n, dtype in frame.schema.items())
    return session.createDataFrame(frame.rows(), ", ".join(types)).repartition(partitions)


def from_spark(frame: Any, schema: Schema) -> pl.DataFrame:
    """The rows of a Spark frame, which must have these columns, sorted."""
    assert frame.columns == list(schema)
    rows = [tuple(row) for row in frame.collect()]
    return pl.DataFrame(rows, schema=dict(schema), orient="row").sort(pl.all())
