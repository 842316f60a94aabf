"""Timely filing about to expire.

Why: a claim received after the filing limit is denied. Two weeks before the limit, a line on hold
can easily miss it.
Basis: the payer's filing limit, counted from the line's start date as in DT004.
Clear: the last day to file is more than 14 days after the as-of date, or has passed (DT004); or the
line has a submission date.
Not checked: no filing limit, or none of replacements, in effect for the payer and date; an
unreadable service or submission date.
"""

from cpt77092.rule import Denial, Rule, Severity, col

RULE = Rule(
    severity=Severity.WARNING,
    flag=(col("days_to_filing_deadline") >= 0)
    & (col("days_to_filing_deadline") <= 14)
    & col("is_unsubmitted"),
    parameter="timely_filing",
    parameter_of_replacements="timely_filing_replacement",
    message=(
        "Timely filing expires {filing_deadline}, days left: {days_to_filing_deadline} "
        "({decided_by}: {filing_period} from DOS)."
    ),
    remedy="Submit this line first; if it has gone out, enter its submission date.",
    denial=Denial("CO", "29"),
    since="0.2.0",
)
