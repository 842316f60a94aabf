"""What crosses between Spark and Polars: tables of a declared schema, and packed lines.

Spark takes the columns of a worker's table by position and swaps them in silence, and knows neither
unsigned numbers nor large texts: so a table is written by name, in the order and types declared.
Lines are packed, many to a row: Spark moves them and never looks at their cells, which makes a row
of fifty columns as cheap as one of two.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

import polars as pl
import pyarrow as pa

from cpt77092.findings.schema import Schema

ROWS_AT_ONCE = 20_000
"""Rows of one record batch: texts of findings are long."""

_TYPES: dict[type[pl.DataType], tuple[str, pa.DataType]] = {
    pl.String: ("STRING", pa.string()),
    pl.Binary: ("BINARY", pa.binary()),
    pl.Date: ("DATE", pa.date32()),
    pl.Int64: ("BIGINT", pa.int64()),
    pl.Float64: ("DOUBLE", pa.float64()),
}
"""Polars type to the type in Spark and in Arrow."""


def spark_schema(schema: Schema) -> str:
    """A schema as Spark reads it: ``source_row` BIGINT, ...`."""
    return ", ".join(f"`{name}` {_types(dtype)[0]}" for name, dtype in schema.items())


def arrow_schema(schema: Schema) -> pa.Schema:
    """A schema in Arrow's types."""
    return pa.schema([(name, _types(dtype)[1]) for name, dtype in schema.items()])


def record_batches(frame: pl.DataFrame, schema: Schema) -> Iterator[pa.RecordBatch]:
    """The rows of a frame that has these columns, in any order, in the declared one."""
    declared = arrow_schema(schema)
    plain = frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    table = plain.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(declared)
    yield from table.combine_chunks().to_batches(max_chunksize=ROWS_AT_ONCE)


def row(schema: Schema, **cells: object) -> Iterator[pa.RecordBatch]:
    """One row of a declared schema; columns that are not given are null."""
    yield pa.RecordBatch.from_pylist([cells], schema=arrow_schema(schema))


def rows_of(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    """The rows of record batches, each by the names of its columns."""
    for batch in batches:
        yield from batch.to_pylist()


def packed(frame: pl.DataFrame) -> bytes:
    """A frame in few bytes."""
    stream = BytesIO()
    frame.write_ipc_stream(stream, compression="lz4")
    return stream.getvalue()


def unpacked(data: bytes) -> pl.DataFrame:
    """The frame that `packed` was given."""
    return pl.read_ipc_stream(BytesIO(data))


def unpacked_rows(schema: Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """On workers: packed rows become rows, of a declared schema."""
    for each in rows_of(batches):
        yield from record_batches(unpacked(each["packed"]), schema)


PICKLED: Schema = {"pickled": pl.Binary()}
"""What goes back to the driver: small values."""


def pickled(value: object) -> Iterator[pa.RecordBatch]:
    """One row with a small value for the driver."""
    yield from row(PICKLED, pickled=pickle.dumps(value))


def _types(dtype: pl.DataType | type[pl.DataType]) -> tuple[str, pa.DataType]:
    if isinstance(dtype, pl.Decimal):
        precision, scale = dtype.precision or 38, dtype.scale
        return f"DECIMAL({precision},{scale})", pa.decimal128(precision, scale)
    return _TYPES[dtype.base_type()]
