"""Modifier that is not two letters or digits.

Why: a claim with a cut, padded or mistyped modifier is rejected at intake, and whether it meant 26
is unclear.
Basis: CMS-1500 box 24D and 837P SV101-3 to SV101-6 hold two-character modifiers.
Clear: every modifier is two capital letters or digits; a blank cell is no modifier.
Not checked: no modifier columns.
"""

from cpt77092.rule import Denial, FixKind, Remedy, Rewrite, Rule, Severity, col, guide_837p

_BY_THE_CHART = Remedy("Enter the modifier the chart supports, or leave the cell blank.")

RULE = Rule(
    severity=Severity.ERROR,
    flag=col("malformed_modifiers") != "",
    source=guide_837p("SV101-3 to SV101-6; CMS-1500 box 24D"),
    message="Modifier must be two capital letters or digits: {malformed_modifiers}.",
    remedy=_BY_THE_CHART,
    other_remedies=(
        # What is not valid with the code in capitals either was meant to be something else.
        Remedy(_BY_THE_CHART.text, when=col("inapplicable_modifiers_found") != ""),
        Remedy(
            "Write the modifiers as {modifiers}.",
            kind=FixKind.SAFE,
            change=Rewrite.CAPITALS,
            when=col("has_fixable_modifiers"),
        ),
    ),
    denial=Denial("CO", "16", "N823"),
    since="0.1.0",
)
