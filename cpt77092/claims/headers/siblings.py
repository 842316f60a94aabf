"""Columns of a numbered set that their cells show, though no header names them or is believed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from cpt77092.claims.columns import MODIFIERS
from cpt77092.claims.headers.cells import agree, filled_cells
from cpt77092.claims.headers.choice import MEMBERS, Choice
from cpt77092.claims.headers.grammar import lookalike
from cpt77092.claims.headers.question import Question
from cpt77092.claims.headers.words import vocabulary
from cpt77092.reference.codes import known_modifiers

_NAMELESS = re.compile(r"\s*|column \d+|unnamed(?: ?: ?\d+)?(?:_level_\d+)?", re.IGNORECASE)
"""A column without a header: blank, or as programs write it."""
_BETWEEN = re.compile(r"[\s,;:|/+-]+")
"""What stands between several modifiers of a cell."""


def unnamed(
    unused: Sequence[str],
    choice: Choice,
    read: Mapping[str, Sequence[str | None]],
    absent: Collection[str],
) -> Iterator[Question]:
    """What to ask of columns that may be of a set although their headers do not say so.

    Args:
        unused: headers that no column is read from.
        choice: what is chosen for the headers of the file.
        read: each column to the headers that it is read from.
        absent: columns that are known to be absent.
    """
    settled = {*read, *absent}
    asked = list(_siblings(unused, choice, settled))
    yield from asked
    rest = [header for header in unused if all(header not in one.headers for one in asked)]
    modifiers = [header for column in MODIFIERS for header in read.get(column, ()) if header]
    settled |= {question.column for question in asked}
    yield from _lost_modifiers(rest, choice, modifiers, settled)


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


def _lost_modifiers(
    unused: Sequence[str], choice: Choice, read: Collection[str], settled: Collection[str]
) -> Iterator[Question]:
    """What to ask where all modifiers that are read are blank and another column holds some."""
    cells = choice.cells or {}
    if any(cell.strip() for header in read for cell in cells.get(header, ())):
        return
    free = [column for column in MODIFIERS if column not in settled]
    rest = [header for header in unused if header not in choice.taken]
    for header, filled in zip(rest, filled_cells([cells.get(h, ()) for h in rest]), strict=True):
        if lookalike(choice.words[header], settled):  # asked for as such
            continue
        words = choice.words[header].known
        is_doubted = "modifier" in words and words & vocabulary().never
        if is_doubted and agree("modifiers", filled) is True:
            reason = f"{header!r} looks like a modifier column and is not used"
        elif _holds_components(filled, words):
            reason = f"{header!r} holds 26 or TC and no modifier column holds any"
        else:
            continue
        if free:
            yield Question(free.pop(0), (header,), reason)


def _holds_components(filled: Sequence[str], words: Collection[str]) -> bool:
    """Whether cells are nothing but known modifiers, 26 or TC among them.

    Without letters they may be another number, which a header may say (`Age`).
    """
    codes = {code for cell in filled for code in _BETWEEN.split(cell.upper())}
    if not codes & {"26", "TC"} or not codes <= known_modifiers():
        return False
    return not "".join(codes).isdecimal() or not vocabulary().never.intersection(words)


def _right_of(read: Collection[str], silent: Collection[str], choice: Choice) -> Iterator[str]:
    """Columns without a header right of one that is read, or of another such."""
    is_right = False
    for name, header in choice.written.items():
        is_right = name in read or (is_right and bool(_NAMELESS.fullmatch(header)))
        if is_right and name in silent:
            yield name


def _plain(column: str) -> str:
    return column.removeprefix("hcpcs_").replace("_", " ")
