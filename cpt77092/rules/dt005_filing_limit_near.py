"""The payer's time to file is about to run out.

Why: a claim that arrives after the filing limit is denied; one that lies on the pile two weeks
before it is easily late.
Basis: the payer's time to file, counted from the line's start date as DT004 counts it.
Clear: the last day to file is more than 14 days after the as-of date, or has passed (DT004 speaks);
or a submission date is stated.
Not checked: no time to file in force for the payer and the date; a service or submission date that
cannot be read.
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
        "The last day to file is {filing_deadline}, days left: {days_to_filing_deadline}; "
        "{timely_filing} from {claim_line_start_date}, says {decided_by}."
    ),
    remedies=(
        Remedy(text="Mend and submit this line first; enter submission_date if it has gone out."),
    ),
    group="CO",
    carc="29",
    since="0.2.0",
)
