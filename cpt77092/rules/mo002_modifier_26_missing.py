"""Modifier 26 missing where the payer requires it.

Why: a payer that requires 26 on the read rejects a read without it, or takes it for the whole
service and asks for the scan.
Basis: the payer's own statement in its policy.
Clear: 26 stands on the line; the payer does not require it; or the claim also bills 77089, 77090
or 77091, so that it bills more than the interpretation and 26 would be wrong.
Not checked: no position in force for the payer and the date; no modifier columns; a modifier that
cannot be read, which might be the 26; a blank claim number.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import INTERPRETATION, FixKind, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The read is billed alone, without 26, and the policy in force requires it."""
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
    message="{hcpcs_code} is billed alone without modifier 26, which {payer_label} requires.",
    remedies=(
        # Adding 26 beside TC would say two opposite things.
        Remedy(
            when=_carries_tc,
            text="Replace TC with 26, if the record shows the read alone.",
            kind=FixKind.UNSAFE,
        ),
        Remedy(text="Add modifier 26 in the first position.", kind=FixKind.SAFE),
    ),
    group="CO",
    carc="16",
    rarc="N822",
    since="0.1.0",
)
