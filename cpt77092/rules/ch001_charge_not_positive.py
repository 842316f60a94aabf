"""Charge blank, zero or negative.

Why: a line without a charge above zero is rejected at intake.
Basis: the charge is CMS-1500 box 24F and 837P SV102 (X12 005010X222A1).
Clear: a charge above zero.
Not checked: no charge column, or an unreadable charge (IN001).
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source, cell_state


def flag() -> pl.Expr:
    """The charge is blank, zero or negative."""
    return (cell_state("charge_amount") == "blank") | (pl.col("charge_amount") <= 0)


RULE = Rule(
    doc=__doc__ or "",
    code="CH001",
    name="charge-not-positive",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Charge is {charge_amount}; it must be above $0.00.",
    remedies=(Remedy(text="Enter the charge from your fee schedule."),),
    source=Source(
        title="837P guide 005010X222A1",
        at="SV102; CMS-1500 box 24F",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="M79",
    since="0.1.0",
)
