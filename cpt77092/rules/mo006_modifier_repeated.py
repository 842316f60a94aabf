"""Modifier repeated on the line.

Why: claim edits reject a line that repeats a modifier.
Basis: CMS-1500 box 24D and 837P SV101-3 to SV101-6 hold two-character modifiers, each once.
Clear: every modifier is on the line once.
Not checked: no modifier columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, FixKind, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """Some modifier is on the line more than once."""
    return pl.col("repeated_modifiers") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="MO006",
    name="modifier-repeated",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Repeated modifier: {repeated_modifiers}.",
    remedies=(
        Remedy(
            text="Keep the first {repeated_modifiers} and remove the repeat.", kind=FixKind.SAFE
        ),
    ),
    source=Source(
        title="837P guide 005010X222A1",
        at="SV101-3 to SV101-6; CMS-1500 box 24D",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="4",
    rarc="N519",
    since="0.1.0",
)
