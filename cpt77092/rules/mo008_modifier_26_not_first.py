"""Modifier 26 behind another modifier.

Why: modifiers that set the price are read first; behind another one, 26 may be overlooked and the
line priced or denied as the whole service.
Basis: the policy takes 26 on the code; that pricing modifiers come first is common billing
practice.
Clear: 26 stands first, or is absent; a blank position does not count (MO009). Where the payer does
not allow 26, MO001 speaks.
Not checked: no position in force for the payer, the code and the date; no modifier columns; a
modifier that cannot be read, which might be the 26.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, FixKind, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """Some modifier stands before 26, on a code where the policy takes 26."""
    is_valid = param("modifier_26").is_in(["required", "expected", "accepted"])
    return is_valid & (pl.col("modifier_before_26") != "")


RULE = Rule(
    doc=__doc__ or "",
    code="MO008",
    name="modifier-26-not-first",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    parameter="modifier_26",
    message="Modifier 26 stands after {modifier_before_26}.",
    remedies=(
        Remedy(
            text="Move 26 to the first position, before {modifier_before_26}.", kind=FixKind.SAFE
        ),
    ),
    since="0.1.0",
)
