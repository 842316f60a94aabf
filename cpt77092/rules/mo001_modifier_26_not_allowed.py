"""Modifier 26 on a code where the payer does not allow it.

Why: a payer that prices the read by a code of its own (77092) rejects a line that also says
"professional component"; the line is denied and reworked for less than the rework costs.
Basis: the payer's own statement in its policy; for Medicare, PC/TC indicators 2, 3 and 4 of the
physician fee schedule, where 26 cannot be used.
Clear: no modifier 26, or the payer requires, expects or accepts it.
Not checked: no position in force for the payer, the code and the date; no modifier columns; a
modifier that cannot be read.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import (
    FAMILY,
    INTERPRETATION,
    FixKind,
    Remedy,
    Rule,
    Severity,
    param,
)


def flag() -> pl.Expr:
    """The line carries 26 and the policy in force does not allow it."""
    return pl.col("has_modifier_26") & (param("modifier_26") == "not_allowed")


def _is_read_by_primary_source() -> pl.Expr:
    return _is_read() & (pl.col("confidence") == "primary")


def _is_read() -> pl.Expr:
    return pl.col("hcpcs_code").is_in(sorted(INTERPRETATION))


RULE = Rule(
    doc=__doc__ or "",
    code="MO001",
    name="modifier-26-not-allowed",
    severity=Severity.ERROR,
    codes=FAMILY,
    flag=flag,
    parameter="modifier_26",
    message="Modifier 26 is not allowed on {hcpcs_code}, says {decided_by}.",
    remedies=(
        Remedy(
            when=_is_read_by_primary_source,
            text="Remove modifier 26; bill {hcpcs_code} without it.",
            kind=FixKind.SAFE,
        ),
        Remedy(
            when=_is_read,
            text="Remove modifier 26, after a look at the payer's current policy.",
            kind=FixKind.UNSAFE,
        ),
        # Dropping 26 from a global or technical code would bill more than was done.
        Remedy(text="Did you mean 77092, the read alone? Bill the code for the work done."),
    ),
    group="CO",
    carc="4",
    rarc="N823",
    since="0.1.0",
)
