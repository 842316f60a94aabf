"""Modifier 26 absent where it is expected.

Why: "use 26 when billing only the interpretation" is published advice that some payers follow.
Others treat the code itself as the interpretation and deny 26. Only the payer can settle it.
Basis: the payer's published rule; where none was found, the default policy, whose source expects
26. The finding then names that source and the one that disagrees.
Clear: the line has 26; the policy value is not `expected` (MO001 and MO002 check the others); or
the claim also bills 77089, 77090 or 77091, so it is not interpretation only.
Not checked: no rule in effect for the payer and date; no modifier columns; an unreadable modifier,
which might be 26; a blank claim number.
"""

from cpt77092.rule import (
    INTERPRETATION,
    AddFirst,
    Denial,
    FixKind,
    Message,
    Remedy,
    Rule,
    Severity,
    col,
    decided_by,
    param,
)

_PAYER_IS_SILENT = decided_by("modifier_26") == "default"

RULE = Rule(
    severity=Severity.WARNING,
    codes=INTERPRETATION,
    flag=~col("claim_bills_own_technical")
    & ~col("has_modifier_26")
    & (param("modifier_26") == "expected"),
    parameter="modifier_26",
    message=(
        "{decided_by} expects modifier 26 when {hcpcs_code} is billed alone; the line has none."
    ),
    other_messages=(
        Message(
            "No published rule found for {payer_label} on 26 with {hcpcs_code}, billed here "
            'without it: expected per "{source_title}", not allowed per "{contradicted_title}".',
            when=_PAYER_IS_SILENT & (col("contradicted_title") != ""),
        ),
        Message(
            "No published rule found for {payer_label} on 26 with {hcpcs_code}, billed here "
            'without it: expected per "{source_title}".',
            when=_PAYER_IS_SILENT,
        ),
    ),
    remedy=Remedy(
        "Add 26 if {payer_label}'s current policy confirms it.",
        kind=FixKind.UNSAFE,
        change=AddFirst("26"),
    ),
    other_remedies=(
        Remedy(
            "Add 26 only if {payer_label} confirms it; then record the answer (scrub policies "
            "set).",
            kind=FixKind.UNSAFE,
            change=AddFirst("26"),
            when=_PAYER_IS_SILENT,
        ),
    ),
    denial=Denial("CO", "16", "N822"),
    question=(
        "no published rule found on 26 with 77092; the publication expects it, CMS does not "
        "allow it"
    ),
    asked_of="without 26",
    since="0.1.0",
)
