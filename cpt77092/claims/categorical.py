"""Categories: text of which few different ones are on many lines, each with a number."""

from __future__ import annotations

import polars as pl


def upper_bound(numbers: pl.Series) -> int:
    """The smallest number above all others; 0 where there are none.

    Args:
        numbers: none of them negative.
    """
    most = numbers.max()
    return most + 1 if isinstance(most, int) else 0


def constant(
    height: int, *, value: object, dtype: pl.DataType | type[pl.DataType] | None = None
) -> pl.Series:
    """A column that has one value on every row, without a query of Polars for it."""
    return pl.Series([value], dtype=dtype).new_from_index(0, height)


def index_in(cells: pl.Series, known: pl.Series) -> pl.Series:
    """The index of each cell among the known ones.

    Args:
        cells: categories, none of them null.
        known: each different cell once, and perhaps others.
    """
    indices = pl.int_range(known.len(), dtype=pl.UInt32, eager=True)
    numbers = known.to_physical()
    index_of = constant(upper_bound(numbers), value=0, dtype=pl.UInt32)
    return index_of.scatter(numbers, indices).gather(cells.to_physical())
