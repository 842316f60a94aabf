"""Service date after the as-of date.

Why: a claim for a service that has not happened yet is rejected; most often the year is mistyped.
Basis: claim form box 24A and 837P DTP*472 carry the day on which the service was done.
Clear: the date is the as-of date or earlier.
Not checked: a service date that is blank or cannot be read.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The service date is later than the day the batch is looked at."""
    return pl.col("claim_line_start_date") > pl.col("as_of_date")


RULE = Rule(
    doc=__doc__ or "",
    code="DT003",
    name="service-date-in-future",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="The service date {claim_line_start_date} lies after the as-of date, {as_of_date}.",
    remedies=(Remedy(text="Correct the date, or wait until the service is done."),),
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
