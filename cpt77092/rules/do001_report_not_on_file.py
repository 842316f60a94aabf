"""Report without a signing date.

Why: an interpretation is paid for its written report. On a records request the payer takes back
payment for a line without one.
Basis: 42 CFR 410.32 on records of diagnostic tests, and payers' record rules, which require a dated
signature for the services billed.
Clear: the report has a signing date; DO002 checks its order.
Not checked: no signing date column; an unreadable signing date.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import GLOBAL, INTERPRETATION, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The signing date is blank."""
    return ~pl.col("has_signed_report")


RULE = Rule(
    doc=__doc__ or "",
    code="DO001",
    name="report-not-on-file",
    severity=Severity.ERROR,
    codes=INTERPRETATION | GLOBAL,
    flag=flag,
    message="Report signing date is blank; {hcpcs_code} needs a signed report.",
    remedies=(
        Remedy(text="Hold the line until the report is signed, then enter the date signed."),
    ),
    source=Source(
        title="42 CFR 410.32 and contractor rules on records of diagnostic tests",
        at="signed and dated report; quoted by others",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="N706",
    since="0.2.0",
)
