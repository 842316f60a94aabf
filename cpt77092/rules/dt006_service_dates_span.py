"""Line that spans several days.

Why: each of these codes is one service on one day. A line with a date span is rejected or not paid.
Basis: CMS-1500 box 24A and 837P DTP*472 give the first and last day of the line.
Clear: the end date is the start date, or is blank.
Not checked: no end date column; an unreadable start or end date; a blank start date.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source, cell_state


def flag() -> pl.Expr:
    """The end date is not blank and differs from the start date."""
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
        "Line runs from {claim_line_start_date} to {claim_line_end_date}; {hcpcs_code} is a "
        "one-day service."
    ),
    remedies=(
        Remedy(text="Enter the date of service as both dates; bill each day on its own line."),
    ),
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
