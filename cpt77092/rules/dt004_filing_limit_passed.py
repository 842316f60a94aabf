"""Timely filing expired.

Why: a claim received after the filing limit is denied, and the patient may not be billed. Only
proof of timely filing helps.
Basis: the payer's filing limit, counted from the line's start date. Months are calendar months: 12
months from February 29 end on February 28. A line without a submission date is taken to go out on
the as-of date.
Clear: submitted on or before the last day to file.
Not checked: no filing limit in effect for the payer and date; an unreadable service or submission
date.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Message, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """The line goes out after the last day to file."""
    return pl.col("filing_deadline") < pl.col("effective_submission")


def _is_submitted() -> pl.Expr:
    return ~pl.col("is_unsubmitted")


RULE = Rule(
    doc=__doc__ or "",
    code="DT004",
    name="filing-limit-passed",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    parameter="timely_filing",
    message="Timely filing expired {filing_deadline} ({decided_by}: {timely_filing} from DOS).",
    other_messages=(
        Message(
            when=_is_submitted,
            text=(
                "Submitted {submission_date}; timely filing expired {filing_deadline} "
                "({decided_by}: {timely_filing} from DOS)."
            ),
        ),
    ),
    remedies=(
        Remedy(
            text=(
                "Submit only with proof of timely filing or a reason {payer_label} accepts; "
                "otherwise write it off."
            )
        ),
    ),
    group="CO",
    carc="29",
    since="0.2.0",
)
