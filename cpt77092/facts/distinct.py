"""Numbers for the combinations of cells that lines have in some columns.

A million lines have a few hundred combinations of codes, so what rests on codes alone is worked out
for each combination once. How they are told apart is a matter of speed: where few can be, by a
number made of the cells' own, else by a hash.
"""

from __future__ import annotations

import polars as pl

from cpt77092.claims.categorical import upper_bound
from cpt77092.facts.grouping import representative_line

FEW = 2**20
"""So many combinations have a place each."""
GAPS = 2**12
"""Numbers below this may leave some out: a few more places are faster than closing ranks."""
MANY = 10_000
"""Of so many lines on the ways that take more steps are the faster ones."""


def distinct_ids(cells: pl.DataFrame) -> pl.Series:
    """The number of each line's combination, from 0; a null is a cell like any other.

    Numbers may be left out, but only among the first `GAPS`.

    Args:
        cells: one column or several, of codes, whole numbers, dates, truths or texts.
    """
    if cells.height < MANY:
        return _looked_up(cells)
    varied = cells.select(column for column in cells if not _is_one_value(column))
    if not varied.width:
        return pl.zeros(cells.height, dtype=pl.UInt32, eager=True)
    packed = _packed(varied)
    return _by_hash(varied) if packed is None else packed


def _is_one_value(column: pl.Series) -> bool:
    if column.null_count():
        return column.null_count() == column.len()
    return column.len() == 0 or bool((column == column[0]).all())


def _packed(cells: pl.DataFrame) -> pl.Series | None:
    """The numbers of combinations, put together of those of their cells; None if `FEW` are less."""
    number, size = pl.zeros(cells.height, dtype=pl.UInt32, eager=True), 1
    for column in cells:
        values = _small_numbers(column)
        if values is None:
            return None
        values, width = _few(values)
        if size * width > FEW:
            number, size = _few(number, most=0)
        if size * width > FEW:
            return None
        number = values if size == 1 else number * width + values
        size *= width
    return _few(number)[0]


def _small_numbers(column: pl.Series) -> pl.Series | None:
    """A number below `FEW` for each cell of a column; None where it has too wide a range."""
    if column.dtype == pl.String or column.dtype.is_float() or column.dtype.is_decimal():
        return None
    numbers = column.cast(pl.UInt8) if column.dtype == pl.Boolean else column.to_physical()
    if numbers.dtype.is_signed_integer():
        numbers = numbers.cast(pl.Int64)
    numbers = numbers - numbers.min()
    if upper_bound(numbers) >= FEW:
        return None
    numbers = numbers.cast(pl.UInt32)
    return numbers.fill_null(upper_bound(numbers)) if numbers.null_count() else numbers


def _few(numbers: pl.Series, most: int = GAPS) -> tuple[pl.Series, int]:
    """The numbers, without gaps where there would be more than so many; and one above all."""
    if upper_bound(numbers) > most:
        occurs = pl.zeros(upper_bound(numbers), dtype=pl.UInt32, eager=True).scatter(numbers, 1)
        numbers = (occurs.cum_sum() - occurs)[numbers]
    return numbers, upper_bound(numbers)


def _by_hash(cells: pl.DataFrame) -> pl.Series:
    hashes = cells.select(pl.struct(pl.all().to_physical()).hash()).to_series()
    distinct = hashes.unique().sort()
    number = distinct.search_sorted(hashes)
    shown = cells[representative_line(number)]
    if all(cells[name].eq_missing(shown[name].gather(number)).all() for name in cells.columns):
        return number
    return _looked_up(cells)  # two combinations share a hash


def _looked_up(cells: pl.DataFrame) -> pl.Series:
    numbered = cells.unique().with_row_index("combination")
    return cells.join(
        numbered, on=cells.columns, how="left", nulls_equal=True, maintain_order="left"
    )["combination"]
