"""The lines in scope of a file as they are written, in memory or, where it is short, on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.readers.claim_diagnoses import without_diagnoses
from cpt77092.readers.date_orders import Shown, shown_by_lines, together
from cpt77092.readers.pieces import NUMBER, Key, Piece, Placing, collect
from cpt77092.readers.scan import SOURCE
from cpt77092.readers.unread_columns import UnreadColumns
from cpt77092.text import gathered

Written = Callable[[pl.DataFrame], tuple[pl.DataFrame, dict[str, int]]]
"""From kept rows to the lines in scope among them, and how many cells of a column lost digits."""
Typed = Callable[[pl.DataFrame, frozenset[str]], pl.DataFrame]
"""Lines of files with the same columns, with these columns in their types."""
Columns = tuple[tuple[str, pl.DataType], ...]
"""Names of columns, and their types before cells are read."""
_TOGETHER = 50_000
"""Lines of several files that are read in their types at once."""


@dataclass(slots=True)
class FileLines:
    """Takes the lines of one file in pieces, and keeps what is asked of all of them."""

    number: int
    """Of the file in its batch."""
    needed: frozenset[str]
    """Canonical columns that will be read."""
    written: Written
    placing: Placing | None = None
    """How the lines go to disk; None for memory."""
    pieces: dict[int, pl.DataFrame | Piece] = field(default_factory=dict)
    for_outline: dict[Columns, pl.DataFrame] = field(default_factory=dict)
    """Of the pieces on disk that have the same columns, a few lines (`Placing.for_outline`)."""
    shown: Shown = field(default_factory=dict)
    """What the lines show of the order of month and day."""
    without: list[pl.Series] = field(default_factory=list)
    """Claim numbers of lines without a diagnosis."""
    cut_cells: Counter[str] = field(default_factory=Counter)
    """How many cells of a column lost digits."""
    unread: UnreadColumns = field(default_factory=UnreadColumns)
    """What columns hold that no header names."""

    @property
    def height(self) -> int:
        """How many lines there are."""
        return sum(piece.height for piece in self.pieces.values())

    @property
    def on_disk(self) -> dict[int, Piece]:
        """The pieces that are on disk, in their order."""
        ordered = sorted(self.pieces.items())
        return {number: piece for number, piece in ordered if isinstance(piece, Piece)}

    def start(self) -> None:
        """Forget what was taken: the file is read from its first row."""
        for piece in self.on_disk.values():
            piece.file.unlink()
        self.pieces, self.for_outline, self.shown = {}, {}, {}
        self.without.clear()
        self.unread = UnreadColumns()
        self.cut_cells.clear()

    def take(self, number: int, lines: pl.DataFrame) -> None:
        """Take the lines in scope of a piece, as `classify` gives them."""
        lines, cut_cells = self.written(lines)
        lines = self.unread.take(lines)
        self.shown = together([self.shown, shown_by_lines(lines, self.needed)])
        self.without.append(without_diagnoses(lines).unique())
        self.cut_cells.update(cut_cells)
        if self.placing is None:
            self.pieces[number] = lines
            return
        columns, for_outline = tuple(lines.schema.items()), self.placing.for_outline
        known = [self.for_outline[columns]] if columns in self.for_outline else []
        self.for_outline[columns] = for_outline(pl.concat([*known, for_outline(lines)]))
        file = self.placing.folder / f"lines-{self.number}-{number}.arrow"
        self.pieces[number] = Piece.of(lines.with_row_index(NUMBER), self.placing.key, file)

    def place_anew(self, key: Key) -> None:
        """Put the lines on disk in the order of another key."""
        for number, piece in self.on_disk.items():
            self.pieces[number] = piece.in_order_of(key)

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """The lines in pieces; in their order where they are in memory."""
        for _, piece in sorted(self.pieces.items()):
            yield piece.lines().collect() if isinstance(piece, Piece) else piece

    def of_keys(self, keys: range, names: Sequence[str] | None) -> Iterator[pl.DataFrame]:
        """Lines on disk of some keys with their `NUMBER`, those with the same columns together."""
        plans: list[pl.LazyFrame] = []
        first, wanted = 0, None if names is None else [NUMBER, *names]
        for piece in self.on_disk.values():
            number = pl.col(NUMBER).cast(pl.Int64) + first
            plans.append(piece.lines(wanted, keys).with_columns(number))
            first += piece.height
        for lines in _alike(collect(plans)):
            yield lines.sort(NUMBER)


def together_typed(
    every: Iterable[pl.DataFrame], typed: Callable[[pl.DataFrame], pl.DataFrame]
) -> Iterator[pl.DataFrame]:
    """Lines of files in their types and in their order.

    Those of short files with the same columns get them at once: each frame takes a hundred queries.
    """
    for some in _some_at_once(every):
        lines, *others = [typed(alike) for alike in _alike(some)]
        if others:
            lines = pl.concat([lines, *others], how="diagonal").sort(SOURCE, maintain_order=True)
        yield lines


def _some_at_once(every: Iterable[pl.DataFrame]) -> Iterator[list[pl.DataFrame]]:
    some, height = list[pl.DataFrame](), 0
    for lines in every:
        if some and height + lines.height > _TOGETHER:
            yield some
            some, height = [], 0
        some.append(lines)
        height += lines.height
    if some:
        yield some


def _alike(frames: Iterable[pl.DataFrame]) -> list[pl.DataFrame]:
    """Frames with the same columns as one."""
    alike = gathered((tuple(frame.schema.items()), frame) for frame in frames)
    return [pl.concat(every) for every in alike.values()]


@frozen(eq=False)
class LinesOnDisk:
    """The lines of a batch on disk, or those of its files in memory."""

    files: Sequence[FileLines]
    needed: frozenset[str]
    typed: Typed
    given: pl.DataFrame | None = None
    """Diagnoses that lines have from other rows of their claims."""

    @property
    def height(self) -> int:
        """How many there are."""
        return sum(file.height for file in self.files)

    def every(self) -> Iterator[pl.DataFrame]:
        """All lines in their types, in the order of files and rows; they are in memory."""
        every = (lines for file in self.files for lines in file)
        return together_typed(every, lambda lines: self.typed(lines, self.needed))

    def for_outline(self) -> Iterator[pl.DataFrame]:
        """A few lines on disk in their types, which have every cell of all of them."""
        for file in self.files:
            for lines in file.for_outline.values():
                yield self.typed(lines, self.needed)

    def of_keys(
        self, keys: range, number: str, names: frozenset[str] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Lines on disk of some keys in their types, in any order.

        Args:
            keys: of the lines.
            number: the column that their numbers go to.
            names: the columns to read; None for all that are needed.
        """
        first = 0
        for file in self.files:
            for lines in file.of_keys(keys, None if names is None else sorted(names)):
                numbered = lines.with_columns(pl.col(NUMBER) + first).rename({NUMBER: number})
                yield self.typed(numbered, self.needed if names is None else names)
            first += file.height

    def columns(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Columns of the lines in pieces, as they are written, of which a file may lack some."""
        for file in self.files:
            for piece in file.on_disk.values():
                yield piece.lines(names).collect()
