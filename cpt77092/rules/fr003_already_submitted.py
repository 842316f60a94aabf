"""Line already billed on an earlier claim.

Why: the payer denies a line already billed as a duplicate; a correction must be sent as a
replacement (7).
Basis: X12 code 18, exact duplicate: the key of FR001, looked up in earlier claims (--history).
Clear: no earlier claim bills the same; a void (8); a replacement (7) of what was billed.
Not checked: no earlier claims; no date, modifier column, rendering provider column or patient ID. A
file that is an input of the run is not its own history.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, FixKind, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """An earlier claim has a line with the same key."""
    return pl.col("already_submitted")


RULE = Rule(
    doc=__doc__ or "",
    code="FR003",
    name="already-submitted",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    source=Source(
        title="X12 claim adjustment reason codes (June 2024)",
        at="code 18, exact duplicate; used with group OA; third-party copy",
        url="https://github.com/andrewallenbruce/northstar",
        confidence=Confidence.PRIMARY,
    ),
    message="{hcpcs_code} on {claim_line_start_date} was already billed: {line_in_past}.",
    remedies=(
        Remedy(
            text=(
                "Hold this line if the earlier claim was received. To correct that claim, send a "
                "replacement (frequency 7) where {payer_label} accepts one."
            ),
            kind=FixKind.UNSAFE,
        ),
    ),
    group="OA",
    carc="18",
    since="0.2.0",
)
