"""Columns of a numbered set that no header names, or one that is not believed, and cells show."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from cpt77092.claims.headers.choice import MEMBERS, Choice
from cpt77092.claims.headers.question import Question
from cpt77092.claims.headers.words import vocabulary

_NAMELESS = re.compile(r"\s*|column \d+|unnamed(?: ?: ?\d+)?(?:_level_\d+)?", re.IGNORECASE)
"""A column without a header: blank, or as programs write it."""


def unnamed(unused: Sequence[str], choice: Choice, settled: Collection[str]) -> Iterator[Question]:
    """What to ask of columns that may be of a set although their headers do not say so.

    Args:
        unused: headers that no column is read from.
        choice: what is chosen for the headers of the file.
        settled: columns that are read, or known to be absent.
    """
    yield from _siblings(unused, choice, settled)
    yield from _doubted_modifier(unused, choice, settled)


def _siblings(
    unused: Sequence[str], choice: Choice, settled: Collection[str]
) -> Iterator[Question]:
    """What to ask where cells of a set may be lost, as one of its columns has no header.

    A column before one that is read, such as the first modifier; and columns right of one, where
    a spreadsheet had one header over several cells.
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


def _doubted_modifier(
    unused: Sequence[str], choice: Choice, settled: Collection[str]
) -> Iterator[Question]:
    """What to ask where all modifiers that are read are blank and another column holds some.

    Its header has a word that rules a column out (`Statistical Modifier`), which may be wrong.
    """
    cells, members = choice.cells or {}, MEMBERS["modifiers"]
    read = [choice.columns[column] for column in members if column in choice.columns]
    if any(cell.strip() for header in read for cell in cells.get(header, ())):
        return
    free = [column for column in members if column not in settled]
    for header in unused:
        words = choice.words[header].known
        is_doubted = "modifier" in words and words & vocabulary().never
        if free and is_doubted and header not in choice.taken and choice.holds("modifiers", header):
            reason = f"{header!r} looks like a modifier column and is not used"
            yield Question(free.pop(0), (header,), reason)


def _right_of(read: Collection[str], silent: Collection[str], choice: Choice) -> Iterator[str]:
    """Columns without a header right of one that is read, or of another such."""
    is_right = False
    for name, header in choice.written.items():
        is_right = name in read or (is_right and bool(_NAMELESS.fullmatch(header)))
        if is_right and name in silent:
            yield name


def _plain(column: str) -> str:
    return column.removeprefix("hcpcs_").replace("_", " ")
