"""Modifier 26 missing where the payer requires it.

Why: a payer that requires 26 on the interpretation rejects the line without it, or processes it as
global.
Basis: the payer's published rule.
Clear: the line has 26; the payer does not require it; or the claim also bills 77089, 77090 or
77091, so more than the interpretation is billed and 26 would be wrong.
Not checked: no rule in effect for the payer and date; no modifier columns; an unreadable modifier,
which might be 26; a blank claim number.
"""

from cpt77092.rule import (
    INTERPRETATION,
    AddFirst,
    Denial,
    FixKind,
    Remedy,
    Rule,
    Severity,
    col,
    param,
)

RULE = Rule(
    severity=Severity.ERROR,
    codes=INTERPRETATION,
    flag=~col("claim_bills_own_technical")
    & ~col("has_modifier_26")
    & (param("modifier_26") == "required"),
    parameter="modifier_26",
    message="Modifier 26 is missing; {payer_label} requires it when {hcpcs_code} is billed alone.",
    remedy=Remedy(
        "Add 26 if {payer_label}'s current policy confirms it.",
        kind=FixKind.UNSAFE,
        change=AddFirst("26"),
    ),
    other_remedies=(
        # 26 and TC cannot be billed together.
        Remedy(
            "Replace TC with 26 if the chart shows the interpretation only.",
            kind=FixKind.UNSAFE,
            when=col("has_modifier_tc"),
        ),
        Remedy(
            "Add modifier 26 in the first position.",
            kind=FixKind.SAFE,
            change=AddFirst("26"),
            when=col("confidence") == "primary",
        ),
    ),
    denial=Denial("CO", "16", "N822"),
    since="0.1.0",
)
