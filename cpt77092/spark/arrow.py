"""One declared schema for every table that crosses between Spark and Polars.

Spark takes the columns of a worker's table by position and swaps them in silence, and knows neither
unsigned numbers nor large texts: so a table is written by name, in the order and types declared.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence

import polars as pl
import pyarrow as pa

from cpt77092.findings.schema import Schema

ROWS_AT_ONCE = 20_000
"""Rows of one record batch: texts of findings are long."""

PACKED: Schema = {"packed": pl.Binary()}
"""What goes back to the driver: small frames, pickled."""

_TYPES: dict[type[pl.DataType], tuple[str, pa.DataType]] = {
    pl.String: ("STRING", pa.string()),
    pl.Binary: ("BINARY", pa.binary()),
    pl.Boolean: ("BOOLEAN", pa.bool_()),
    pl.Date: ("DATE", pa.date32()),
    pl.Int8: ("TINYINT", pa.int8()),
    pl.Int16: ("SMALLINT", pa.int16()),
    pl.Int32: ("INT", pa.int32()),
    pl.Int64: ("BIGINT", pa.int64()),
    pl.UInt8: ("SMALLINT", pa.int16()),
    pl.UInt16: ("INT", pa.int32()),
    pl.UInt32: ("BIGINT", pa.int64()),
    pl.Float32: ("FLOAT", pa.float32()),
    pl.Float64: ("DOUBLE", pa.float64()),
}
"""Polars type to the type in Spark and in Arrow; of an unsigned number the wider signed one."""


def spark_schema(schema: Schema) -> str:
    """A schema as Spark reads it: ``source_row` BIGINT, ...`."""
    return ", ".join(f"`{name}` {spark_type(dtype)}" for name, dtype in schema.items())


def spark_type(dtype: pl.DataType | type[pl.DataType]) -> str:
    """The name of a type in Spark."""
    return _types(dtype)[0]


def arrow_schema(schema: Schema) -> pa.Schema:
    """A schema in Arrow's types."""
    return pa.schema([(name, _types(dtype)[1]) for name, dtype in schema.items()])


def record_batches(frame: pl.DataFrame, schema: Schema) -> Iterator[pa.RecordBatch]:
    """The rows of a frame that has these columns, in any order, in the declared one."""
    declared = arrow_schema(schema)
    plain = frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    for piece in plain.iter_slices(ROWS_AT_ONCE):
        table = piece.to_arrow(compat_level=pl.CompatLevel.oldest())
        yield from table.cast(declared).combine_chunks().to_batches()


def _types(dtype: pl.DataType | type[pl.DataType]) -> tuple[str, pa.DataType]:
    if isinstance(dtype, pl.Decimal):
        precision, scale = dtype.precision or 38, dtype.scale
        return f"DECIMAL({precision},{scale})", pa.decimal128(precision, scale)
    return _TYPES[dtype.base_type()]


def packed(value: object) -> Iterator[pa.RecordBatch]:
    """One row with a pickled value, as `PACKED` has it."""
    yield from record_batches(pl.DataFrame({"packed": [pickle.dumps(value)]}), PACKED)


def as_frame(batches: Sequence[pa.RecordBatch]) -> pl.DataFrame:
    """Record batches of one schema, at least one, as a frame."""
    frame = pl.from_arrow(pa.Table.from_batches(batches))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - of a table it always is
    return frame
