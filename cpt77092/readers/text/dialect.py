"""How a text file is laid out: separator, line ends and header, read off its first megabyte."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice

from cpt77092.claims.headers import compact
from cpt77092.errors import ClaimsError
from cpt77092.frozen import frozen
from cpt77092.readers.header_row import (
    MOST_TITLES,
    count_known,
    fullest_header,
    is_header_row,
    unique_names,
)
from cpt77092.readers.scan import MATCHED_ROWS
from cpt77092.readers.text.encoding import HEAD_BYTES, UTF8
from cpt77092.readers.text.separators import SEPARATORS

LONGEST_HEADER = 200
MOST_COLUMNS = 5_000
_GAP = re.compile(r"\S {2,}(?=\S)|\S (?=-{3,})")
_LEAST_GAPS = 3
"""Runs of blanks in a line of a report of fixed width."""
_LONE_CR = re.compile(r"\r(?!\n)")


@frozen(kw_only=True)
class Dialect:
    """How a text file is laid out, read off its first megabyte."""

    separator: str
    end_of_line: str
    headers: Mapping[str, str]
    """A name for each column, and the header as it is written; two may be written alike."""
    lead: int = 0
    """Lines before the header, blank or of a report's title."""
    titles: int = 0
    """How many of them are not blank."""
    careful: str = ""
    """Why only reading row by row will do, or nothing."""
    has_blank_tails: bool = False
    """Some row's last cell is blank, so a row that is cut short may look like it."""

    @property
    def width(self) -> int:
        """How many fields a row must have: blank headers at the end may be bare separators."""
        return max((n for n, header in enumerate(self.headers.values(), 1) if header), default=1)


def first_cells(text: str, dialect: Dialect) -> dict[str, list[str]]:
    """The cells of each column in the first rows, as far as they can be read."""
    lines = text.replace("\0", "").splitlines()[dialect.lead : dialect.lead + MATCHED_ROWS]
    rows: list[list[str]] = []
    with suppress(csv.Error):  # a field longer than Python's reader takes
        rows.extend(csv.reader(lines, delimiter=dialect.separator, skipinitialspace=True))
    return {
        name: [row[at] for row in rows[1:] if at < len(row)]
        for at, name in enumerate(dialect.headers)
    }


def sniff(head: bytes, path: str, *, encoding: str = UTF8, named: Sequence[str] = ()) -> Dialect:
    """Read separator, line ends and headers off the start of a file.

    Args:
        head: its first megabyte, decompressed.
        path: its name, for messages.
        encoding: what the bytes are in.
        named: headers that the user named.

    Raises:
        ClaimsError: nothing in it, or not a text file of claims.
    """
    text = head.decode(encoding, "replace").removeprefix("\ufeff")
    has_nuls = "\0" in text
    text = text.replace("\0", "")
    # A lone CR ends lines in files from old Macs and some mainframes; the scan would take such a
    # file for one long header and find no rows.
    end_of_line = "\r" if "\r" in text and "\n" not in text else "\n"
    # Where the head is cut off, it may be cut between CR and LF.
    seen = text.removesuffix("\r") if len(head) >= HEAD_BYTES else text
    is_mixed = end_of_line == "\n" and _LONE_CR.search(seen) is not None
    lines = _LONE_CR.sub("\n", text).split("\n") if "\r" in text else text.split("\n")
    if not any(line.strip() for line in lines):
        raise ClaimsError(f"{path}: the file is empty; expected a header row and claim lines")
    lead, separator = _find_header(lines, frozenset(map(compact, named)))
    headers = _record(lines, lead, separator)
    if len(headers) < _LEAST_GAPS:
        _refuse_fixed_width(lines, lead, path)
    if len(headers) > MOST_COLUMNS:
        raise ClaimsError(
            f"{path}:{lead + 1}: a row of {len(headers):,} columns, and a table of claims has "
            f"{MOST_COLUMNS:,} at most; is it another kind of file?"
        )
    if not headers or any(len(header) > LONGEST_HEADER for header in headers):
        raise ClaimsError(
            f"{path}:{lead + 1}: the header row cannot be read; is a quote left open in it?"
        )
    titles = [line for line in lines[:lead] if line.strip()]
    reasons = {
        "holds NUL bytes": has_nuls,
        "its lines end in CR, LF or both": is_mixed,
    }
    careful = [reason for reason, holds in reasons.items() if holds]
    tails = (separator + mark + end for mark in ("", "\r") for end in (end_of_line,))
    return Dialect(
        separator=separator,
        end_of_line=end_of_line,
        headers=unique_names(headers),
        lead=lead,
        titles=len(titles),
        careful="; ".join(careful),
        # Where the head is cut off, it may be cut right behind a separator.
        has_blank_tails=any(tail in text for tail in tails)
        or (len(head) < HEAD_BYTES and text.endswith(separator)),
    )


def _find_header(lines: Sequence[str], named: frozenset[str]) -> tuple[int, str]:
    """The line of the header and its separator, as `header_row.find_header` chooses."""
    filled = [n for n, line in enumerate(lines[: MOST_TITLES * 2]) if line.strip()][:MOST_TITLES]
    filled = filled or [next(n for n, line in enumerate(lines) if line.strip())]
    best = (0, 0, 0)
    first = filled[0]
    for number in filled:
        fit = max(_fit(lines, number, mark, named) for mark in SEPARATORS)
        mark = SEPARATORS[-fit[2]]
        if is_header_row(_record(lines, number, mark), named):
            below = (_record(lines, at, mark) for at in range(number, len(lines)))
            return number + fullest_header(below, named), mark
        if number == first or fit[0] > max(best[0], 1):
            first, best = number, fit
    return first, SEPARATORS[-best[2]]


def _fit(
    lines: Sequence[str], number: int, mark: str, named: frozenset[str]
) -> tuple[int, int, int]:
    """How well a line reads as headers: those we know, how many fields, the first separator."""
    place = -SEPARATORS.index(mark)
    if mark not in lines[number] and mark != SEPARATORS[0]:
        return 0, 0, place
    headers = _record(lines, number, mark)
    return count_known(headers, named), len(headers), place


def _refuse_fixed_width(lines: Sequence[str], lead: int, path: str) -> None:
    """Refuse a report whose columns are separated by blanks.

    Raises:
        ClaimsError: it is one.
    """
    rows = [line for line in lines[lead : lead + 20] if line.strip()]
    gaps = sum(len(_GAP.findall(line.strip())) >= _LEAST_GAPS for line in rows)
    if rows and gaps * 2 >= len(rows):
        raise ClaimsError(
            f"{path}: a report in columns of fixed width, which scrub does not read; export the "
            f"claims as CSV, .xlsx or Parquet"
        )


def _record(lines: Sequence[str], number: int, separator: str) -> list[str]:
    """The record that begins on a line; nothing if it is damaged or swallows rows."""
    following = (f"{line}\n" for line in islice(lines, number, number + 50))
    reader = csv.reader(following, delimiter=separator, strict=True, skipinitialspace=True)
    try:
        record = next(reader, [])
    except csv.Error:  # a quote that nothing closes, or text behind one that does
        return []
    if any("\n" in field and separator in field for field in record):
        return []
    return [field.strip() for field in record]
