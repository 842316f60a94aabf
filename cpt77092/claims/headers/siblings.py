"""Columns of a numbered set that their cells show, though no header names them or is believed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import zip_longest

import polars as pl

from cpt77092.claims.columns import MODIFIERS
from cpt77092.claims.headers.cells import agree, filled_cells
from cpt77092.claims.headers.choice import MEMBERS, Cells, Choice
from cpt77092.claims.headers.grammar import lookalike
from cpt77092.claims.headers.question import Question
from cpt77092.claims.headers.words import Words, vocabulary
from cpt77092.claims.marks import plain_texts
from cpt77092.claims.words import BETWEEN_MODIFIERS
from cpt77092.frozen import frozen
from cpt77092.reference.codes import known_modifiers

_NAMELESS = re.compile(r"\s*|column \d+|unnamed(?: ?: ?\d+)?(?:_level_\d+)?", re.IGNORECASE)
"""A column without a header: blank, or as programs write it."""
_OF_TEXT = frozenset({"comment", "memo", "note", "qualifier", "remark", "suffix", "text"})
"""Words of headers below which a bare 26 is no other number."""
_COMPONENTS = frozenset({"26", "TC"})
_BETWEEN = re.compile(rf"(?:\.0)?(?:{BETWEEN_MODIFIERS}+|$)")
"""What stands between several modifiers of a cell, and `.0` behind them."""


@frozen
class SilentColumns:
    """Unused columns whose headers do not rule out that they hold modifiers."""

    words: Mapping[str, Words] = field(default_factory=dict)
    """Header to what it says."""
    free: tuple[str, ...] = ()
    """Columns of modifiers that are read from no header."""

    def questions(self, cells: Cells, own: Sequence[str]) -> Iterator[Question]:
        """What to ask where the columns hold modifiers.

        Args:
            cells: of each column, row by row.
            own: the modifiers that are read of each row. Where any row has some, a header that
                says something else is believed, and what a row has already is not asked for.
        """
        free = iter(self.free)
        filled = filled_cells([cells.get(header, ()) for header in self.words], most=None)
        for (header, words), codes in zip(self.words.items(), filled, strict=True):
            is_doubted = "modifier" in words.known and words.known & vocabulary().never
            if is_doubted and not any(own) and agree("modifiers", codes) is True:
                reason = f"{header!r} looks like a modifier column and is not used"
            elif (
                _holds_components(codes, words.known)
                and not (any(own) and words.known - _OF_TEXT)
                and _has_others(cells[header], own)
            ):
                reason = f"{header!r} holds 26 or TC and is not used"
            else:
                continue
            column = next(free, None)
            if column is not None:
                yield Question(column, (header,), reason)

    def undecided(self, cells: Cells, asked: Collection[Question]) -> SilentColumns:
        """Those that nobody asks about and whose first cells are blank or modifiers."""
        named = {header for question in asked for header in question.headers}
        taken = {question.column for question in asked}
        filled = filled_cells([cells.get(header, ()) for header in self.words])
        words = {
            header: words
            for (header, words), codes in zip(self.words.items(), filled, strict=True)
            if header in cells and header not in named and codes_of(codes) <= known_modifiers()
        }
        return SilentColumns(words, tuple(column for column in self.free if column not in taken))


def unnamed(
    unused: Sequence[str],
    choice: Choice,
    read: Mapping[str, Sequence[str | None]],
    absent: Collection[str],
) -> tuple[tuple[Question, ...], SilentColumns]:
    """What to ask of columns that may be of a set although their headers do not say so.

    Args:
        unused: headers that no column is read from.
        choice: what is chosen for the headers of the file.
        read: each column to the headers that it is read from.
        absent: columns that are known to be absent.

    Returns:
        These questions after those of the choice, and the columns that only more rows can tell.
    """
    settled, cells = {*read, *absent}, choice.cells or {}
    siblings = list(_siblings(unused, choice, settled))
    asked = {header for question in siblings for header in question.headers}
    settled |= {question.column for question in siblings}
    silent = SilentColumns(
        {
            header: choice.words[header]
            for header in unused
            if header not in asked
            and header not in choice.taken
            and not lookalike(choice.words[header], settled)  # asked for as such
        },
        tuple(column for column in MODIFIERS if column not in settled),
    )
    modifiers = [header for column in MODIFIERS for header in read.get(column, ()) if header]
    read_cells = [cells.get(header, ()) for header in modifiers]
    own = [" ".join(row).strip() for row in zip_longest(*read_cells, fillvalue="")]
    rest = tuple(silent.questions(cells, own))
    return (*choice.questions, *siblings, *rest), silent.undecided(cells, rest)


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


def codes_of(filled: Sequence[str]) -> frozenset[str]:
    """The codes in cells that may hold several."""
    return frozenset(code for cell in filled for code in _BETWEEN.split(cell.upper()) if code)


def _holds_components(filled: Sequence[str], words: Collection[str]) -> bool:
    """Whether cells are nothing but known modifiers, 26 or TC among them.

    Without letters they may be another number, which a header may say (`Age`).
    """
    codes = codes_of(filled)
    if not codes & _COMPONENTS or not codes <= known_modifiers():
        return False
    of_numbers = vocabulary().never - _OF_TEXT
    return not "".join(codes).isdecimal() or not of_numbers.intersection(words)


def _has_others(cells: Sequence[str], own: Sequence[str]) -> bool:
    """Whether some row has 26 or TC here and not among the modifiers that are read of it."""
    texts = plain_texts(pl.Series([*cells, *own], dtype=pl.String)).to_list()
    rows = zip_longest(texts[: len(cells)], texts[len(cells) :], fillvalue="")
    return any(codes_of([cell]) & _COMPONENTS - codes_of([read]) for cell, read in rows)


def _right_of(read: Collection[str], silent: Collection[str], choice: Choice) -> Iterator[str]:
    """Columns without a header right of one that is read, or of another such."""
    is_right = False
    for name, header in choice.written.items():
        is_right = name in read or (is_right and bool(_NAMELESS.fullmatch(header)))
        if is_right and name in silent:
            yield name


def _plain(column: str) -> str:
    return column.removeprefix("hcpcs_").replace("_", " ")
