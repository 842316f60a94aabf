"""Payer without a policy.

Why: a payer that matches no policy is checked against the default one, whose values may not be its
own. A misspelled name would go unnoticed.
Basis: the names and payer IDs under `matches` in the policy files.
Clear: the payer matches a policy; or an earlier line already reported this payer.
Not checked: never; a file that names no payer is refused.
"""

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity, Source

RULE = Rule(
    module=__name__,
    severity=Severity.INFO,
    codes=CHECKED,
    flag=~pl.col("payer_is_known") & pl.col("is_first_line_of_payer"),
    source=Source(title="Policy files of this run", at="matches: names and payer_ids"),
    message="No policy found for {payer_label}; the default policy was used.",
    remedy=Remedy(
        "Add this name under matches in a policy file, or name a listed payer with --payer."
    ),
    since="0.1.0",
)
