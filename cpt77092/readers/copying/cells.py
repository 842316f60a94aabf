"""Single cells of a claim file written anew, and all else in it left as it is.

A cell is what its file has: the text between two separators, a value of a Parquet column, an
element of an 837P segment. `CellEdit` has it as it stands there, so that an edit can be undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, NamedTuple, Protocol

import polars as pl

from cpt77092.claims.cells import plain_codes
from cpt77092.errors import OutputError
from cpt77092.text import gathered

Values = Mapping[str, tuple[str, str]]
"""Canonical code column to the value that was read from it and the value to write."""
SEVERAL_LINES = "its row holds several lines"
NO_COLUMN = "the file has no free column for it"
NOT_AS_READ = "its cell holds more than the value itself"


class CellEdit(NamedTuple):
    """One cell before and after."""

    row: int
    """As in findings; of an 837P, the segment."""
    column: str
    """Its header; of an 837P, the segment's tag and the element: `SV101`."""
    before: str | None
    """As it stands in the file, quotes included; null where a Parquet file has none."""
    after: str | None

    @property
    def reversed(self) -> CellEdit:
        """The edit that takes this one back."""
        return self._replace(before=self.after, after=self.before)


@dataclass(slots=True)
class Located:
    """The cells to write for some rows, and the rows for which there are none."""

    edits: dict[int, list[CellEdit]] = field(default_factory=dict)
    """By the row of the line, as in findings."""
    refused: dict[int, str] = field(default_factory=dict)
    """Why a row cannot be edited, as a clause."""


class CellEditor(Protocol):
    """A file whose cells can be written anew."""

    def locate(self, wanted: Mapping[int, Values]) -> Located:
        """The cells that hold some values of some rows.

        Raises:
            ClaimsError: the file has changed since it was read.
        """

    def write(self, out: IO[bytes], edits: Sequence[CellEdit]) -> None:
        """Write the file with these cells changed, and every other byte or value as it is.

        Raises:
            OutputError: a cell is not what its edit expects, so that nothing can be written.
        """


def is_as_read(column: str, cells: Sequence[str], values: Sequence[str]) -> bool:
    """Whether cells of a code column, each alone, have the values that were read from them."""
    return plain_codes(column, pl.Series(cells, dtype=pl.String)).to_list() == list(values)


def by_row(edits: Iterable[CellEdit]) -> dict[int, list[CellEdit]]:
    """The edits of each row, of each cell one: from what it was first to what it is last."""
    first: dict[tuple[int, str], CellEdit] = {}
    for edit in edits:
        place = (edit.row, edit.column)
        first[place] = first[place]._replace(after=edit.after) if place in first else edit
    return gathered((edit.row, edit) for edit in first.values())


def not_expected(path: str, edit: CellEdit) -> OutputError:
    """The refusal of a cell that is not what its edit expects."""
    return OutputError(
        f"{path}:{edit.row}: the cell of {edit.column} is not what it was, so nothing is written; "
        f"use the file as it was written"
    )
