"""Units zero, negative or fractional.

Why: each of these codes stands for whole services; a line with none, or with part of one, is
rejected before anyone prices it.
Basis: claim form box 24G and 837P SV104 carry the units of the line; X12 005010X222A1.
Clear: a whole number above zero; how many are too many is UN001's question.
Not checked: no units column; units that are blank, or cannot be read (IN001 speaks of those).
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The number is zero or less, or has a fraction."""
    units = pl.col("service_unit_quantity")
    return (units <= 0) | (units % 1 != 0)


RULE = Rule(
    doc=__doc__ or "",
    code="UN002",
    name="units-not-positive-whole",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="The unit count is {service_unit_quantity}; a line needs a whole number above zero.",
    remedies=(Remedy(text="Enter the number of services that the record shows."),),
    source=Source(
        title="837P guide 005010X222A1",
        at="SV104; CMS-1500 box 24G",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="M53",
    since="0.1.0",
)
