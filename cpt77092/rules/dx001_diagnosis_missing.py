"""Diagnosis missing.

Why: the diagnosis is the reason for the test; a claim without one is rejected at intake.
Basis: CMS-1500 box 21 and 837P segment HI need at least one diagnosis, and every service line
points to one.
Clear: the row has a diagnosis; whether the pointer reaches it is checked by DX006.
Not checked: no diagnosis columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """Every diagnosis cell of the row is blank."""
    return ~pl.col("has_diagnosis")


RULE = Rule(
    doc=__doc__ or "",
    code="DX001",
    name="diagnosis-missing",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="{hcpcs_code} has no diagnosis.",
    remedies=(Remedy(text="Enter the diagnosis on the order."),),
    source=Source(
        title="837P guide 005010X222A1",
        at="HI (2300) and SV107 (2400); CMS-1500 boxes 21 and 24E",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="M76",
    since="0.2.0",
)
