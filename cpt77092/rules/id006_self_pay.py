"""Patient who pays without a plan.

Why: payer rules do not apply to a service that no plan pays for, so they are not used on these
lines. A payer read as self-pay by mistake would go unchecked, so it is named once.
Basis: the words under `others: self-pay` in default.yaml.
Clear: another payer; or an earlier line already reported this payer.
Not checked: never; a file that names no payer is refused.
"""

import polars as pl

from cpt77092.rule import CHECKED, POLICY_FILES, Remedy, Rule, Severity

RULE = Rule(
    severity=Severity.INFO,
    codes=CHECKED,
    includes_voids=True,
    flag=pl.col("payer_is_self_pay") & pl.col("is_first_line_of_payer"),
    source=POLICY_FILES,
    message="{payer_label} is self-pay; payer rules were not used.",
    remedy=Remedy("If a plan pays, name its policy under payers in scrub.yaml."),
    since="0.4.0",
)
