"""A well-formed modifier that no list has.

Why: a modifier that does not exist is a typing error, and the line is rejected for it.
Basis: the CPT and HCPCS level II modifier lists, as shipped with this program.
Clear: every well-formed modifier is in one of the lists. Malformed ones are MO007's.
Not checked: no modifier columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """Some well-formed modifier is in neither list."""
    return pl.col("unknown_modifiers") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="MO016",
    name="modifier-unknown",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Not in the CPT and HCPCS modifier lists on file: {unknown_modifiers}.",
    remedies=(
        Remedy(text="Enter the modifier that the record supports; if it is a new one, leave it."),
    ),
    source=Source(
        title="CPT and HCPCS level II modifier lists",
        at="lists in force in 2024, third-party copy",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="N823",
    since="0.1.0",
)
