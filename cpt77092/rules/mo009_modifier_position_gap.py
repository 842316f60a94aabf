"""Blank modifier position before a filled one.

Why: some claim systems stop at the first blank position and miss the modifier after it.
Basis: common billing practice: modifiers fill CMS-1500 box 24D (837P SV101-3 to SV101-6) from the
left. No published rule found.
Clear: the filled positions come first, or all are blank.
Not checked: no modifier columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, FixKind, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """A blank position comes before a filled one."""
    return pl.col("has_modifier_gap")


RULE = Rule(
    doc=__doc__ or "",
    code="MO009",
    name="modifier-position-gap",
    severity=Severity.INFO,
    codes=CHECKED,
    flag=flag,
    message="Blank modifier position before a filled one.",
    remedies=(
        Remedy(text="Move the modifiers up, in the same order: {modifiers}.", kind=FixKind.SAFE),
    ),
    source=Source(
        title="837P guide 005010X222A1",
        at="SV101-3 to SV101-6; CMS-1500 box 24D",
        confidence=Confidence.RECALLED,
    ),
    since="0.1.0",
)
