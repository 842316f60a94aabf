"""Ordering NPI invalid.

Why: an invalid NPI identifies no provider, and the line is denied as if it were blank.
Basis: CMS's NPI standard: ten digits, the first 1 or 2, the last a check digit; CMS-1500 box 17b,
837P loops 2310A and 2420E.
Clear: a well-formed NPI, or a blank cell (ID003 where the payer requires one).
Not checked: no ordering NPI column.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The ordering NPI is filled and has a problem."""
    return (pl.col("ordering_npi") != "") & (pl.col("ordering_npi_problem") != "")


RULE = Rule(
    doc=__doc__ or "",
    code="ID004",
    name="ordering-npi-invalid",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Ordering NPI {ordering_npi_problem}.",
    remedies=(Remedy(text="Enter the ordering provider's NPI as listed in NPPES."),),
    source=Source(
        title="CMS NPI standard",
        at="format and check digit; quoted by others",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="N265",
    since="0.2.0",
)
