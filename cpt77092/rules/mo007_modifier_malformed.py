"""Modifier that is not two letters or digits.

Why: a claim with a cut, padded or mistyped modifier is rejected at intake, and whether it meant 26
is unclear.
Basis: CMS-1500 box 24D and 837P SV101-3 to SV101-6 hold two-character modifiers.
Clear: every modifier is two capital letters or digits; a blank cell is no modifier.
Not checked: no modifier columns.
"""

import polars as pl

from cpt77092.rule import CHECKED, Denial, FixKind, Remedy, Rule, Severity, guide_837p

RULE = Rule(
    module=__name__,
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=pl.col("malformed_modifiers") != "",
    source=guide_837p("SV101-3 to SV101-6; CMS-1500 box 24D"),
    message="Modifier must be two capital letters or digits: {malformed_modifiers}.",
    remedy=Remedy("Enter the modifier the chart supports, or leave the cell blank."),
    other_remedies=(
        Remedy(
            "Write the modifiers as {modifiers}.",
            kind=FixKind.SAFE,
            when=pl.col("has_fixable_modifiers"),
        ),
    ),
    denial=Denial("CO", "16", "N823"),
    since="0.1.0",
)
