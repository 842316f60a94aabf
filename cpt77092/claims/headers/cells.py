"""What the cells of a column look like: the second witness to what its header says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import polars as pl

from cpt77092.claims.marks import plain_texts
from cpt77092.claims.words import BETWEEN_MODIFIERS, known_modifiers_alone
from cpt77092.reference.codes import assigned_places

MOST_CELLS = 40
"""How many filled cells of a column are looked at."""
_ERROR = re.compile(r"#[A-Z0-9/_]+[!?]?$")
_DATE = re.compile(
    r"(?:\d{4}[-/.]?\d{1,2}[-/.]?\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{8}"
    r"|\d{1,2}[- ]?[A-Za-z]{3,9}[- ,]*\d{2,4}|[A-Za-z]{3,9}\.? \d{1,2},? \d{4})"
    r"(?:[T ][\d:.]+.*)?$"
)
_MONEY = re.compile(r"[-(]?\s*\$?\s*-?(?:\d[\d,]*\.?\d*|\.\d+)\s*\)?$")
_HCPCS = re.compile(
    r"(?:(?:HCPCS|HC|CPT)\W*)?(?:\d{4}[0-9AFTMU]|[A-V]\d{4})(?:\.0)?(?:\W*[A-Z0-9]{2})*$",
    re.IGNORECASE,
)
_GAP, _MODIFIER = BETWEEN_MODIFIERS, "[A-Z0-9]{2}"
_MODIFIERS = re.compile(rf"{_GAP}*(?:{_MODIFIER}(?:{_GAP}+{_MODIFIER})*{_GAP}*)?$", re.IGNORECASE)
_DIAGNOSIS = re.compile(r"[A-Z]\d[A-Z0-9](?:\.?[A-Z0-9]{1,4})?(?![A-Z0-9])", re.IGNORECASE)
_ICD_9 = re.compile(r"\d{3}\.\d{1,2}$")
_POINTER = re.compile(r"(?:(?:1[0-2]|[1-9]|[A-La-l])[\s,;:|/]*){1,12}$")
_SEX = re.compile(r"(?:f|m|u|x|o|female|male|unknown|other|[0129])$", re.IGNORECASE)
_NPI = re.compile(r"(?<!\d)([12]\d{9})(?:\.0)?(?!\d)")
_LINE_OF_BUSINESS = re.compile(
    r"\b(?:medicare|mcr|medicaid|mcd|medi-?cal|ma|mapd|d?snp|chip|advantage|adv|replacement|medigap"
    r"|supp\w*|comm?|comml|commercial|exchange|marketplace|managed|gov\w*|self|cash|auto|mva|liability"
    r"|work(?:ers|mans)?\W{0,2}comp\w*|wc|tricare|champ(?:us|va)|va|veterans)\b",
    re.IGNORECASE,
)
_PLAN = re.compile(
    r"\b(?:ppo|hmo|epo|pos|hdhp|hsa|oap|plan|health\w*|ins|insurance|group|network|access|choice|select"
    r"|plus|gold|silver|bronze|platinum|care|blue|indemnity|option\w*|premier|preferred|complete|medical"
    r"|bcbs\w*|aetna|cigna|humana|uhc|united\w*|anthem|kaiser)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?<!\d)\d{1,2}(?!\d)")


def agree(kind: str, filled: Sequence[str]) -> bool | None:
    """Whether cells look like what a header says they are.

    Args:
        kind: a name in `KINDS`; any cells will do for another.
        filled: cells of the column as `filled_cells` gives them.

    Returns:
        None where nothing is known: no filled cell, or as many for it as against it.
    """
    looks = KINDS.get(kind)
    if looks is None or not filled:
        return None
    fitting = sum(1 for cell in filled if looks(cell))
    if not fitting and kind in _MAY_BE_WRONG and any(map(str.isdigit, "".join(filled))):
        return None
    return None if 0 < fitting < len(filled) / 2 else fitting > 0


def never_is(kind: str, filled: Sequence[str]) -> bool:
    """Whether cells are not even wrong ones of a kind: names where numbers go, flags as diagnoses.

    One cell alone may be a slip.

    Args:
        kind: a name in `KINDS`.
        filled: as of `agree`.
    """
    is_other = _OTHERS.get(kind)
    return is_other is not None and len(filled) > 1 and all(map(is_other, filled))


def filled_cells(
    columns: Sequence[Sequence[str]], *, most: int | None = MOST_CELLS
) -> Iterator[tuple[str, ...]]:
    """The first cells of each column that hold something, without marks.

    An error of a workbook says nothing.
    """
    every = pl.Series([cell for cells in columns for cell in cells], dtype=pl.String)
    plain = iter(plain_texts(every).to_list())
    for cells in columns:
        own = islice(plain, len(cells))
        filled = [cell for cell in own if cell and not _ERROR.match(cell)]
        yield tuple(filled[:most])


def _is_place(cell: str) -> bool:
    match = _PLACE.search(cell)
    return match is not None and match[0].zfill(2) in assigned_places()


def _is_modifiers(cell: str) -> bool:
    if _MODIFIERS.match(cell):
        return True
    return not cell.isalpha() and re.match(known_modifiers_alone(), cell) is not None


def _is_words(cell: str) -> bool:
    return sum(map(str.isalpha, cell)) > 2


_MAY_BE_WRONG = frozenset({"place", "whole number"})
"""Kinds whose wrong cells are for a rule to report, unless they are words and no numbers."""
_FLAG = re.compile(r"[a-z01]|yes|no|true|false", re.IGNORECASE)
_OTHERS: dict[str, Callable[[str], object]] = {
    "number": lambda cell: _is_words(cell) or re.match(r"\d{5}", cell),  # that of a record
    "diagnoses": _FLAG.fullmatch,
}
"""What a cell of a kind never is, not even by mistake."""
KINDS: dict[str, Callable[[str], object]] = {
    "whole number": re.compile(r"\d{1,6}(?:\.0*)?$").match,
    "words": _is_words,
    "line of business": _LINE_OF_BUSINESS.search,
    "plan": lambda cell: _LINE_OF_BUSINESS.search(cell) or _PLAN.search(cell),
    "id": re.compile(r"[A-Za-z0-9_-]{1,15}$").match,
    "date": _DATE.match,
    "place": _is_place,
    "hcpcs": _HCPCS.match,
    "modifiers": _is_modifiers,
    "number": _MONEY.match,
    "money": _MONEY.match,
    "charge": lambda cell: _MONEY.match(cell) and not set(cell) & set("-("),
    "diagnoses": lambda cell: _DIAGNOSIS.match(cell) or _ICD_9.match(cell),
    "pointer": _POINTER.match,
    "npi": _NPI.search,  # a wrong check digit is for a rule to report
    "sex": _SEX.match,
}
"""What a cell of each kind looks like."""
