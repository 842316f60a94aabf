"""Billing NPI blank or invalid.

Why: a claim whose biller cannot be identified is rejected before anyone reads its lines.
Basis: CMS's NPI standard: ten digits, the first 1 or 2, the last a check digit;
claim form box 33a and 837P loop 2010AA carry it.
Clear: a well-formed NPI; that it was ever issued, and to whom, is not tested.
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
    message="The billing NPI {billing_npi_problem}.",
    remedies=(
        Remedy(text="Enter the NPI of the practice that bills, as the NPI registry has it."),
    ),
    source=Source(
        title="CMS NPI standard",
        at="format and check digit; as quoted by others",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="N257",
    since="0.1.0",
)
