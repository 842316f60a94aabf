"""Large text files of which few rows are kept: first which rows, then the cells of those.

A scan makes a text of every cell of every row before it drops the row. Here the first pass makes
those that decide, and the second one text of each line, of which the kept ones are then read as a
file of their own. Both passes together take less time than the one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from cpt77092.readers.classify import INDEX, POLARS_FAILURES, Gather, Rows

LEAST_BYTES = 1 << 25
"""Of a file that is read so; a smaller one is read at once sooner."""
MOST_KEPT = 0.1
"""Share of kept rows, of those looked at, up to which a file is read so."""
LOOKED_AT = 10_000
"""Lines that must have no quote before all are looked through."""
MOST_BYTES = 1 << 28
"""Of lines that are kept, as far as the share of rows tells."""
PIECE = 1 << 18
"""Lines whose cells are read at a time."""
LINE, MORE = "line", "more"
_IS_KEPT, _IS_SHORT, _IS_ODD = "is kept", "is short", "is odd"


@dataclass(frozen=True, slots=True)
class Sparse:
    """How the kept rows of a text file are read in two steps."""

    rows: pl.LazyFrame
    """All rows of the file, by cells."""
    keep: pl.Expr
    """Which of them are kept; never null."""
    lacks_tail: pl.Expr
    """Rows without text in the last cell that a row must have: blank, or missing; never null."""
    lines: pl.LazyFrame
    """`line`: the same rows as they stand, if each is one line; `more`: what was cut off it; and
    their numbers, `INDEX`."""
    is_cut: pl.Expr
    """Rows that `lines` may lack the end of; never null."""
    may_be_short: pl.Expr
    """Lines that may have too few separators; never null."""
    is_short: pl.Expr
    """Which of those do."""
    end_of_line: str
    size: int
    """Bytes of the file."""
    parse: Callable[[bytes], pl.LazyFrame]
    """Some lines by cells, as `rows` has them."""
    cells: Callable[[pl.LazyFrame], pl.LazyFrame]
    """From rows with their number, `INDEX`, to what the scan keeps."""

    def read(self, gather: Gather) -> Rows | None:
        """What a plain scan would give; None where only that will do.

        It does where a quote stands anywhere, since only a scan of all cells can say whether it
        stands about one; where a byte is no text; and where more rows are kept than it seemed.

        Args:
            gather: collects a plan, as long as there is room for its rows.
        """
        is_kept, is_short, is_odd = map(pl.col, (_IS_KEPT, _IS_SHORT, _IS_ODD))
        has_quote = pl.col(LINE).str.contains('"', literal=True)
        text = pl.when(is_kept).then(pl.col(LINE) + self.end_of_line)
        try:
            if self.lines.head(LOOKED_AT).filter(has_quote).collect(engine="streaming").height:
                return None
            mask = self.rows.select(
                self.keep.alias(_IS_KEPT),
                self.lacks_tail.alias(_IS_SHORT),
                self.is_cut.alias(_IS_ODD),
            ).collect(engine="streaming")
            share = mask[_IS_KEPT].sum() / max(mask.height, 1)
            if share > 2 * MOST_KEPT or share * self.size > MOST_BYTES:
                return None
            # Polars refuses to set frames of unlike heights side by side.
            beside = pl.concat([self.lines, mask.lazy()], how="horizontal")
            found = gather(
                beside.with_columns((is_odd | has_quote).fill_null(value=False))
                .filter(is_kept | is_short | is_odd)
                .with_columns(pl.col(LINE).fill_null(""))
                .with_columns(is_odd | pl.col(MORE).is_not_null(), is_short & self.may_be_short)
                .filter(is_kept | is_short | is_odd)
                .with_columns(
                    is_odd | pl.col(LINE).str.contains("\r|^\ufeff"),
                    is_short & self.is_short,
                )
                .filter(is_kept | is_short | is_odd)
                # A new text for each, since a part of another keeps all of that in memory.
                .select(INDEX, _IS_KEPT, _IS_SHORT, _IS_ODD, text.alias(LINE))
            )
            if found[_IS_ODD].any():
                return None
            lines = found.filter(_IS_KEPT)
            pieces = [
                self._cells(lines.slice(start, PIECE))
                for start in range(0, max(lines.height, 1), PIECE)
            ]
        except POLARS_FAILURES:
            return None
        short = found.filter(_IS_SHORT)[INDEX]
        return Rows(pl.concat(pieces), mask.height, are_lines=True, short=short)

    def _cells(self, lines: pl.DataFrame) -> pl.DataFrame:
        """The cells of some lines; it fails where they are not as many rows."""
        rows = self.parse(lines[LINE].str.join("").item().encode())
        numbered = pl.concat([rows, lines.lazy().select(INDEX)], how="horizontal")
        return self.cells(numbered).collect(engine="streaming")
