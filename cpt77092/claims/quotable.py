"""Which cells a message may quote: those that look like what their column is for.

Anything else may name a person, as a shifted column does. File, row and column say where it stands,
and `--show-phi` shows it.

What names a line in a report is the claim's own, whatever it looks like: its file, row, claim
number, line number, and payer have columns of their own, and billers find the claim by them. In the
sentence of a message a claim number needs a digit, and a payer is none that looks like a person:
`LAST, FIRST`, `Ms. ...`, or the number of a person. A name of one word is not known from a payer's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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
    "claim_id": r"^(?:[0-9A-Za-z]{1,2}|[0-9A-Za-z._/#:*-]*[0-9][0-9A-Za-z._/#:*-]*|[0-9 ]+)$",
    # Two characters of other scripts may be a whole name.
    **dict.fromkeys(MODIFIERS, "^(?:[!-~]{1,2}|[0-9]{3}|[0-9A-Za-z][^0-9A-Za-z][0-9A-Za-z])$"),
    **dict.fromkeys(DIAGNOSES, r"^[A-Za-z]{0,2}[0-9][0-9A-Za-z]{0,2}\.*[0-9A-Za-z]{0,4}$"),
}


_PERSONAL = (
    r"^\s*(?:[0-9]{3}-[0-9]{2}-[0-9]{4}|\(?[0-9]{3}\)?[-. ][0-9]{3}[-. ][0-9]{4}"
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}|[0-9]{4}-[0-9]{2}-[0-9]{2})\s*$"
)
"""A social security number, a telephone number, a date: none is a claim's or payer's."""
_PERSON = re.compile(
    rf"(?i){_PERSONAL}|^\s*(?:mr|mrs|ms|miss)\b"
    r"|^\s*[^\W\d_](?:[^\W\d_]|['-])+,\s*[^\W\d_]+(?:\s+\w\.?)?\s*$"
)
_COMPANY = re.compile(r"(?i),\s*(?:co|corp|inc|llc|llp|lp|ltd|na|pa|pc|plc)\.?\s*$")
_REVEALED: ContextVar[bool] = ContextVar("cells_revealed", default=False)


@contextmanager
def cells_revealed(*, is_wanted: bool) -> Iterator[None]:
    """Let messages that are made meanwhile quote every cell, as `--show-phi` asks for.

    The texts of a run are made in many places, some of them in threads that share its context.
    """
    before = _REVEALED.set(is_wanted)
    try:
        yield
    finally:
        _REVEALED.reset(before)


def shown_payer(name: str) -> str:
    """The name of a payer as a message gives it; `NOT_SHOWN` where it looks like a person."""
    is_person = _PERSON.search(name) and not _COMPANY.search(name)
    return NOT_SHOWN if is_person and not _REVEALED.get() else name


def shown(name: str, text: pl.Expr, mark: str = "") -> pl.Expr:
    """The text of a cell as a message gives it, between marks; `NOT_SHOWN` where it may be private.

    Args:
        name: of the canonical column.
        text: null and a blank stay as they are; of a column without a form nothing is held back.
        mark: what stands before and after the text, such as a quotation mark.
    """
    text = text.cast(pl.String)
    quoted = pl.format(f"{mark}{{}}{mark}", text)
    column = BY_NAME.get(name)
    form = _OF_COLUMN.get(name) or (_OF_KIND.get(column.kind) if column else None)
    if form is None or _REVEALED.get():
        return quoted
    has_form = text.str.contains(form) | (text == "")
    if name == "claim_id":
        has_form &= ~text.str.contains(_PERSONAL)
    return pl.when(has_form | text.is_null()).then(quoted).otherwise(pl.lit(NOT_SHOWN))
