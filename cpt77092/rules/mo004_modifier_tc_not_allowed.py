"""Modifier TC on a code where it is not allowed.

Why: each TBS component has its own code, so TC contradicts the code and the line is denied.
Basis: the payer's published rule, or the default policy: PC/TC indicators 2, 3 and 4 of the
physician fee schedule, where TC cannot be used.
Clear: no modifier TC, or the policy allows it.
Not checked: no rule in effect for the code and date; no modifier columns; an unreadable modifier,
which might be TC.
"""

from cpt77092.rule import FAMILY, Denial, Rule, Severity, col, param

RULE = Rule(
    severity=Severity.ERROR,
    codes=FAMILY,
    flag=col("has_modifier_tc") & (param("modifier_tc") == "not_allowed"),
    parameter="modifier_tc",
    message="Modifier TC is not valid with {hcpcs_code}.",
    # Removing TC alone would leave a code for work that may not have been done.
    remedy=(
        "Bill the code for the work done, without TC: 77091 calculation, 77090 image "
        "preparation, 77092 interpretation."
    ),
    denial=Denial("CO", "4", "N823"),
    since="0.1.0",
)
