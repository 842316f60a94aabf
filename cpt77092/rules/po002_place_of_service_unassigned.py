"""Place of service blank, malformed or unassigned.

Why: the place decides who is paid for what; a line without one that exists is rejected.
Basis: the CMS place-of-service code set, as shipped with this program.
Clear: the cell holds a two-digit code that CMS assigns.
Not checked: no place column.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, FixKind, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The place, as it stands, is none that CMS assigns."""
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
    message=(
        "The place of service is {place_of_service_code}; "
        "it needs a two-digit code that CMS assigns."
    ),
    remedies=(
        # A spreadsheet cuts 01 to 1, but a hand may have cut 11: never changed without a look.
        Remedy(
            when=_is_one_digit,
            text=(
                "Write 0{place_of_service_code}, if the record agrees; "
                "it may also be a longer code cut short."
            ),
            kind=FixKind.UNSAFE,
        ),
        Remedy(text="Enter the place where the patient was examined."),
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
