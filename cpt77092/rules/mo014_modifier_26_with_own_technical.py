"""Modifier 26 with the technical component on the same claim.

Why: 26 means interpretation only, but the same claim also bills the calculation, the image
preparation or the global service.
Basis: the policy accepts 26 for the interpretation alone; the claim bills 77089, 77090 or 77091.
Clear: no 26, or a claim that bills the interpretation alone. Where the payer does not allow 26, see
MO001.
Not checked: no rule in effect for the payer and date; no modifier columns; an unreadable modifier;
a blank claim number.
"""

from cpt77092.rule import (
    INTERPRETATION,
    Denial,
    FixKind,
    Remedy,
    RemoveModifier,
    Rule,
    Severity,
    col,
    param,
)

RULE = Rule(
    severity=Severity.WARNING,
    codes=INTERPRETATION,
    flag=col("claim_bills_own_technical")
    & col("has_modifier_26")
    & param("modifier_26").is_in(["required", "expected", "accepted"]),
    parameter="modifier_26",
    message=(
        "{hcpcs_code} has 26 (interpretation only), but the claim also bills {own_technical_codes}."
    ),
    remedy=Remedy(
        "Remove 26 if the chart shows {own_technical_codes} was done here too.",
        kind=FixKind.UNSAFE,
        change=RemoveModifier("26"),
    ),
    denial=Denial("CO", "4", "N823"),
    since="0.1.0",
)
