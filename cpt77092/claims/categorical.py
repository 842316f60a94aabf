"""Categories: text of which few different ones stand on many lines, told apart by number."""

from __future__ import annotations

import polars as pl


def upper_bound(numbers: pl.Series) -> int:
    """The least number above all of some that are not negative; 0 where there is none."""
    most = numbers.max()
    return most + 1 if isinstance(most, int) else 0


def index_in(cells: pl.Series, known: pl.Series) -> pl.Series:
    """Where each cell stands among the known ones.

    Args:
        cells: categories, none of them null.
        known: every one of them once, and perhaps others.
    """
    places = pl.int_range(known.len(), dtype=pl.UInt32, eager=True)
    numbers = known.to_physical()
    of_number = pl.zeros(upper_bound(numbers), dtype=pl.UInt32, eager=True)
    return of_number.scatter(numbers, places).gather(cells.to_physical())
