"""Cells of columns that no header names, which may be modifiers: seen on every line in scope.

The first rows say which columns (`claims.headers.SilentColumns`); modifiers may come later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from cpt77092.claims.columns import MODIFIERS
from cpt77092.claims.headers import Question, SilentColumns

UNREAD = "__unread"
"""The cells of such columns on a kept row, each behind the number of its column."""
_CELL, _NUMBER = "\x1f", "\x1e"
_NO_MODIFIER = f"{_NUMBER}[^{_CELL}]*[A-Za-z0-9]{{3}}[^{_CELL}]*"
_LONGEST = 14
"""Bytes of five modifiers in a cell; a longer cell is something else."""


def unread_cells(numbers: Mapping[str, int]) -> pl.Expr:
    """`UNREAD` of a row; the empty string where all these cells are blank.

    Args:
        numbers: each header to its place among those of `HeaderMatch.silent`.
    """
    cells = []
    for header, number in numbers.items():
        cell, before = pl.col(header).cast(pl.String), pl.lit(f"{_CELL}{number}{_NUMBER}")
        plain = cell.str.replace_all(f"[{_CELL}{_NUMBER}]", " ")
        text = pl.when(cell.str.len_bytes() > _LONGEST).then(pl.lit("?")).otherwise(plain)
        cells.append(pl.when(cell != "").then(before + text))
    return pl.concat_str(cells, ignore_nulls=True).alias(UNREAD)


@dataclass(slots=True)
class UnreadColumns:
    """What such columns hold on the lines in scope of a file, piece by piece."""

    rows: set[tuple[str, str]] = field(default_factory=set)
    """Different `UNREAD`, each with the modifiers that are read of its line."""

    @classmethod
    def together(cls, every: Iterable[UnreadColumns]) -> UnreadColumns:
        """What the columns hold on the lines of all pieces of one table."""
        return cls(set[tuple[str, str]]().union(*(one.rows for one in every)))

    def take(self, lines: pl.DataFrame) -> pl.DataFrame:
        """The lines without `UNREAD`, once its cells are noted."""
        if UNREAD not in lines.columns:
            return lines
        read = [pl.col(name).cast(pl.String) for name in MODIFIERS if name in lines.columns]
        own = pl.concat_str(read or pl.lit(""), separator=" ").str.strip_chars()
        rows = lines.select(UNREAD, own.alias("own")).unique()
        shorter = pl.col(UNREAD).str.replace_all(_NO_MODIFIER, f"{_NUMBER}?")
        self.rows.update(rows.select(shorter, "own").unique().iter_rows())
        return lines.drop(UNREAD)

    def questions(self, silent: SilentColumns) -> Iterator[Question]:
        """What to ask of the columns now that all rows are read."""
        rows = sorted(self.rows)
        cells = {header: [""] * len(rows) for header in silent.words}
        headers = list(cells)
        for at, (unread, _) in enumerate(rows):
            for cell in unread.split(_CELL)[1:]:
                number, _, text = cell.partition(_NUMBER)
                cells[headers[int(number)]][at] = text
        return silent.questions(cells, [own for _, own in rows])
