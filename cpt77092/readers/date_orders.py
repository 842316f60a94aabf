"""The order of month and day in dates like 03/04/2025: one for all files of a run.

The lines in scope settle it in most runs. Where they leave it open, every row of every file is
asked, of earlier claims too, and then the other columns of dates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import polars as pl

from cpt77092.claims import columns
from cpt77092.claims.dates import ORDER_NOTES, Evidence, Order
from cpt77092.readers.failures import native_errors_silenced, reading
from cpt77092.readers.scan import Scan
from cpt77092.text import gathered

Shown = Mapping[str, Evidence]
"""What cells show of the order in each column of dates."""
Orders = Mapping[str, Order]
"""The order in each column of dates."""

_SERVICE = ("claim_line_start_date", "claim_line_end_date")
"""Columns that all rows are asked about before any other column is."""


def shown_by_lines(lines: pl.DataFrame, needed: frozenset[str]) -> Shown:
    """What claim lines show whose cells are not read yet."""
    dates = [column.name for column in columns.COLUMNS if column.kind is columns.Kind.DATE]
    return {
        name: Evidence.of(lines[name].unique().cast(pl.String))
        for name in dates
        if name in needed
        and name in lines.columns
        and lines.schema[name] in (pl.String, pl.Categorical)
    }


def shown_by_rows(scan: Scan) -> Shown:
    """What all rows of a file show.

    Raises:
        ClaimsError: the file cannot be read.
    """
    if scan.dates is None:
        return {}
    with reading(scan.path), native_errors_silenced():
        parts = scan.dates.collect(engine="streaming")
    return together(
        {column.name.partition(" ")[0]: Evidence.read(value)}
        for column in parts
        for value in column
    )


def together(parts: Iterable[Shown]) -> Shown:
    """What some cells and others show together."""
    of_column = gathered(item for part in parts for item in part.items())
    return {name: Evidence.total(every) for name, every in of_column.items()}


def looked_up(
    shown: Shown, own: Callable[[], Iterable[Shown]], others: Callable[[], Iterable[Shown]]
) -> Shown:
    """What a run shows: all rows of its files are read where that may change an order.

    Args:
        shown: what the lines in scope show.
        own: what all rows of the batch's files show; called where its lines leave an order open.
        others: what other files of the run show; called where the batch leaves an order open.
    """
    every = shown
    if any(shown[name].is_open for name in _SERVICE if name in shown):
        every = together([shown, *own()])
    if any(order.is_open for order in decided(every).values()):
        every = together([shown, *own(), *others()])
    return every


def decided(shown: Shown) -> Orders:
    """The order in each column; where its cells leave it open, the other columns decide."""
    firm = {name: one.order for name, one in shown.items() if one.is_firm}
    is_split = len(set(firm.values())) > 1
    total = Order.UNKNOWN if is_split else Evidence.total(shown.values()).order
    return {
        name: Order.NONE if one.order is Order.NONE else firm.get(name, total)
        for name, one in shown.items()
    }


def order_notes(orders: Orders, needed: frozenset[str]) -> list[str]:
    """How ambiguous dates of the needed columns were read."""
    notes = ((name, ORDER_NOTES.get(order)) for name, order in orders.items() if name in needed)
    return [f"{name}: {note}" for name, note in notes if note]
