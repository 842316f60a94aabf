"""Numbers for the combinations of cells that lines have in some columns.

A million lines have a few hundred combinations of codes, so what follows from codes alone is
computed once for each combination. Which lines have the same one is found by packing the numbers of
the cells into one number; where there are too many different cells for that, by a hash.
"""

from __future__ import annotations

import polars as pl

from cpt77092.claims.categorical import constant, upper_bound
from cpt77092.facts.grouping import representative_line

MAX_PACKED = 2**20
"""Packed numbers stay below this, since each has a place in an array."""
MAX_GAPPED = 2**12
"""Below this, numbers that no line has stay in: leaving them out costs more than it saves."""


def distinct_ids(cells: pl.DataFrame) -> pl.Series:
    """The number of each line's combination of cells, from 0; a null is a cell like any other.

    Cells are codes, whole numbers, dates, booleans or texts. The numbers are small, as
    `representative_line` takes them; some below `MAX_GAPPED` may not occur.
    """
    varied = cells.select(column for column in cells if not _is_constant(column))
    if not varied.width:
        return constant(cells.height, value=0, dtype=pl.UInt32)
    packed = _packed(varied)
    return _by_hash(varied) if packed is None else packed


def _is_constant(column: pl.Series) -> bool:
    if column.null_count():
        return column.null_count() == column.len()
    return column.len() == 0 or bool((column == column[0]).all())


def _packed(cells: pl.DataFrame) -> pl.Series | None:
    """Combinations as one number made of those of their cells; None if `MAX_PACKED` is too low."""
    packed, size = constant(cells.height, value=0, dtype=pl.UInt32), 1
    for column in cells:
        values = _small_numbers(column)
        if values is None:
            return None
        values, width = _without_gaps(values)
        if size * width > MAX_PACKED:
            packed, size = _without_gaps(packed, above=0)
        if size * width > MAX_PACKED:
            return None
        packed = values if size == 1 else packed * width + values
        size *= width
    return _without_gaps(packed)[0]


def _small_numbers(column: pl.Series) -> pl.Series | None:
    """A number below `MAX_PACKED` for each cell; None where the column has too wide a range."""
    if column.dtype == pl.String or column.dtype.is_float() or column.dtype.is_decimal():
        return None
    numbers = column.cast(pl.UInt8) if column.dtype == pl.Boolean else column.to_physical()
    if numbers.dtype.is_signed_integer():
        numbers = numbers.cast(pl.Int64)
    numbers = numbers - numbers.min()
    if upper_bound(numbers) >= MAX_PACKED:
        return None
    numbers = numbers.cast(pl.UInt32)
    return numbers.fill_null(upper_bound(numbers)) if numbers.null_count() else numbers


def _without_gaps(numbers: pl.Series, above: int = MAX_GAPPED) -> tuple[pl.Series, int]:
    """The numbers and their upper bound; where that is above a limit, closed up, in their order."""
    if upper_bound(numbers) > above:
        occurs = constant(upper_bound(numbers), value=0, dtype=pl.UInt32).scatter(numbers, 1)
        numbers = (occurs.cum_sum() - occurs)[numbers]
    return numbers, upper_bound(numbers)


def _by_hash(cells: pl.DataFrame) -> pl.Series:
    hashes = cells.select(pl.struct(pl.all().to_physical()).hash()).to_series()
    distinct = hashes.unique().sort()
    ids = distinct.search_sorted(hashes)
    shown = cells[representative_line(ids)]
    if all(cells[name].eq_missing(shown[name].gather(ids)).all() for name in cells.columns):
        return ids
    return _by_join(cells)  # two combinations share a hash


def _by_join(cells: pl.DataFrame) -> pl.Series:
    numbered = cells.unique().with_row_index("combination")
    return cells.join(
        numbered, on=cells.columns, how="left", nulls_equal=True, maintain_order="left"
    )["combination"]
