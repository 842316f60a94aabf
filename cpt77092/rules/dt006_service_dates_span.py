"""The line runs over several days.

Why: each of these codes stands for one service on one day; a line from one day to another is
rejected, or paid for neither.
Basis: claim form box 24A and 837P DTP*472 carry the first and the last day of the line.
Clear: the end date is the start date, or is blank.
Not checked: no end date column; a start or end date that cannot be read, or a blank start date.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source, cell_state


def flag() -> pl.Expr:
    """The end date is there and is another day than the start date."""
    start, end = pl.col("claim_line_start_date"), pl.col("claim_line_end_date")
    return ~(cell_state("claim_line_end_date") == "blank") & (end != start)


RULE = Rule(
    doc=__doc__ or "",
    code="DT006",
    name="service-dates-span",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    message=(
        "The line runs from {claim_line_start_date} to {claim_line_end_date}; "
        "{hcpcs_code} is a service of one day."
    ),
    remedies=(Remedy(text="Enter the day of the service as both dates; bill each day on a line."),),
    source=Source(
        title="837P guide 005010X222A1",
        at="DTP*472; CMS-1500 box 24A",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="M59",
    since="0.2.0",
)
