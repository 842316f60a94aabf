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

from __future__ import annotations

import polars as pl

from cpt77092.rule import (
    INTERPRETATION,
    FixKind,
    Message,
    Remedy,
    Rule,
    Severity,
    decided_by,
    param,
)


def flag() -> pl.Expr:
    """The interpretation is billed alone, without 26, and the policy in effect expects it."""
    is_alone = ~pl.col("claim_bills_own_technical")
    return is_alone & ~pl.col("has_modifier_26") & (param("modifier_26") == "expected")


def _payer_is_silent() -> pl.Expr:
    return decided_by("modifier_26") == "default"


def _payer_is_silent_and_sources_differ() -> pl.Expr:
    return _payer_is_silent() & (pl.col("contradicted_title") != "")


RULE = Rule(
    doc=__doc__ or "",
    code="MO003",
    name="modifier-26-absent-where-expected",
    severity=Severity.WARNING,
    codes=INTERPRETATION,
    flag=flag,
    parameter="modifier_26",
    message=(
        "{decided_by} expects modifier 26 when {hcpcs_code} is billed alone; the line has none."
    ),
    other_messages=(
        Message(
            when=_payer_is_silent_and_sources_differ,
            text=(
                "No published {payer_label} rule found on 26 with {hcpcs_code}, billed here "
                'without it: expected per "{source_title}", not allowed per "{contradicted_title}".'
            ),
        ),
        Message(
            when=_payer_is_silent,
            text=(
                "No published {payer_label} rule found on 26 with {hcpcs_code}, billed here "
                'without it: expected per "{source_title}".'
            ),
        ),
    ),
    remedies=(
        Remedy(
            when=_payer_is_silent,
            text=(
                "Add 26 only if {payer_label} confirms it; then record the answer in a policy file."
            ),
            kind=FixKind.UNSAFE,
        ),
        Remedy(
            text="Add 26 if {payer_label}'s current policy confirms it.",
            kind=FixKind.UNSAFE,
        ),
    ),
    group="CO",
    carc="16",
    rarc="N822",
    since="0.1.0",
)
