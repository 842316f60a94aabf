"""Patient who pays without a plan.

Why: payer rules do not apply to a service that no plan pays for, so they are not used on these
lines. A payer read as self-pay by mistake would go unchecked, so it is named once.
Basis: the words under `others: self-pay` in default.yaml.
Clear: another payer; or an earlier line already reported this payer.
Not checked: never; a file that names no payer is refused.
"""

from cpt77092.rule import POLICY_FILES, Rule, Severity, col

RULE = Rule(
    severity=Severity.INFO,
    includes_voids=True,
    flag=col("payer_is_self_pay") & col("is_first_line_of_payer"),
    source=POLICY_FILES,
    message="{payer_label} is self-pay; payer rules were not used.",
    remedy="If a plan pays, name its policy under payers in scrub.yaml.",
    since="0.4.0",
)
