"""Charge blank, zero or negative.

Why: a line without a charge above zero is rejected before anyone looks at the service.
Basis: claim form box 24F and 837P SV102 carry the charge of the line; X12 005010X222A1.
Clear: a charge above zero.
Not checked: no charge column, or a charge that cannot be read (IN001 speaks of it).
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source, cell_state


def flag() -> pl.Expr:
    """The cell is blank, or holds nothing above zero."""
    return (cell_state("charge_amount") == "blank") | (pl.col("charge_amount") <= 0)


RULE = Rule(
    doc=__doc__ or "",
    code="CH001",
    name="charge-not-positive",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="The charge is {charge_amount}; a line needs one above zero.",
    remedies=(Remedy(text="Enter the charge for the service from the fee list."),),
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
