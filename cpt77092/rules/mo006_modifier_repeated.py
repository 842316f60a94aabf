"""Modifier repeated on the line.

Why: claim edits reject a line that repeats a modifier.
Basis: CMS-1500 box 24D and 837P SV101-3 to SV101-6 hold two-character modifiers, each once.
Clear: every modifier is on the line once.
Not checked: no modifier columns.
"""

from cpt77092.rule import Denial, FixKind, Remedy, Rewrite, Rule, Severity, col, guide_837p

RULE = Rule(
    severity=Severity.ERROR,
    flag=col("repeated_modifiers") != "",
    source=guide_837p("SV101-3 to SV101-6; CMS-1500 box 24D"),
    message="Repeated modifier: {repeated_modifiers}.",
    remedy=Remedy(
        "Keep the first {repeated_modifiers} and remove the repeat.",
        kind=FixKind.SAFE,
        change=Rewrite.FIRST_OF_EACH,
    ),
    denial=Denial("CO", "4", "N519"),
    since="0.1.0",
)
