"""The payer's time to file has run out.

Why: a claim that arrives after the filing limit is denied, and the patient may not be billed for
it; only proof that it was filed in time helps.
Basis: the payer's time to file, counted from the line's start date. Months are calendar months:
twelve of them from 29 February end on 28 February. The line is taken to go out on its submission
date or, where none is stated, on the as-of date.
Clear: it goes out on the last day to file, or before.
Not checked: no time to file in force for the payer and the date; a service or submission date that
cannot be read.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """The line goes out after the last day to file."""
    return pl.col("filing_deadline") < pl.col("effective_submission")


RULE = Rule(
    doc=__doc__ or "",
    code="DT004",
    name="filing-limit-passed",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    parameter="timely_filing",
    message=(
        "Submission on {submission_told} is after {filing_deadline}, the last day to file: "
        "{timely_filing} from {claim_line_start_date}, says {decided_by}."
    ),
    remedies=(
        Remedy(
            text=(
                "Send it only with proof that it was filed in time, or with a reason that "
                "{payer_label} accepts; otherwise write it off."
            )
        ),
    ),
    group="CO",
    carc="29",
    since="0.2.0",
)
