"""Kept rows of a file, as they come bit by bit: what each is, and where lines in scope go.

They stay in memory, or go where the selection sends them: then what memory holds does not follow
the lines of a file, but for subtotals, which are known once all rows are.
"""

from __future__ import annotations

import polars as pl

from cpt77092.readers.classify import ROW_KIND, classify, with_codes_read, with_row_kinds
from cpt77092.readers.memory import ROW_BYTES, each_batch
from cpt77092.readers.scan import Rows, Selection
from cpt77092.readers.subtotals import added_cells, sums

LEAST, MOST = 50_000, 500_000
"""Kept rows that are sorted out together where they do not stay in memory."""


class KeptRows:
    """Takes the kept rows of a file in order."""

    def __init__(self, selection: Selection, header: str) -> None:
        """Take the rows of a file whose procedure code has this header."""
        self._selection, self._header = selection, header
        self._room = room = selection.room
        self._piece = MOST if room.bytes_free is None else room.bytes_free // (4 * ROW_BYTES)
        self._piece = max(LEAST, min(self._piece, MOST))
        self._waiting: list[pl.DataFrame] = []
        self._held = 0
        self._rest: list[pl.DataFrame] = []
        self._added: list[pl.DataFrame] = []
        self._undecided: dict[int, pl.DataFrame] = {}
        self._lines = 0
        if selection.spill is not None:
            selection.spill.start()

    def take_all(self, kept: pl.LazyFrame) -> None:
        """Take the rows of a plan.

        Raises:
            ClaimsError: memory does not hold them.
        """
        only = self._selection.only
        kept = kept if only is None else only(kept)
        each_batch(kept, self.take)
        if not self._waiting and not self._added:
            self.take(pl.DataFrame(schema=kept.collect_schema()))

    def take(self, rows: pl.DataFrame) -> None:
        """Take some more rows.

        Raises:
            ClaimsError: memory does not hold them.
        """
        self._waiting.append(rows)
        self._held += rows.height
        if self._selection.spill is None:
            self._room = self._room.with_more(rows)
        elif self._held >= self._piece:
            self._sort_out()

    def sorted_rows(self, total: int, set_aside: int = 0) -> Rows:
        """The rows of the file, once all were taken.

        Args:
            total: as of `Rows`.
            set_aside: as of `Rows`.
        """
        if self._selection.spill is None:
            kept = pl.concat(self._waiting)
            self._waiting.clear()
            return Rows(classify(kept, self._selection.scope, self._header), total, set_aside)
        if self._held or not self._added:
            self._sort_out()
        self._decide()
        return Rows(pl.concat(self._rest), total, set_aside, lines_elsewhere=self._lines)

    def _sort_out(self) -> None:
        """Say what the rows that wait are, but where subtotals may be among them."""
        rows = pl.concat(self._waiting)
        self._waiting.clear()
        self._held = 0
        read = with_codes_read(rows, self._selection.scope, self._header)
        self._added.append(added_cells(read))
        if self._added[-1]["is_bare"].any():
            self._undecided[len(self._added) - 1] = read
            self._room = self._room.with_more(read)
        else:
            self._hand_over(len(self._added) - 1, with_row_kinds(read, None))

    def _decide(self) -> None:
        if not self._undecided:
            return
        is_sum = sums(pl.concat(self._added))
        ends = [0]
        for cells in self._added:
            ends.append(ends[-1] + cells.height)
        for number, read in self._undecided.items():
            own = None if is_sum is None else is_sum.slice(ends[number], read.height)
            self._hand_over(number, with_row_kinds(read, own))

    def _hand_over(self, number: int, sorted_out: pl.DataFrame) -> None:
        is_line = sorted_out[ROW_KIND] == "in scope"
        rest = sorted_out.filter(~is_line)
        self._rest.append(rest)
        self._room = self._room.with_more(rest)
        lines = sorted_out.filter(is_line)
        self._lines += lines.height
        if self._selection.spill is not None:
            self._selection.spill.take(number, lines)
