"""Payer without a policy.

Why: a payer that matches no policy is checked against the default one, whose values may not be its
own. A misspelled name would go unnoticed.
Basis: the names and payer IDs under `matches` in the policy files.
Clear: the payer matches a policy; or an earlier line already reported this payer.
Not checked: never; a file that names no payer is refused.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The line is the first of a payer that matches no policy."""
    return ~pl.col("payer_is_known") & pl.col("is_first_line_of_payer")


RULE = Rule(
    doc=__doc__ or "",
    code="ID005",
    name="payer-unrecognized",
    severity=Severity.INFO,
    codes=CHECKED,
    flag=flag,
    message="No policy found for {payer_label}; the default policy was used.",
    remedies=(
        Remedy(
            text=(
                "Add this name under matches in a policy file, or name a listed payer with --payer."
            )
        ),
    ),
    source=Source(
        title="Policy files of this run",
        at="matches: names and payer_ids",
        confidence=Confidence.PRIMARY,
    ),
    since="0.1.0",
)
