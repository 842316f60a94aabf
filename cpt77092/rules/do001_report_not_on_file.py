"""No signed report on file.

Why: a read is paid for its written report; asked for the record, the payer takes back what it paid
for a line that has none.
Basis: 42 CFR 410.32 on the record of diagnostic tests, and the payers' record rules, which want a
dated signature under the services as they are billed.
Clear: the report has a signing date; DO002 asks whether it is in order.
Not checked: no signing date column; a signing date that cannot be read.
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
    message="The signing date of the report is blank; {hcpcs_code} is paid for a signed report.",
    remedies=(
        Remedy(text="Hold the line until the report is signed, then enter the date of signing."),
    ),
    source=Source(
        title="42 CFR 410.32 and contractor rules on records of diagnostic tests",
        at="signed and dated report; as quoted by others",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="N706",
    since="0.2.0",
)
