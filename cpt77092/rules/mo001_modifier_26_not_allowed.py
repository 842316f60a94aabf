"""Modifier 26 on a code where the payer does not allow it.

Why: where a code is already one component (77092 is the professional one), 26 contradicts it. The
line is denied, and rework costs more than it pays.
Basis: the payer's published rule; for Medicare, PC/TC indicators 2, 3 and 4 of the physician fee
schedule, where 26 cannot be used.
Clear: no modifier 26, or the payer requires, expects or accepts it.
Not checked: no rule in effect for the payer, code and date; no modifier columns; an unreadable
modifier.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import (
    FAMILY,
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
    """The line has 26 and the policy in effect does not allow it."""
    return pl.col("has_modifier_26") & (param("modifier_26") == "not_allowed")


def _is_interpretation_by_primary_source() -> pl.Expr:
    return _is_interpretation() & (pl.col("confidence") == "primary")


def _is_interpretation() -> pl.Expr:
    return pl.col("hcpcs_code").is_in(sorted(INTERPRETATION))


def _payer_is_silent() -> pl.Expr:
    return decided_by("modifier_26") == "default"


RULE = Rule(
    doc=__doc__ or "",
    code="MO001",
    name="modifier-26-not-allowed",
    severity=Severity.ERROR,
    codes=FAMILY,
    flag=flag,
    parameter="modifier_26",
    message="{decided_by} does not allow modifier 26 with {hcpcs_code}.",
    other_messages=(
        Message(
            when=_payer_is_silent,
            text="Modifier 26 is not valid with {hcpcs_code} ({source_title}).",
        ),
    ),
    remedies=(
        Remedy(
            when=_is_interpretation_by_primary_source,
            text="Remove modifier 26.",
            kind=FixKind.SAFE,
        ),
        Remedy(
            when=_is_interpretation,
            text="Remove 26 if {payer_label}'s current policy confirms it.",
            kind=FixKind.UNSAFE,
        ),
        # Removing 26 from a global or technical code would bill more than was done.
        Remedy(text="Bill the code for the work done; interpretation only is 77092."),
    ),
    group="CO",
    carc="4",
    rarc="N823",
    since="0.1.0",
)
