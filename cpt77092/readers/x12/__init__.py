"""X12 837P claim files (005010X222, and 004010X098), by one Polars pipeline over their segments.

Of the parsers on PyPI, pyx12 reads about 1.5 MB/s and openx12 about 2.6, segment by segment; this
reads several times that, and a test compares it with the segment reader of pyx12. The whole file is
read before any line is kept, since nothing in it can be trusted before its last count.

The `source_row` of a line is the number of its LX segment in the file, counted from 1, the first
ISA: `batch.837:1043` is segment 1043. In a file with one segment a line it is the line number.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from cpt77092.claims.headers import HeaderMatch, keep_for_other_files
from cpt77092.errors import ClaimsError, Problem, UsageError
from cpt77092.frozen import frozen
from cpt77092.readers.failures import native_errors_silenced, reading
from cpt77092.readers.kept import KeptRows
from cpt77092.readers.scan import OpenedFile, Options, Rows, Scan, Selection
from cpt77092.readers.text.encoding import plain_bytes
from cpt77092.readers.x12.claim_lines import SOURCES, read_lines
from cpt77092.readers.x12.envelope import PROFESSIONAL, Fault, Transactions
from cpt77092.readers.x12.interchange import bare_interchanges
from cpt77092.readers.x12.segments import read_segments

__all__ = ["TOTALS_OFF", "X12File", "open_file"]

TOTALS_OFF = "CLM02 is not the sum of the line charges (SV102)"
"""Begins the note of a file with such claims."""
_FAULTS_SHOWN = 5


@frozen
class X12File(OpenedFile):
    """An X12 file that is not read yet; `names` say where its columns are, as it has no headers."""

    lenient: bool
    """Read past wrong counts and control numbers, and note them."""

    def read(self, selection: Selection) -> tuple[Scan, Rows]:
        """Read the service lines.

        Raises:
            ClaimsError: the file is cut off, is no 837P, has no service line, or (unless lenient)
                its counts are off.
        """
        every_line, totals_off = [], 0
        with reading(self.path), native_errors_silenced():
            data = bare_interchanges(plain_bytes(self.path, self.data))
            kept = KeptRows(selection, SOURCES["hcpcs_code"])
            transactions = Transactions(PROFESSIONAL, self.path, data, read_segments)
            for segments in transactions:
                lines, all_lines, off = read_lines(
                    segments,
                    needed=selection.needed,
                    scope=selection.scope,
                    of_history=selection.only is not None,
                )
                totals_off += off
                kept.take_all(lines.lazy())
                every_line.append(all_lines)
        if not self.lenient:
            transactions.require_right()
        every = pl.concat(every_line)
        if not every.height:
            raise ClaimsError(f"{self.path}: the file has no service line (SV1); nothing to check")
        off_note = (f"{TOTALS_OFF} on claims: {totals_off:,}",) if totals_off else ()
        scan = Scan(
            opened=self,
            codes=every.lazy().select("hcpcs_code"),
            days=every.lazy().select("person_id", "claim_line_start_date"),
            notes=(*transactions.notes, *off_note),
            faults=_shown(transactions.faults),
        )
        return scan, kept.sorted_rows(every.height)


def open_file(path: str, data: Path | bytes, options: Options) -> X12File:
    """Make an X12 file ready to be read.

    Raises:
        UsageError: `--map` names a header; an X12 file has none.
    """
    if options.overrides:
        column, header = next(iter(options.overrides.items()))
        raise UsageError(
            Problem(
                text=f"{path} is an X12 file, which has no headers to map",
                argument="columns",
                value=f"{column}={header}",
                advice=keep_for_other_files(column, header),
            )
        )
    headers = HeaderMatch(SOURCES, dict.fromkeys(SOURCES, "sure"), ())
    names = tuple(SOURCES.values())
    return X12File(path, data, "X12 837P", headers, names, (), options.lenient)


def _shown(faults: list[Fault]) -> tuple[str, ...]:
    """The first faults, and how many more there are."""
    shown = tuple(f"{fault.segment}: {fault.text}" for fault in faults[:_FAULTS_SHOWN])
    more = len(faults) - len(shown)
    if not more:
        return shown
    return (*shown, f"{faults[_FAULTS_SHOWN].segment}: and {more:,} more such faults")
