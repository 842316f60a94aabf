"""Date of service in the future.

Why: a claim for a service not yet done is rejected. Usually the year is mistyped.
Basis: CMS-1500 box 24A and 837P DTP*472 give the date the service was done.
Clear: the date is on or before the as-of date.
Not checked: a blank or unreadable date of service.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The date of service is after the as-of date."""
    return pl.col("claim_line_start_date") > pl.col("as_of_date")


RULE = Rule(
    doc=__doc__ or "",
    code="DT003",
    name="service-date-in-future",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Date of service {claim_line_start_date} is after the as-of date, {as_of_date}.",
    remedies=(Remedy(text="Correct the date, or hold the line until the service is done."),),
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
