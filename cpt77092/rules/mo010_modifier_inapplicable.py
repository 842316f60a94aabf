"""Modifier that is not valid with the code.

Why: a modifier for another kind of service (a side of the body, a second procedure, a laboratory
test) contradicts the code, and many payers deny the line.
Basis: the policy's list of modifiers that are not valid with the code.
Clear: no modifier of the line is on the list.
Not checked: no list in effect for the code and date; no modifier columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, FixKind, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """The line has at least one modifier that is not valid with the code."""
    return pl.col("inapplicable_modifiers_found") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="MO010",
    name="modifier-inapplicable",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    parameter="inapplicable_modifiers",
    message="Modifier not valid with {hcpcs_code}: {inapplicable_modifiers_found}.",
    remedies=(
        Remedy(
            text="Remove {inapplicable_modifiers_found}, unless the chart shows a reason for it.",
            kind=FixKind.UNSAFE,
        ),
    ),
    group="CO",
    carc="4",
    rarc="N823",
    since="0.1.0",
)
