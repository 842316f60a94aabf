"""Service date missing.

Why: a line without a date is rejected. No payer policy can be selected for it either, so few other
rules can check it.
Basis: the date is CMS-1500 box 24A and 837P DTP*472 (X12 005010X222A1).
Clear: the cell is not blank. An unreadable date is not missing (IN001).
Not checked: never; a file without the column is refused.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source, cell_state


def flag() -> pl.Expr:
    """The cell of the start date is blank."""
    return cell_state("claim_line_start_date") == "blank"


RULE = Rule(
    doc=__doc__ or "",
    code="DT001",
    name="service-date-missing",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Date of service is blank.",
    remedies=(Remedy(text="Enter the date of service from the chart."),),
    source=Source(
        title="837P guide 005010X222A1",
        at="DTP*472; CMS-1500 box 24A",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="M52",
    since="0.1.0",
)
