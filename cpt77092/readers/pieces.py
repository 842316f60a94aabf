"""Pieces of a file's lines on disk, in the order of a key: those of some keys are read alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import polars as pl

from cpt77092.frozen import frozen

KEYS = 2**14
"""Keys are below this number."""
NUMBER = "line_in_file"
"""The number of a line among those of its piece, or once read among those of its file."""
_KEY = "line_key"
_LINES_OF_A_BLOCK = 4_096
"""Lines that are read together, be they asked for or not."""
_TOGETHER = 8
"""Pieces that are read at once."""

Key = Callable[[pl.DataFrame], pl.Series]
"""For each line, as it is written, a number below `KEYS`."""


def write(frame: pl.DataFrame, file: Path) -> None:
    """Write a frame to a temporary file that is read as a whole."""
    frame.write_parquet(file, compression="lz4", statistics=False)


@frozen
class Placing:
    """How lines go to disk."""

    folder: Path
    key: Key
    for_outline: Callable[[pl.DataFrame], pl.DataFrame]
    """A few lines that have, column by column, every cell of some lines."""


@frozen(eq=False)
class Piece:
    """Some lines of a file on disk."""

    file: Path
    columns: tuple[str, ...]
    ends: pl.Series
    """How many lines have a key up to this one, for each key."""

    @property
    def height(self) -> int:
        """How many lines there are."""
        return int(self.ends[-1])

    @classmethod
    def of(cls, lines: pl.DataFrame, key: Key, file: Path) -> Piece:
        """Write some lines, which have their `NUMBER`."""
        keyed = lines.with_columns(key(lines).alias(_KEY)).sort(_KEY, maintain_order=True)
        every = pl.Series(range(KEYS), dtype=keyed.schema[_KEY])
        ends = pl.Series(keyed[_KEY].search_sorted(every, side="right"))
        keyed.drop(_KEY).write_ipc(file, compression="lz4", record_batch_size=_LINES_OF_A_BLOCK)
        return cls(file, tuple(lines.columns), ends)

    def in_order_of(self, key: Key) -> Piece:
        """The same lines in the order of another key, in place of these."""
        lines = self.lines().collect()
        anew = Piece.of(lines, key, self.file.with_suffix(f".new{self.file.suffix}"))
        self.file.unlink()
        return anew

    def lines(self, names: Iterable[str] | None = None, keys: range = range(KEYS)) -> pl.LazyFrame:
        """The lines of some keys, which are one after the other.

        Args:
            names: the columns to read, of which the lines may lack some; None for all.
            keys: of the lines.
        """
        first, end = (int(self.ends[key - 1]) if key else 0 for key in (keys.start, keys.stop))
        lines = pl.scan_ipc(self.file).slice(first, end - first)
        if names is None:
            return lines
        return lines.select(name for name in names if name in self.columns)


def collect(plans: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
    """What several pieces are read to, some of them at a time: Polars hangs on hundreds at once."""
    some = (plans[first : first + _TOGETHER] for first in range(0, len(plans), _TOGETHER))
    return [lines for plans_of_some in some for lines in pl.collect_all(plans_of_some)]
