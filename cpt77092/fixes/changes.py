"""What each declared change makes of the cells of a line."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cpt77092.claims.columns import DIAGNOSES, MODIFIERS
from cpt77092.facts.diagnoses import well_written
from cpt77092.rule import AddFirst, Change, RemoveModifier, Rewrite

Cells = Sequence[str]


def columns_of(change: Change) -> tuple[str, ...]:
    """The columns whose cells a change may touch; there are no others."""
    return DIAGNOSES if change is Rewrite.DIAGNOSIS_FORM else MODIFIERS


def changed_cells(change: Change, cells: Cells) -> list[str] | None:
    """The cells of `columns_of` after a change; None where there is no position for it.

    A cell that keeps its value is left as it is, so that a second change may have it.
    """
    if change is Rewrite.DIAGNOSIS_FORM:
        written = pl.DataFrame({"code": cells}, schema={"code": pl.String})
        return written.select(well_written(pl.col("code"))).to_series().to_list()
    if change is Rewrite.CAPITALS:
        return [_plain(cell) for cell in cells]
    if change is Rewrite.NO_GAP:
        return _padded([cell for cell in cells if cell], len(cells))
    if change is Rewrite.FIRST_OF_EACH:
        plain = [_plain(cell) for cell in cells]
        kept = [c for n, c in enumerate(cells) if not c or plain[n] not in plain[:n]]
        return _padded(kept, len(cells))
    if isinstance(change, AddFirst):
        return _with_first(change.modifier, cells)
    others = _padded([cell for cell in cells if _plain(cell) != change.modifier], len(cells))
    if isinstance(change, RemoveModifier):
        return others
    return _with_first(next(cell for cell in cells if _plain(cell) == change.modifier), others)


def _with_first(modifier: str, cells: Cells) -> list[str] | None:
    """The cells with a modifier in front; those before the first blank one move down."""
    if "" not in cells:
        return None
    free = list(cells).index("")
    return [modifier, *cells[:free], *cells[free + 1 :]]


def _padded(cells: Cells, length: int) -> list[str]:
    return [*cells, *[""] * (length - len(cells))]


def _plain(modifier: str) -> str:
    """A modifier as the facts compare it."""
    return modifier.upper().replace(" ", "")
