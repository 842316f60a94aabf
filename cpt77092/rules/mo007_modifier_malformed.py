"""Modifier that is not two letters or digits.

Why: a claim with a cut, padded or mistyped modifier is rejected at intake, and whether it meant 26
is unclear.
Basis: CMS-1500 box 24D and 837P SV101-3 to SV101-6 hold two-character modifiers.
Clear: every modifier is two capital letters or digits; a blank cell is no modifier.
Not checked: no modifier columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, FixKind, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """Some modifier, as written, is not two capital letters or digits."""
    return pl.col("malformed_modifiers") != ""


def _only_case_and_spaces() -> pl.Expr:
    return pl.col("has_fixable_modifiers")


RULE = Rule(
    doc=__doc__ or "",
    code="MO007",
    name="modifier-malformed",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Modifier must be two capital letters or digits: '{malformed_modifiers}'.",
    remedies=(
        Remedy(
            when=_only_case_and_spaces,
            text="Write the modifiers as {modifiers}.",
            kind=FixKind.SAFE,
        ),
        Remedy(text="Enter the modifier the chart supports, or leave the cell blank."),
    ),
    source=Source(
        title="837P guide 005010X222A1",
        at="SV101-3 to SV101-6; CMS-1500 box 24D",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="N823",
    since="0.1.0",
)
