"""Timely filing about to expire.

Why: a claim received after the filing limit is denied. Two weeks before the limit, a line on hold
can easily miss it.
Basis: the payer's filing limit, counted from the line's start date as in DT004.
Clear: the last day to file is more than 14 days after the as-of date, or has passed (DT004); or the
line has a submission date.
Not checked: no filing limit in effect for the payer and date; an unreadable service or submission
date.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """The line has not gone out, and its last day to file is at most 14 days away."""
    days = pl.col("days_to_filing_deadline")
    return (days >= 0) & (days <= 14) & pl.col("is_unsubmitted")


RULE = Rule(
    doc=__doc__ or "",
    code="DT005",
    name="filing-limit-near",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    parameter="timely_filing",
    message=(
        "Timely filing expires {filing_deadline}, days left: {days_to_filing_deadline} "
        "({decided_by}: {timely_filing} from DOS)."
    ),
    remedies=(
        Remedy(text="Submit this line first; if it has gone out, enter its submission date."),
    ),
    group="CO",
    carc="29",
    since="0.2.0",
)
