"""Modifier GZ on a line that the payer denies for it.

Why: GZ states that the service will be denied as not medically necessary and that no ABN was
signed. The line is denied without a look at it, and the patient cannot be billed.
Basis: the payer's published rule on GZ.
Clear: no modifier GZ.
Not checked: no rule on GZ in effect for the payer and date; no modifier columns; an unreadable
modifier, which might be GZ.
"""

from cpt77092.rule import Denial, Rule, Severity, col, param

RULE = Rule(
    severity=Severity.ERROR,
    flag=col("has_modifier_gz") & (param("modifier_gz") == "denied"),
    parameter="modifier_gz",
    message="{decided_by} denies lines with GZ automatically; the patient cannot be billed.",
    remedy=(
        "Remove GZ if the chart shows medical necessity; use GA if the patient signed an ABN "
        "before the service."
    ),
    denial=Denial("CO", "50"),
    since="0.4.0",
)
