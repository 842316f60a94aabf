"""Report signed before the service, or after submission.

Why: a report signed before its study was made reads another study, or carries a mistyped date; a
claim that went out before the report was signed billed work that was not done.
Basis: the order of things: the study, its signed report, the claim. A line without a submission
date goes out on the as-of date.
Clear: signed on the day of the service or later, and on the day of submission or earlier.
Not checked: no signing date column; a signing date that is blank (DO001 speaks) or cannot be read;
a service or submission date that cannot be read.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import GLOBAL, INTERPRETATION, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The signing date is before the start date or after submission."""
    signed = pl.col("report_signed_date")
    return (signed < pl.col("claim_line_start_date")) | (signed > pl.col("effective_submission"))


def _is_early() -> pl.Expr:
    return pl.col("report_signed_date") < pl.col("claim_line_start_date")


RULE = Rule(
    doc=__doc__ or "",
    code="DO002",
    name="report-signed-out-of-order",
    severity=Severity.WARNING,
    codes=INTERPRETATION | GLOBAL,
    flag=flag,
    message=(
        "The report is signed on {report_signed_date}; the service was on "
        "{claim_line_start_date} and submission is on {submission_told}."
    ),
    remedies=(
        Remedy(
            when=_is_early,
            text="Check both dates, and that the report is the one of this study.",
        ),
        Remedy(text="Check both dates; never bill a read before its report is signed."),
    ),
    source=Source(
        title="42 CFR 410.32 and contractor rules on records of diagnostic tests",
        at="signed and dated report; as quoted by others",
        confidence=Confidence.SECONDARY,
    ),
    since="0.2.0",
)
