"""Modifier 26 on a code where the payer does not allow it.

Why: where a code is already one component (77092 is the professional one), 26 contradicts it. The
line is denied, and rework costs more than it pays.
Basis: the payer's published rule; for Medicare, PC/TC indicators 2, 3 and 4 of the physician fee
schedule, where 26 cannot be used.
Clear: no modifier 26, or the payer requires, expects or accepts it.
Not checked: no rule in effect for the payer, code and date; no modifier columns; an unreadable
modifier.
"""

from cpt77092.rule import (
    FAMILY,
    INTERPRETATION,
    Denial,
    FixKind,
    Message,
    Remedy,
    RemoveModifier,
    Rule,
    Severity,
    col,
    decided_by,
    param,
)

_IS_INTERPRETATION = col("hcpcs_code").is_in(sorted(INTERPRETATION))

RULE = Rule(
    severity=Severity.ERROR,
    codes=FAMILY,
    flag=col("has_modifier_26") & (param("modifier_26") == "not_allowed"),
    parameter="modifier_26",
    message="{decided_by} does not allow modifier 26 with {hcpcs_code}.",
    other_messages=(
        Message(
            "Modifier 26 is not valid with {hcpcs_code} ({source_title}).",
            when=decided_by("modifier_26") == "default",
        ),
    ),
    # Removing 26 from a global or technical code would bill more than was done.
    remedy="Bill the code for the work done; interpretation only is 77092.",
    other_remedies=(
        Remedy(
            "Remove modifier 26.",
            kind=FixKind.SAFE,
            change=RemoveModifier("26"),
            when=_IS_INTERPRETATION & (col("confidence") == "primary"),
        ),
        Remedy(
            "Remove 26 if {payer_label}'s current policy confirms it.",
            kind=FixKind.UNSAFE,
            change=RemoveModifier("26"),
            when=_IS_INTERPRETATION,
        ),
    ),
    denial=Denial("CO", "4", "N823"),
    since="0.1.0",
)
