"""Modifier that is not on the CPT or HCPCS list.

Why: a modifier that does not exist is a typing error, and the line is rejected.
Basis: the CPT and HCPCS level II modifier lists that ship with this program.
Clear: every well-formed modifier is on one of the lists. MO007 checks the form.
Not checked: no modifier columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """Some well-formed modifier is on neither list."""
    return pl.col("unknown_modifiers") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="MO016",
    name="modifier-unknown",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Not on the 2024 CPT or HCPCS modifier list: {unknown_modifiers}.",
    remedies=(
        Remedy(
            text="Enter the modifier the chart supports; if it is newer than the list, leave it."
        ),
    ),
    source=Source(
        title="CPT and HCPCS level II modifier lists",
        at="lists in effect in 2024; third-party copy",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="N823",
    since="0.1.0",
)
