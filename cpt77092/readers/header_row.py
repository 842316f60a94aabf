"""Where the header of a table is, and a name for each of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from cpt77092.claims.columns import COLUMNS
from cpt77092.claims.headers import columns_named, compact, names_column

MOST_TITLES = 200
"""How many filled rows of a report's title may precede the header."""

_LEAST_KNOWN = 3
"""Known headers in a row that is one."""


def find_header(rows: Sequence[Sequence[str]], named: Sequence[str]) -> int:
    """The row of a table of cells that is its header: the first in which most cells name columns.

    Of several such rows without a row between them, as where columns stand in named groups, it is
    the one with most headers that we know, or the last of those. Where there is none, the first
    with most headers that we know. The parameters of a report, each behind its name, are no header.

    Args:
        rows: the first rows, of which one has text.
        named: headers that the user named.
    """
    wanted = frozenset(map(compact, named))
    filled = [n for n, row in enumerate(rows) if any(cell.strip() for cell in row)][:MOST_TITLES]
    first = next((n for n in filled if is_header_row(rows[n], wanted)), None)
    if first is not None:
        return first + fullest_header(rows[first:], wanted)
    known = {n: count_known(rows[n], wanted) for n in filled}
    best = max(filled, key=lambda n: known[n])
    return best if known[best] > 1 else filled[0]


def titles_note(lines: int) -> tuple[str, ...]:
    """What is said of filled lines above the header: nothing of them is checked."""
    return (f"lines left out above the header: {lines:,}",) if lines else ()


def count_known(headers: Sequence[str], named: frozenset[str]) -> int:
    """How many different headers of a row name a column, or are those that the user named."""
    by_text = {compact(header): header for header in headers}
    return sum(text in named or names_column(header) for text, header in by_text.items())


def is_header_row(cells: Sequence[str], named: frozenset[str] = frozenset()) -> bool:
    """Whether a row of a table is a header: most of its filled cells name columns."""
    filled = [cell for cell in cells if cell.strip()]
    known = count_known(filled, named)
    return known >= _LEAST_KNOWN and known * 2 > len(filled)


def fullest_header(rows: Iterable[Sequence[str]], named: frozenset[str]) -> int:
    """Which of the header rows with which a table begins names most columns, the last of those.

    The same row again is not data.
    """
    together = [tuple(row) for row in takewhile(lambda row: is_header_row(row, named), rows)]
    ranked = {row: (count_known(row, named), n) for n, row in reversed([*enumerate(together)])}
    return max(ranked.values(), default=(0, 0))[1]


def is_claims_header(cells: Sequence[str]) -> bool:
    """Whether a row of a table is the header of claim lines, with all that a line must have."""
    named = frozenset[str]().union(*map(columns_named, cells))
    return is_header_row(cells) and named.issuperset(c.name for c in COLUMNS if c.required)


def unique_names(headers: Sequence[str]) -> dict[str, str]:
    """A name of its own for each header, since two columns of a frame cannot share one.

    Returns:
        Name to header.
    """
    names: dict[str, str] = {}
    for number, header in enumerate(headers, start=1):
        name = header or f"column {number}"
        copy = 2
        while name in names:
            name, copy = f"{header or 'column'} ({copy})", copy + 1
        names[name] = header
    return names
