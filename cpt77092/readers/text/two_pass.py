"""Large text files of which few rows are kept: first which rows, then the cells of those.

A scan makes a text of every cell of every row before it drops the row. Here the first pass makes
only the cells that decide, and the second one text for each line, of which the kept ones are then
read as a file of their own. Both passes together take less time than the scan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.readers.memory import Room
from cpt77092.readers.scan import INDEX
from cpt77092.readers.text.encoding import size_of

if TYPE_CHECKING:
    from cpt77092.readers.line_plan import LinePlan
    from cpt77092.readers.text.csv import CsvFile

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
NO_SEPARATOR = "\x15"
"""Read as the separator, it leaves each line one cell."""
_IS_KEPT, _IS_SHORT, _IS_ODD = "is kept", "is short", "is odd"


@frozen
class RowsOfLines:
    """The rows of a file in which each row is one line."""

    kept: pl.DataFrame
    total: int
    short: pl.Series
    """Numbers of rows with too few separators."""


@frozen
class TwoPass:
    """How the kept rows of a text file are read in two passes."""

    file: CsvFile
    plan: LinePlan

    def is_faster(self) -> bool:
        """Whether two passes are faster than a scan, and enough."""
        file, plan = self.file, self.plan
        return (
            size_of(file.data) >= LEAST_BYTES
            and not file.source.compression
            and plan.is_row_a_line
            and (file.sample().select(plan.keep.mean()).item() or 0) <= MOST_KEPT
        )

    def read(self, room: Room) -> RowsOfLines | None:
        """The rows that a scan would give; None where only a scan will do.

        It will where a quote is in a line, since only a scan of all cells knows whether it encloses
        one; where a row is not one line; and where more rows are kept than the sample showed.

        Raises:
            ClaimsError: memory does not hold the rows.
            PolarsError: the file is damaged; a scan says how.
        """
        file, last = self.file, self.file.last_cell()
        first_lines = file.lines_below_header().head(LINES_SEARCHED)
        if first_lines.filter(_has_quote()).collect(engine="streaming").height:
            return None
        marked_rows = file.scan_rows().select(
            file.keep(self.plan).alias(_IS_KEPT),
            last.is_null().alias(_IS_SHORT),
            last.str.ends_with(NO_SEPARATOR).fill_null(value=False).alias(_IS_ODD),
        )
        marks = marked_rows.collect(engine="streaming")
        share = marks[_IS_KEPT].sum() / max(marks.height, 1)
        if share > 2 * MOST_KEPT or share * size_of(file.data) > MOST_BYTES:
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
        may_be_short, lacks_separators = self.file.shortness()
        text = pl.when(is_kept).then(pl.col(TEXT) + self.file.dialect.end_of_line)
        return (
            # Polars refuses to put frames of unlike heights side by side.
            pl.concat([self.file.lines_below_header(), marks.lazy()], how="horizontal")
            .with_columns((is_odd | _has_quote()).fill_null(value=False))
            .filter(is_marked)
            .with_columns(pl.col(TEXT).fill_null(""))
            .with_columns(is_odd | pl.col(MORE).is_not_null(), is_short & may_be_short)
            .filter(is_marked)
            .with_columns(
                is_odd | pl.col(TEXT).str.contains("\r|^\ufeff"), is_short & lacks_separators
            )
            .filter(is_marked)
            # A new text for each, since a part of another keeps all of that in memory.
            .select(INDEX, _IS_KEPT, _IS_SHORT, _IS_ODD, text.alias(TEXT))
        )

    def _cells_of(self, lines: pl.DataFrame) -> pl.DataFrame:
        """The cells of some lines; it fails where these are not as many rows."""
        text = lines[TEXT].str.join("").item().encode()
        rows = self.file.scan_cells(text, skip=0).drop(INDEX)
        numbered = pl.concat([rows, lines.lazy().select(INDEX)], how="horizontal")
        return self.file.cells(numbered, self.plan).collect(engine="streaming")


def _has_quote() -> pl.Expr:
    return pl.col(TEXT).str.contains('"', literal=True)
