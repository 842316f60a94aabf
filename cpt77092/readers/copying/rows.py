"""What every source of rows has: its rows in blocks, and which of them go where."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial
from typing import IO, ClassVar, NamedTuple, TypeAlias

import polars as pl

from cpt77092.claims import columns
from cpt77092.claims.cells import plain_codes, source_cell
from cpt77092.readers.scan import ROW, OpenedFile

BLOCK = 100_000
"""Rows looked at together."""
SIZE = "size"
UNIT = "unit"
"""The claim that a row of an 837P is in: the number of its first segment."""


class Run(NamedTuple):
    """Consecutive rows with the same destination."""

    destination: int
    rows: int
    size: int
    """Bytes; 0 where rows are not copied by their bytes."""


Files: TypeAlias = Sequence[tuple["RowSource", Sequence[Run]]]
"""Files of one kind, each with the runs that all of its rows are in."""


class RowSource(ABC):
    """A file whose rows can be written to another file."""

    opened: OpenedFile
    format: ClassVar[str]
    """What its rows are written as, as people say it: `text`, `Parquet`, `CSV`, `837P`."""

    @abstractmethod
    def blocks(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """All rows in order: `source_row`, `size` in bytes, and these canonical columns.

        Columns that the file lacks are left out. The rows of an 837P are its service lines, and
        have the number of their claim's first segment as `unit`.

        Raises:
            ClaimsError: the file cannot be read again, or has changed since it was read.
        """

    def keys_of_rejected(self, names: Sequence[str], rejects: pl.DataFrame) -> pl.DataFrame:
        """These canonical columns of rows that could not be read, as far as they can be known.

        `rejects` are those of the file, as in `Batch.rejects`.
        """
        rows = rejects["source_row"].cast(pl.UInt32).implode()
        blocks = (block.filter(pl.col(ROW).is_in(rows)) for block in self.blocks(names))
        return pl.concat([block.drop(ROW, SIZE, UNIT, strict=False) for block in blocks])

    @property
    def traits(self) -> dict[str, object]:
        """What files that share one file must have alike, each under its name."""
        return {}

    def difference(self, other: RowSource) -> str:
        """In what another file differs that is to share one file with this; nothing if in none."""
        if type(other) is not type(self):
            return "format"
        theirs = other.traits
        return next((name for name, own in self.traits.items() if own != theirs[name]), "")

    @abstractmethod
    def write(self, out: IO[bytes], files: Files, destination: int) -> None:
        """Write the rows of files like this one that have one destination, this one's first.

        Raises:
            ClaimsError: a file cannot be read again, or has changed since it was read.
            OutputError: the rows cannot be written.
        """


def chosen_rows(runs: Sequence[Run], destination: int) -> pl.Series:
    """The numbers, from 0, of the rows for one destination."""
    lengths = pl.Series([run.rows for run in runs], dtype=pl.UInt32)
    is_chosen = pl.Series([run.destination == destination for run in runs], dtype=pl.Boolean)
    mask = pl.select(pl.lit(is_chosen).repeat_by(pl.lit(lengths)).explode()).to_series()
    return mask.arg_true().cast(pl.UInt32)


def key_cells(
    opened: OpenedFile, names: Sequence[str], types: dict[str, pl.DataType] | None = None
) -> list[pl.Expr]:
    """Canonical columns of a file, as far as it has them, as the lines that were checked have them.

    Args:
        opened: the file.
        names: the canonical columns.
        types: the columns' types, where they are not text.
    """
    headers, types = opened.headers.columns, types or {}
    return [
        _key(headers[name], columns.BY_NAME[name], types.get(headers[name], pl.String()))
        for name in names
        if name in headers
    ]


def _key(header: str, column: columns.Column, dtype: pl.DataType) -> pl.Expr:
    cell = source_cell(header, column, dtype)
    if column.kind is not columns.Kind.CODE:
        return cell
    read = partial(plain_codes, column.name)
    return cell.map_batches(read, return_dtype=pl.String, is_elementwise=True)
