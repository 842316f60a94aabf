"""Timely filing expired.

Why: a claim received after the filing limit is denied, and the patient may not be billed. Only
proof of timely filing helps.
Basis: the payer's filing limit, counted from the line's start date; a replacement (7) has its own
limit. Months are calendar months: 12 months from February 29 end on February 28. By the rule of
some payers a last day on a weekend or holiday moves to the next business day. A line without a
submission date is taken to go out on the as-of date.
Clear: submitted on or before the last day to file. A void (8) has no limit.
Not checked: no filing limit, or none of replacements, in effect for the payer and date; an
unreadable service or submission date; submitted within three business days after the last day where
a holiday moves that, since no payer's list of holidays was found.
"""

from cpt77092.rule import Denial, Message, Remedy, Rule, Severity, col, param

RULE = Rule(
    severity=Severity.ERROR,
    flag=(col("filing_deadline") < col("effective_submission")) & col("is_beyond_holidays"),
    parameter="timely_filing",
    parameter_of_replacements="timely_filing_replacement",
    message="Timely filing expired {filing_deadline} ({decided_by}: {filing_period} from DOS).",
    other_messages=(
        Message(
            "Submitted {submission_date}; timely filing expired {filing_deadline} "
            "({decided_by}: {filing_period} from DOS).",
            when=~col("is_unsubmitted"),
        ),
    ),
    remedy=(
        "Submit only with proof of timely filing or a reason {payer_label} accepts; "
        "otherwise write it off."
    ),
    other_remedies=(
        Remedy(
            "Submit only with proof of timely filing or a reason {payer_label} accepts.",
            when=col("is_replacement"),
        ),
    ),
    denial=Denial("CO", "29"),
    # Fee-for-service Medicare, which alone takes ABN modifiers, allows no appeal of it.
    other_denials=(Denial("CO", "29", "N211", when=param("notice_modifiers").is_not_null()),),
    since="0.2.0",
)
