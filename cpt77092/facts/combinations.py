"""Numbers for the combinations of cells that lines have in some columns.

A million lines have a few hundred combinations of codes, so what rests on codes alone is worked out
for each combination once. How they are told apart is a matter of speed: where few can be, by a
number made of the cells' own, else by a hash.
"""

from __future__ import annotations

import polars as pl

from cpt77092.facts.keys import line_of_each

FEW = 2**20
"""So many combinations can be told apart by looking each up."""


def combined(cells: pl.DataFrame) -> pl.Series:
    """The number of each line's combination, from 0; a null is a cell like any other.

    Args:
        cells: one column or several, of codes, whole numbers, dates, truths or texts.
    """
    varied = cells.select(column for column in cells if not _is_one_value(column))
    if not varied.width:
        return pl.zeros(cells.height, dtype=pl.UInt32, eager=True)
    packed = _packed(varied)
    return _by_hash(varied) if packed is None else _without_gaps(packed)


def _is_one_value(column: pl.Series) -> bool:
    if column.null_count():
        return column.null_count() == column.len()
    return column.len() == 0 or bool((column == column[0]).all())


def _packed(cells: pl.DataFrame) -> pl.Series | None:
    """A number for each combination, below `FEW`; None where so many do not do."""
    number, size = pl.lit(0, pl.UInt32), 1
    for name, dtype in cells.schema.items():
        physical = pl.col(name).to_physical()
        if dtype == pl.Boolean:
            physical = physical.cast(pl.UInt8)
        elif dtype == pl.String or dtype.is_float() or dtype.is_decimal():
            return None
        value = physical.cast(pl.Int64) - physical.min()
        width = cells.select(value.max().fill_null(0) + 2).item()
        size *= width
        if size > FEW:
            return None
        number = number * width + (value + 1).fill_null(0).cast(pl.UInt32)
    return cells.select(number.alias("combination")).to_series()


def _without_gaps(numbers: pl.Series) -> pl.Series:
    """The place of each number among those that occur; all are below `FEW`."""
    occurs = pl.zeros(FEW, dtype=pl.UInt32, eager=True).scatter(numbers, 1)
    return (occurs.cum_sum() - occurs).gather(numbers)


def _by_hash(cells: pl.DataFrame) -> pl.Series:
    hashes = cells.select(pl.struct(pl.all().to_physical()).hash()).to_series()
    distinct = hashes.unique().sort()
    number = distinct.search_sorted(hashes)
    shown = cells[line_of_each(number)]
    if all(cells[name].eq_missing(shown[name].gather(number)).all() for name in cells.columns):
        return number
    # Two combinations share a hash.
    numbered = cells.unique().with_row_index("combination")
    return cells.join(
        numbered, on=cells.columns, how="left", nulls_equal=True, maintain_order="left"
    )["combination"]
