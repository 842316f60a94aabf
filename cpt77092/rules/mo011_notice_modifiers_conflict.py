"""Conflicting ABN modifiers.

Why: an ABN modifier tells the payer whether the patient was warned in writing that the service may
not be paid. Two that conflict make the line unprocessable.
Basis: the payer's list of ABN modifiers that cannot be billed together.
Clear: no such pair is on the line.
Not checked: no list in effect for the payer and date; no modifier columns.
"""

from cpt77092.rule import Denial, Rule, Severity, col

RULE = Rule(
    severity=Severity.ERROR,
    flag=col("notice_conflicts") != "",
    parameter="notice_modifiers",
    message="Cannot be billed together: {notice_conflicts}.",
    remedy=(
        "Keep one. Signed ABN: GA, or GX if it was voluntary. No ABN: GZ. Statutorily excluded: GY."
    ),
    denial=Denial("CO", "4", "N519"),
    since="0.1.0",
)
