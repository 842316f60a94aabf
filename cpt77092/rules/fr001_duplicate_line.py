"""A line that repeats an earlier one.

Why: the payer pays the first and denies the second as an exact duplicate; sent often, duplicates
draw a review.
Basis: X12 code 18, exact duplicate: the same payer, patient (or claim), code, date, set of
modifiers and rendering provider.
Clear: no earlier line of the run is the same; a void (8); a replacement (7) beside what it
replaces. Earlier is by date, claim number and line number, so the order of rows does not matter.
Not checked: no date, modifier column or rendering provider column; across claims, no person.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, FixKind, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The line's key stands on an earlier line."""
    return pl.col("repeats_earlier_line")


RULE = Rule(
    doc=__doc__ or "",
    code="FR001",
    name="duplicate-line",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    source=Source(
        title="X12 claim adjustment reason codes (June 2024)",
        at="code 18, exact duplicate; used with group OA; third-party copy",
        url="https://github.com/andrewallenbruce/northstar",
        confidence=Confidence.PRIMARY,
    ),
    message="{hcpcs_code} on {claim_line_start_date} is billed already on {line_it_repeats}.",
    remedies=(
        Remedy(
            text="Hold this line, unless the record shows a second service (then say so: 76, 77).",
            kind=FixKind.UNSAFE,
        ),
    ),
    group="OA",
    carc="18",
    since="0.2.0",
)
