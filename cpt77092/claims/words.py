"""Codes that stand in their cell with a name or another mark: `11 - Office`, `OFFICE (11)`, `11.0`.

A code is read only where the cell can mean no other one; any other cell stays as it is, for the
rules to judge.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from cpt77092.claims.columns import DIAGNOSES, MODIFIERS
from cpt77092.reference.codes import assigned_places, known_modifiers

NPIS = ("rendering_npi", "billing_npi", "ordering_npi")
WHOLE_NUMBER = r"^([0-9]+)\.0+$"
"""`11.0`, as a table with a gap in a number column is written."""
_CELL = pl.col("cell")
_DIAGNOSIS = r"(?i)^[A-Z][0-9][0-9A-Z]\.?[0-9A-Z]{1,4}$"
_BESIDE_A_CODE = r"[^0-9A-Za-z.]|^[0-9]+\.|^0"
"""What stands in no cell that holds a code alone; 07 is written for 7."""
BETWEEN_MODIFIERS = r"[\s,;:^|/+-]"
"""What may stand between the modifiers of a cell that holds several."""
_CATEGORY = "(?i)^[A-Z][0-9][0-9A-Z]$"


@cache
def known_modifiers_alone() -> str:
    """A cell of known modifiers without anything between them; without a digit it may be TECH."""
    return f"^(?i:{'|'.join(sorted(known_modifiers()))})+$"


def may_hold_more(cells: pl.Series) -> pl.Series:
    """Which cells may hold more than a code, whatever their column."""
    return cells.str.contains(_BESIDE_A_CODE)


def code_texts(name: str, cells: pl.Series) -> pl.Series:
    """The codes of the cells of a code column.

    Args:
        name: of the canonical column; codes of procedures are read in `readers.code_cells`.
        cells: different cells without marks (`plain_texts`).
    """
    if not may_hold_more(cells).any():
        return cells
    if name in DIAGNOSES:
        code = _beside_words(_diagnosis())  # 733.0 is one of ICD-9, and no whole number
    else:
        code = pl.coalesce(_CELL.str.extract(WHOLE_NUMBER), *_others(name))
    return cells.to_frame("cell").select(pl.coalesce(code, _CELL)).to_series()


def _others(name: str) -> tuple[pl.Expr, ...]:
    """How else a column's codes may be written, besides the code alone and as a whole number."""
    if name in MODIFIERS:
        return (_beside_words(_modifier()),)
    if name in NPIS:
        return (_only_number("{10}"),)
    if name == "place_of_service_code":
        return (_beside_words(_place()),)
    if name == "claim_frequency_code":
        return (_beside_words(_only_number("")), _CELL.str.extract("^0([1-9])$"))
    if name == "patient_sex":
        return (_CELL.str.extract(r"(?i)^([MF12])[^0-9A-Z]+[A-Z]+$"),)
    return ()


def _beside_words(code: pl.Expr) -> pl.Expr:
    return pl.when(_CELL.str.contains(r"\b\p{Alphabetic}{3}")).then(code)


def _only_number(times: str) -> pl.Expr:
    """The only number of the cell, of so many digits."""
    return _CELL.str.extract(rf"^[^0-9]*\b([0-9]{times})\b[^0-9]*$")


def _place() -> pl.Expr:
    place = _only_number("{2}")
    return pl.when(place.is_in(sorted(assigned_places()))).then(place)


def _modifier() -> pl.Expr:
    """The only modifier among the words; a second one, or another number, is not passed over."""
    known = sorted(known_modifiers())
    pairs = _CELL.str.extract_all(r"\b[0-9A-Z]{2}\b")
    modifiers = pairs.list.eval(pl.element().filter(pl.element().is_in(known)))
    modifier = modifiers.list.first()
    is_only_number = _CELL.str.count_matches("[0-9]") == modifier.str.count_matches("[0-9]")
    return pl.when((modifiers.list.len() == 1) & is_only_number).then(modifier)


def _diagnosis() -> pl.Expr:
    """The only diagnosis among the words; one of three characters only where it is first."""
    token = pl.element()
    tokens = _CELL.str.extract_all(r"[0-9A-Za-z.]+").list.eval(token.str.strip_chars_end("."))
    codes = tokens.list.eval(token.filter(token.str.contains(_DIAGNOSIS)))
    first = tokens.list.first()
    is_category = first.str.contains(_CATEGORY)
    count = codes.list.len()
    only = pl.when((count == 1) & ~is_category).then(codes.list.first())
    return pl.coalesce(only, pl.when((count == 0) & is_category).then(first))
