"""Report signed before the service or after submission.

Why: a report signed before the study belongs to another study or has a mistyped date; a claim sent
before the report was signed billed unfinished work.
Basis: the order of events: study, signed report, claim. A line without a submission date is taken
to go out on the as-of date.
Clear: signed on or after the date of service, and on or before the submission date.
Not checked: no signing date column; a blank (DO001) or unreadable signing date; an unreadable
service or submission date.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import (
    GLOBAL,
    INTERPRETATION,
    Confidence,
    Message,
    Remedy,
    Rule,
    Severity,
    Source,
)


def flag() -> pl.Expr:
    """The signing date is before the date of service or after submission."""
    signed = pl.col("report_signed_date")
    return (signed < pl.col("claim_line_start_date")) | (signed > pl.col("effective_submission"))


def _is_early() -> pl.Expr:
    return pl.col("report_signed_date") < pl.col("claim_line_start_date")


def _is_unsubmitted() -> pl.Expr:
    return pl.col("is_unsubmitted")


RULE = Rule(
    doc=__doc__ or "",
    code="DO002",
    name="report-signed-out-of-order",
    severity=Severity.WARNING,
    codes=INTERPRETATION | GLOBAL,
    flag=flag,
    message="Report signed {report_signed_date}, after submission on {effective_submission}.",
    other_messages=(
        Message(
            when=_is_early,
            text=(
                "Report signed {report_signed_date}, before the date of service, "
                "{claim_line_start_date}."
            ),
        ),
        Message(
            when=_is_unsubmitted,
            text="Report signed {report_signed_date}, after the as-of date, {as_of_date}.",
        ),
    ),
    remedies=(
        Remedy(
            when=_is_early,
            text="Check both dates, and that the report is for this study.",
        ),
        Remedy(text="Check both dates; do not bill an interpretation before its report is signed."),
    ),
    source=Source(
        title="42 CFR 410.32 and contractor rules on records of diagnostic tests",
        at="signed and dated report; quoted by others",
        confidence=Confidence.SECONDARY,
    ),
    since="0.2.0",
)
