"""Large text files of which few rows are kept: first which rows, then the cells of those.

A scan makes a text of every cell of every row before it drops the row. Here the first pass makes
only the cells that decide, and the second one text for each line, of which the kept ones are then
read as a file of their own. Both passes together take less time than the scan.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.readers.memory import Room
from cpt77092.readers.scan import INDEX

LEAST_BYTES = 1 << 25
"""Of a file that is read so; for a smaller one a scan is faster."""
MOST_KEPT = 0.1
"""Share of kept rows in the sample, up to which a file is read so."""
LINES_SEARCHED = 10_000
"""Lines that must be without a quote before all are looked through."""
MOST_BYTES = 1 << 28
"""Of kept lines, as far as the share of rows tells."""
PIECE = 1 << 18
"""Lines whose cells are read at a time."""
TEXT, MORE = "text", "more"
_IS_KEPT, _IS_SHORT, _IS_ODD = "is kept", "is short", "is odd"


@frozen
class RowsOfLines:
    """The rows of a file in which each row is one line."""

    kept: pl.DataFrame
    total: int
    short: pl.Series
    """Numbers of rows with too few separators."""


@frozen(kw_only=True)
class TwoPass:
    """How the kept rows of a text file are read in two passes."""

    rows: pl.LazyFrame
    """All rows of the file, by cells."""
    keep: pl.Expr
    """Which of them are kept; never null."""
    lacks_last_cell: pl.Expr
    """Rows without text in the last cell that a row must have; never null."""
    is_cut: pl.Expr
    """Rows that `lines` may lack the end of; never null."""
    lines: pl.LazyFrame
    """`text`: the same rows as they are, if each is one line; `more`: what was cut off it; and
    their numbers, `INDEX`."""
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
    """From rows with their number, `INDEX`, to the cells that are kept."""

    def read(self, room: Room) -> RowsOfLines | None:
        """The rows that a scan would give; None where only a scan will do.

        It will where a quote is in a line, since only a scan of all cells knows whether it encloses
        one; where a row is not one line; and where more rows are kept than the sample showed.

        Raises:
            ClaimsError: memory does not hold the rows.
            PolarsError: the file is damaged; a scan says how.
        """
        first_lines = self.lines.head(LINES_SEARCHED)
        if first_lines.filter(_has_quote()).collect(engine="streaming").height:
            return None
        marks = self.rows.select(
            self.keep.alias(_IS_KEPT),
            self.lacks_last_cell.alias(_IS_SHORT),
            self.is_cut.alias(_IS_ODD),
        ).collect(engine="streaming")
        share = marks[_IS_KEPT].sum() / max(marks.height, 1)
        if share > 2 * MOST_KEPT or share * self.size > MOST_BYTES:
            return None
        marked = room.collect(self._marked_lines(marks))
        if marked[_IS_ODD].any():
            return None
        kept = marked.filter(_IS_KEPT)
        frames = [
            self._cells_of(kept.slice(start, PIECE))
            for start in range(0, max(kept.height, 1), PIECE)
        ]
        short = marked.filter(_IS_SHORT)[INDEX]
        return RowsOfLines(pl.concat(frames), marks.height, short)

    def _marked_lines(self, marks: pl.DataFrame) -> pl.LazyFrame:
        """The lines that are kept, short or odd; each test drops lines before the next one."""
        is_kept, is_short, is_odd = map(pl.col, (_IS_KEPT, _IS_SHORT, _IS_ODD))
        is_marked = is_kept | is_short | is_odd
        text = pl.when(is_kept).then(pl.col(TEXT) + self.end_of_line)
        return (
            # Polars refuses to put frames of unlike heights side by side.
            pl.concat([self.lines, marks.lazy()], how="horizontal")
            .with_columns((is_odd | _has_quote()).fill_null(value=False))
            .filter(is_marked)
            .with_columns(pl.col(TEXT).fill_null(""))
            .with_columns(is_odd | pl.col(MORE).is_not_null(), is_short & self.may_be_short)
            .filter(is_marked)
            .with_columns(
                is_odd | pl.col(TEXT).str.contains("\r|^\ufeff"), is_short & self.is_short
            )
            .filter(is_marked)
            # A new text for each, since a part of another keeps all of that in memory.
            .select(INDEX, _IS_KEPT, _IS_SHORT, _IS_ODD, text.alias(TEXT))
        )

    def _cells_of(self, lines: pl.DataFrame) -> pl.DataFrame:
        """The cells of some lines; it fails where these are not as many rows."""
        rows = self.parse(lines[TEXT].str.join("").item().encode())
        numbered = pl.concat([rows, lines.lazy().select(INDEX)], how="horizontal")
        return self.cells(numbered).collect(engine="streaming")


def _has_quote() -> pl.Expr:
    return pl.col(TEXT).str.contains('"', literal=True)
