"""Columns of a numbered set that no header names, though others of the set are read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from cpt77092.claims.headers.choice import MEMBERS, Choice
from cpt77092.claims.headers.question import Question

_NAMELESS = re.compile(r"\s*|column \d+|unnamed(?: ?: ?\d+)?(?:_level_\d+)?", re.IGNORECASE)
"""A column without a header: blank, or as programs write it."""


def siblings(unused: Sequence[str], choice: Choice, settled: Collection[str]) -> Iterator[Question]:
    """What to ask where cells of a set may be lost, as one of its columns has no header.

    A column before one that is read, such as the first modifier; and columns right of one, where
    a spreadsheet had one header over several cells.

    Args:
        unused: headers that no column is read from.
        choice: what is chosen for the headers of the file.
        settled: columns that are read, or known to be absent.
    """
    for concept, members in MEMBERS.items():
        read = {column: choice.columns[column] for column in members if column in choice.columns}
        if not read:
            continue
        silent = [h for h in unused if h not in choice.taken and not choice.words[h].known]
        silent = [header for header in silent if choice.holds(concept, header)]
        last = max(members.index(column) for column in read)
        before = [column for column in members[:last] if column not in settled]
        for column, header in zip(before, silent, strict=False):
            reason = f"no column for {_plain(column)} before {read[members[last]]!r}"
            yield Question(column, (header,), f"{reason}; {header!r} may be it")
        silent = silent[len(before) :]
        free = [column for column in members[last + 1 :] if column not in settled]
        for column, header in zip(free, _right_of(read.values(), silent, choice), strict=False):
            reason = f"{header!r} has no header and looks like {_plain(column)}"
            yield Question(column, (header,), reason)


def _right_of(read: Collection[str], silent: Collection[str], choice: Choice) -> Iterator[str]:
    """Columns without a header right of one that is read, or of another such."""
    is_right = False
    for name, header in choice.written.items():
        is_right = name in read or (is_right and bool(_NAMELESS.fullmatch(header)))
        if is_right and name in silent:
            yield name


def _plain(column: str) -> str:
    return column.removeprefix("hcpcs_").replace("_", " ")
