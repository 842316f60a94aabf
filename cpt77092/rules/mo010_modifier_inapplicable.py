"""A modifier that means nothing on the code.

Why: a modifier made for another kind of service (a side of the body, a second procedure, a
laboratory) contradicts the code, and many payers deny the line for it.
Basis: the policy's list of modifiers that do not apply to the code.
Clear: no modifier of the line is on the list.
Not checked: no list in force for the code and the date; no modifier columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, FixKind, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """The line carries at least one of the code's inapplicable modifiers."""
    return pl.col("inapplicable_modifiers_found") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="MO010",
    name="modifier-inapplicable",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    parameter="inapplicable_modifiers",
    message="Does not apply to {hcpcs_code}: modifier {inapplicable_modifiers_found}.",
    remedies=(
        Remedy(
            text="Remove {inapplicable_modifiers_found}, unless the record shows a reason for it.",
            kind=FixKind.UNSAFE,
        ),
    ),
    group="CO",
    carc="4",
    rarc="N823",
    since="0.1.0",
)
