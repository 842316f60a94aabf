"""Rendering NPI blank or invalid.

Why: a line without a valid rendering provider is rejected or not paid.
Basis: CMS's NPI standard: ten digits, the first 1 or 2, the last a check digit; CMS-1500 box 24J,
837P loops 2310B and 2420A.
Clear: a well-formed NPI; whether it was issued, and to whom, is not tested.
Not checked: no rendering NPI column.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The rendering NPI has a problem."""
    return pl.col("rendering_npi_problem") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="ID001",
    name="rendering-npi-invalid",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Rendering NPI {rendering_npi_problem}.",
    remedies=(Remedy(text="Enter the rendering provider's NPI as listed in NPPES."),),
    source=Source(
        title="CMS NPI standard",
        at="format and check digit; quoted by others",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="N290",
    since="0.1.0",
)
