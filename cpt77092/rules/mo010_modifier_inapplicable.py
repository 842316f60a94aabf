"""Modifier that is not valid with the code.

Why: a modifier for another kind of service (a side of the body, a second procedure, a laboratory
test) contradicts the code, and many payers deny the line.
Basis: the policy's list of modifiers that are not valid with the code.
Clear: no modifier of the line is on the list.
Not checked: no list in effect for the code and date; no modifier columns.
"""

from cpt77092.rule import Denial, FixKind, Remedy, Rule, Severity, col

RULE = Rule(
    severity=Severity.WARNING,
    flag=col("inapplicable_modifiers_found") != "",
    parameter="inapplicable_modifiers",
    message="Modifier not valid with {hcpcs_code}: {inapplicable_modifiers_found}.",
    remedy=Remedy(
        "Remove {inapplicable_modifiers_found}, unless the chart shows a reason for it.",
        kind=FixKind.UNSAFE,
    ),
    denial=Denial("CO", "4", "N823"),
    since="0.1.0",
)
