"""Where the header of a table is, and a name for each of its columns."""

from __future__ import annotations

from collections.abc import Sequence

from cpt77092.claims.headers import compact, names_column

MOST_TITLES = 40
"""How many filled rows of a report's title may precede the header."""


def find_header(rows: Sequence[Sequence[str]], named: Sequence[str]) -> int:
    """The row of a table of cells that is its header: the first with most headers we know.

    Args:
        rows: the first rows, of which one has text.
        named: headers that the user named.
    """
    wanted = frozenset(map(compact, named))
    filled = [n for n, row in enumerate(rows) if any(cell.strip() for cell in row)][:MOST_TITLES]
    known = {n: count_known(rows[n], wanted) for n in filled}
    best = max(filled, key=lambda n: known[n])
    return best if known[best] > 1 else filled[0]


def count_known(headers: Sequence[str], named: frozenset[str]) -> int:
    """How many different headers of a row name a column, or are those that the user named."""
    by_text = {compact(header): header for header in headers}
    return sum(text in named or names_column(header) for text, header in by_text.items())


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
