"""Modifier 26 not in the first position.

Why: pricing modifiers are read first. After another modifier, 26 may be missed and the line priced
or denied as global.
Basis: the policy accepts 26 on the code; pricing modifiers first is common billing practice.
Clear: 26 is first or absent; a blank position does not count (MO009). Where the payer does not
allow 26, see MO001.
Not checked: no rule in effect for the payer, code and date; no modifier columns; an unreadable
modifier, which might be 26.
"""

from cpt77092.rule import FixKind, MoveFirst, Remedy, Rule, Severity, col, param

RULE = Rule(
    severity=Severity.WARNING,
    flag=param("modifier_26").is_in(["required", "expected", "accepted"])
    & (col("modifier_before_26") != ""),
    parameter="modifier_26",
    message="Modifier 26 comes after {modifier_before_26}; it belongs first.",
    remedy=Remedy(
        "Move 26 to the first position, before {modifier_before_26}.",
        kind=FixKind.SAFE,
        change=MoveFirst("26"),
    ),
    since="0.1.0",
)
