"""Blank modifier position before a filled one.

Why: some claim systems stop at the first blank position and miss the modifier after it.
Basis: common billing practice: modifiers fill CMS-1500 box 24D (837P SV101-3 to SV101-6) from the
left. No published rule found.
Clear: the filled positions come first, or all are blank.
Not checked: no modifier columns.
"""

from cpt77092.rule import Confidence, FixKind, Remedy, Rewrite, Rule, Severity, Source, col

RULE = Rule(
    severity=Severity.INFO,
    flag=col("has_modifier_gap"),
    source=Source(
        title="837P guide 005010X222A1",
        at="SV101-3 to SV101-6; CMS-1500 box 24D",
        confidence=Confidence.RECALLED,
    ),
    message="Blank modifier position before a filled one.",
    remedy=Remedy(
        "Move the modifiers up, in the same order: {modifiers}.",
        kind=FixKind.SAFE,
        change=Rewrite.NO_GAP,
    ),
    since="0.1.0",
)
