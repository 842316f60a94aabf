"""The claims of an 837P: cut out whole, under envelopes whose counts and levels are made right.

A segment of a claim is copied byte for byte, and so is every loop around it that still has a claim.
What is counted changes with what is cut out: SE01, GE01 and IEA01, and, in a transaction set that
lost a level, HL01, HL02 and HL04. Control numbers stay, in a header and in its trailer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

import polars as pl

from cpt77092.errors import ClaimsError, OutputError
from cpt77092.file_state import changed
from cpt77092.readers.copying.claim_cut import ClaimCut
from cpt77092.readers.copying.rows import (
    SIZE,
    UNIT,
    Files,
    RowSource,
    Run,
    chosen_rows,
)
from cpt77092.readers.excel_damage import restore_numbers
from cpt77092.readers.failures import POLARS_FAILURES
from cpt77092.readers.text.encoding import plain_bytes
from cpt77092.readers.x12 import X12File
from cpt77092.readers.x12.claim_lines import claim_keys
from cpt77092.readers.x12.envelope import PROFESSIONAL, Transactions
from cpt77092.readers.x12.interchange import bare_interchanges
from cpt77092.readers.x12.raw_segments import raw_segments
from cpt77092.readers.x12.segments import read_segments


@dataclass(slots=True)
class ClaimRows(RowSource):
    """The service lines of an 837P, which go with their claims.

    Interchanges follow each other in one file, each with its own delimiters.
    """

    opened: X12File
    format = "837P"
    _units: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.UInt32))
    """The claim of each line, known once the blocks are read."""

    def blocks(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """All service lines, as `RowSource.blocks` gives them, with a `size` of 0.

        Raises:
            ClaimsError: the file has changed since it was read.
            OutputError: its counts are off, or a service line is outside a claim.
        """
        units = [self._units.clear()]
        read = Transactions(PROFESSIONAL, self.opened.path, self._data(), read_segments)
        try:
            for segments in read:
                block = claim_keys(segments, names)
                if read.faults or block[UNIT].null_count():
                    raise self._damaged()
                units.append(block[UNIT])
                if block.height:
                    yield restore_numbers(block.with_columns(pl.lit(0).alias(SIZE)))[0]
        except (ClaimsError, *POLARS_FAILURES):
            raise changed(self.opened.path) from None
        if read.faults:
            raise self._damaged()
        self._units = pl.concat(units)

    def write(self, out: IO[bytes], files: Files, destination: int) -> None:
        """Write the claims for one destination; nothing where there are none.

        Raises:
            ClaimsError: a file has changed since it was read.
        """
        for source, runs in files:
            if isinstance(source, ClaimRows):
                out.writelines(source._chosen(runs, destination))

    def _chosen(self, runs: Sequence[Run], destination: int) -> Iterator[bytes]:
        kept = frozenset(self._units.gather(chosen_rows(runs, destination)).to_list())
        cut = ClaimCut(
            claims=frozenset(self._units.to_list()),
            kept=kept,
            # What has no claims here goes with the first part.
            keeps_others=destination == 0,
        )
        segments = raw_segments(self._data(), self.opened.path)
        for segment in cut.cut(segments):
            yield segment.data

    def _data(self) -> bytes:
        opened = self.opened
        return bare_interchanges(plain_bytes(opened.path, opened.data))

    def _damaged(self) -> OutputError:
        return OutputError(
            f"{self.opened.path}: an interchange with wrong counts or loops out of place is not "
            f"split; get the file again"
        )
