"""Report signed before the service or after submission.

Why: a report signed before the study belongs to another study or has a mistyped date; a claim sent
before the report was signed billed unfinished work.
Basis: the order of events: study, signed report, claim. A line without a submission date is taken
to go out on the as-of date.
Clear: signed on or after the date of service, and on or before the submission date.
Not checked: no signing date column; a blank (DO001) or unreadable signing date; an unreadable
service or submission date.
"""

from cpt77092.rule import INTERPRETED, SIGNED_REPORTS, Message, Remedy, Rule, Severity, col

RULE = Rule(
    severity=Severity.WARNING,
    codes=INTERPRETED,
    flag=(col("report_signed_date") < col("claim_line_start_date"))
    | (col("report_signed_date") > col("effective_submission")),
    source=SIGNED_REPORTS,
    message="Report signed {report_signed_date}, after submission on {effective_submission}.",
    other_messages=(
        Message(
            "Report signed {report_signed_date}, before the date of service, "
            "{claim_line_start_date}.",
            when=col("report_signed_date") < col("claim_line_start_date"),
        ),
        Message(
            "Report signed {report_signed_date}, after the as-of date, {as_of_date}.",
            when=col("is_unsubmitted"),
        ),
    ),
    remedy="Check both dates; do not bill an interpretation before its report is signed.",
    other_remedies=(
        Remedy(
            "Check both dates, and that the report is for this study.",
            when=col("report_signed_date") < col("claim_line_start_date"),
        ),
    ),
    since="0.2.0",
)
