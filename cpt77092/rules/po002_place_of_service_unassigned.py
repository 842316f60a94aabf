"""Place of service blank, malformed or unassigned.

Why: the POS decides who is paid for what; a line without a valid one is rejected.
Basis: the CMS place-of-service code set that ships with this program.
Clear: the cell holds a two-digit code that CMS assigns.
Not checked: no POS column.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, FixKind, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The POS, as written, is not one that CMS assigns."""
    return ~pl.col("place_is_assigned")


def _is_one_digit() -> pl.Expr:
    return pl.col("place_of_service_code").cast(pl.String).str.contains(r"^\d$")


RULE = Rule(
    doc=__doc__ or "",
    code="PO002",
    name="place-of-service-unassigned",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="POS is {place_of_service_code}; it must be a two-digit code that CMS assigns.",
    remedies=(
        # A spreadsheet turns 01 into 1, but 1 may also be a mistyped 11, so a person must check.
        Remedy(
            when=_is_one_digit,
            text=(
                "Write 0{place_of_service_code} if the chart shows that POS; it may also be a "
                "longer code cut short."
            ),
            kind=FixKind.UNSAFE,
        ),
        Remedy(text="Enter the POS where the patient was seen."),
    ),
    source=Source(
        title="CMS place-of-service code set",
        at="data/places-of-service.txt; third-party copy",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="M77",
    since="0.1.0",
)
