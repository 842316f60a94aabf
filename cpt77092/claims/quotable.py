"""Which cells a message may quote: those that look like what their column is for.

Anything else may name a person, as a shifted column does. File, row and column say where it stands.
"""

from __future__ import annotations

import polars as pl

from cpt77092.claims.columns import BY_NAME, DIAGNOSES, MODIFIERS, Kind

NOT_SHOWN = "(not shown)"
_CODE = "[0-9A-Z][0-9]{3}[0-9A-Z]"
# What the reader of 837Ps puts beside a value: (SV103 MJ), or in place of one: blank SV107.
_REMARK = r"(?: minutes)?(?: \(SV10[37](?: (?:blank|[0-9A-Z]{2}))?\))?"
_NUMBER = rf"^[-+(]?\$?[0-9][0-9.,]{{0,11}}(?:[eE][-+]?[0-9]{{1,3}})?\)?{_REMARK}$"
_OF_KIND = {
    Kind.DATE: r"^(?:[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{2,4}|[0-9]{4}(?:[-/. ]?[0-9]{1,2}){2})$",
    Kind.NUMBER: _NUMBER,
    Kind.MONEY: _NUMBER,
    Kind.INTEGER: _NUMBER,
}
_POINTED = "[0-9A-La-l]{1,4}"
_OF_COLUMN = {
    "hcpcs_code": rf"^{_CODE}(?:[^0-9A-Z]{{1,3}}(?:[0-9A-Z]{{1,3}}|{_CODE})){{0,4}}$",
    "place_of_service_code": "^[0-9]{1,3}$",
    "claim_frequency_code": "^[0-9A-Za-z]$",
    "diagnosis_pointer": rf"^(?:blank SV107|{_POINTED}(?:[ ,:;|]+{_POINTED})*[ ,:;|]*{_REMARK})$",
    **dict.fromkeys(MODIFIERS, "^(?:.{1,2}|[0-9]{3}|[0-9A-Za-z][^0-9A-Za-z][0-9A-Za-z])$"),
    **dict.fromkeys(DIAGNOSES, r"^[A-Za-z]{0,2}[0-9][0-9A-Za-z]{0,2}\.*[0-9A-Za-z]{0,4}$"),
}


def shown(name: str, text: pl.Expr, mark: str = "") -> pl.Expr:
    """The text of a cell as a message gives it, between marks; `NOT_SHOWN` where it may be private.

    Args:
        name: of the canonical column.
        text: null stays null, and of a column without a form of its own nothing is held back.
        mark: what stands before and after the text, such as a quotation mark.
    """
    text = text.cast(pl.String)
    quoted = pl.format(f"{mark}{{}}{mark}", text)
    column = BY_NAME.get(name)
    form = _OF_COLUMN.get(name) or (_OF_KIND.get(column.kind) if column else None)
    if form is None:
        return quoted
    return (
        pl.when(text.str.contains(form) | text.is_null()).then(quoted).otherwise(pl.lit(NOT_SHOWN))
    )
