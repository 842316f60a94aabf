"""Modifier 26 missing where the payer requires it.

Why: a payer that requires 26 on the interpretation rejects the line without it, or processes it as
global.
Basis: the payer's published rule.
Clear: the line has 26; the payer does not require it; or the claim also bills 77089, 77090 or
77091, so more than the interpretation is billed and 26 would be wrong.
Not checked: no rule in effect for the payer and date; no modifier columns; an unreadable modifier,
which might be 26; a blank claim number.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import INTERPRETATION, FixKind, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The interpretation is billed alone, without 26, and the policy in effect requires it."""
    is_alone = ~pl.col("claim_bills_own_technical")
    return is_alone & ~pl.col("has_modifier_26") & (param("modifier_26") == "required")


def _carries_tc() -> pl.Expr:
    return pl.col("has_modifier_tc")


RULE = Rule(
    doc=__doc__ or "",
    code="MO002",
    name="modifier-26-missing",
    severity=Severity.ERROR,
    codes=INTERPRETATION,
    flag=flag,
    parameter="modifier_26",
    message="Modifier 26 is missing; {payer_label} requires it when {hcpcs_code} is billed alone.",
    remedies=(
        # 26 and TC cannot be billed together.
        Remedy(
            when=_carries_tc,
            text="Replace TC with 26 if the chart shows the interpretation only.",
            kind=FixKind.UNSAFE,
        ),
        Remedy(text="Add modifier 26 in the first position.", kind=FixKind.SAFE),
    ),
    group="CO",
    carc="16",
    rarc="N822",
    since="0.1.0",
)
