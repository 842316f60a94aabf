"""Duplicate of another line in the batch.

Why: the payer pays the first line and denies the second as an exact duplicate. Frequent duplicates
draw a review.
Basis: X12 code 18, exact duplicate: the same payer, patient (or claim), code, date, set of
modifiers and rendering provider.
Clear: no earlier line of the run is the same; a void (8); a replacement (7) of the claim it
repeats. Earlier is by date, claim number and line number, so the order of rows does not matter.
Not checked: no date, modifier column or rendering provider column; across claims, no patient ID.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, FixKind, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """An earlier line has the same key."""
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
    message="{hcpcs_code} on {claim_line_start_date} duplicates {line_it_repeats}.",
    remedies=(
        Remedy(
            text=(
                "Hold this line; if the chart shows a second service, bill it with 76 or 77 "
                "instead."
            ),
            kind=FixKind.UNSAFE,
        ),
    ),
    group="OA",
    carc="18",
    since="0.2.0",
)
