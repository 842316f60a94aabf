"""Modifier GY on a line that the payer denies for it.

Why: GY states that the law excludes the service. The payer denies the line, and the patient or
another plan owes it.
Basis: the payer's published rule on GY.
Clear: no modifier GY.
Not checked: no rule on GY in effect for the payer and date; no modifier columns; an unreadable
modifier, which might be GY.
"""

from cpt77092.rule import Denial, Rule, Severity, col, param

RULE = Rule(
    severity=Severity.WARNING,
    flag=col("has_modifier_gy") & (param("modifier_gy") == "denied"),
    parameter="modifier_gy",
    message="{decided_by} denies lines with GY as statutorily excluded; the patient owes them.",
    remedy=(
        "Remove GY if the service is not statutorily excluded; otherwise bill the patient or the "
        "next plan."
    ),
    denial=Denial("PR", "96"),
    since="0.4.0",
)
