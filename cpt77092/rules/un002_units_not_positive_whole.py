"""Units not a whole number above zero.

Why: each of these codes is one complete service. A line with zero or fractional units is rejected.
Basis: the units are CMS-1500 box 24G and 837P SV104 (X12 005010X222A1).
Clear: a whole number above zero; UN001 checks for too many.
Not checked: no units column; blank or unreadable (IN001) units.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The units are zero, negative or fractional."""
    units = pl.col("service_unit_quantity")
    return (units <= 0) | (units % 1 != 0)


RULE = Rule(
    doc=__doc__ or "",
    code="UN002",
    name="units-not-positive-whole",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Units are {service_unit_quantity}; they must be a whole number above zero.",
    remedies=(Remedy(text="Enter the number of services the chart shows."),),
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
