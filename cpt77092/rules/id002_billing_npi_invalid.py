"""Billing NPI blank or invalid.

Why: a claim without a valid billing provider is rejected at intake.
Basis: CMS's NPI standard: ten digits, the first 1 or 2, the last a check digit; CMS-1500 box 33a,
837P loop 2010AA.
Clear: a well-formed NPI; whether it was issued, and to whom, is not tested.
Not checked: no billing NPI column.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The billing NPI has a problem."""
    return pl.col("billing_npi_problem") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="ID002",
    name="billing-npi-invalid",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Billing NPI {billing_npi_problem}.",
    remedies=(Remedy(text="Enter the billing provider's NPI as listed in NPPES."),),
    source=Source(
        title="CMS NPI standard",
        at="format and check digit; quoted by others",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="N257",
    since="0.1.0",
)
