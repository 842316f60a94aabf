"""Why a run must not end as if everything had been checked."""

from __future__ import annotations

from collections.abc import Iterator

from cpt77092.findings.totals import Totals
from cpt77092.text import count


def unchecked_rows(totals: Totals, *, allow_rejects: bool = False) -> Iterator[str]:
    """The files and rows that were not checked, a clause for each kind of them.

    Args:
        totals: of the run.
        allow_rejects: rows that could not be read, or have no readable code, are no reason.
    """
    tally = totals.tally
    rejected = 0 if allow_rejects else tally.rejected + totals.history_rejected
    if totals.unreadable_files:
        yield f"{count(totals.unreadable_files, 'file')} could not be read"
    if rejected:
        yield f"{count(rejected, 'row')} could not be read"
    if totals.doubtful_files:
        yield f"{count(totals.doubtful_files, 'file')} read with --lenient may be incomplete"
    if tally.rows == tally.no_code + tally.not_data:
        yield "no row has a procedure code"
    if not allow_rejects:
        yield from without_code(totals)


def without_code(totals: Totals) -> Iterator[str]:
    """The claim rows without a readable code, of a batch that has others, and of its history."""
    tally = totals.tally
    if tally.no_code and tally.rows > tally.no_code + tally.not_data:
        yield f"{count(tally.no_code, 'claim row')} without a readable procedure code"
    if totals.history_no_code:
        rows = f"{count(totals.history_no_code, 'claim row')} of the history"
        yield f"{rows} without a readable procedure code"


def unchecked_columns(totals: Totals) -> Iterator[str]:
    """The columns without which lines were not checked, or headers that only somebody can name."""
    return (gap.lack or gap.reason for gap in totals.gaps if gap.exits_2)
