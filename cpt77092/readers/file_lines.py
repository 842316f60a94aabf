"""The lines in scope of a file as they are written, in memory or, where it is short, on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.readers.claim_diagnoses import with_claim_diagnoses, without_diagnoses
from cpt77092.readers.date_orders import Shown, shown_by_lines, together

Written = Callable[[pl.DataFrame], tuple[pl.DataFrame, dict[str, int]]]
"""From kept rows to the lines in scope among them, and how many cells of a column lost digits."""
Typed = Callable[[pl.DataFrame, int], pl.DataFrame]
"""The lines of a file, by its number, in their types."""


def write(frame: pl.DataFrame, file: Path) -> None:
    """Write a frame to a temporary file that is read as a whole."""
    frame.write_parquet(file, compression="lz4", statistics=False)


@dataclass(slots=True)
class FileLines:
    """Takes the lines of one file in pieces, and keeps what is asked of all of them."""

    number: int
    """Of the file in its batch."""
    needed: frozenset[str]
    """Canonical columns that will be read."""
    written: Written
    folder: Path | None = None
    """Where the pieces go; None for memory."""
    pieces: dict[int, pl.DataFrame | Path] = field(default_factory=dict)
    height: int = 0
    shown: Shown = field(default_factory=dict)
    """What the lines show of the order of month and day."""
    without: list[pl.Series] = field(default_factory=list)
    """Claim numbers of lines without a diagnosis."""
    cut_cells: Counter[str] = field(default_factory=Counter)
    """How many cells of a column lost digits."""

    def start(self) -> None:
        """Forget what was taken: the file is read from its first row."""
        for piece in self.pieces.values():
            if isinstance(piece, Path):
                piece.unlink()
        self.pieces, self.height, self.shown = {}, 0, {}
        self.without.clear()
        self.cut_cells.clear()

    def take(self, number: int, lines: pl.DataFrame) -> None:
        """Take the lines in scope of a piece, as `classify` gives them."""
        lines, cut_cells = self.written(lines)
        self.height += lines.height
        self.shown = together([self.shown, shown_by_lines(lines, self.needed)])
        self.without.append(without_diagnoses(lines).unique())
        self.cut_cells.update(cut_cells)
        if self.folder is None:
            self.pieces[number] = lines
        else:
            file = self.folder / f"read-{self.number}-{number}.parquet"
            write(lines, file)
            self.pieces[number] = file

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """The lines in their order."""
        for number in sorted(self.pieces):
            piece = self.pieces[number]
            yield pl.read_parquet(piece) if isinstance(piece, Path) else piece

    def taken_away(self) -> Iterator[pl.DataFrame]:
        """The same, and each piece is let go of."""
        for number in sorted(self.pieces):
            piece = self.pieces.pop(number)
            if isinstance(piece, Path):
                yield pl.read_parquet(piece)
                piece.unlink()
            else:
                yield piece


@frozen(eq=False)
class LinesOnDisk:
    """The lines of a batch on disk, in the order of files and rows."""

    files: Sequence[FileLines]
    typed: Typed

    @property
    def height(self) -> int:
        """How many there are."""
        return sum(file.height for file in self.files)

    def taken_away(self) -> Iterator[pl.DataFrame]:
        """The lines in pieces, in their types; each piece is let go of."""
        for file in self.files:
            for lines in file.taken_away():
                yield self.typed(lines, file.number)

    def columns(self, names: Iterable[str]) -> Iterator[pl.DataFrame]:
        """Columns of the lines in pieces, as they are written, of which a file may lack some."""
        wanted = list(names)
        for file in self.files:
            for piece in file:
                yield piece.select(name for name in wanted if name in piece.columns)


def with_given(lines: pl.DataFrame, given: pl.DataFrame | None) -> pl.DataFrame:
    """Lines with the diagnoses that other rows of their claims give; None where none are read."""
    return lines if given is None else with_claim_diagnoses(lines, given)
