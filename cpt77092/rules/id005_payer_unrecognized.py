"""Payer without a policy on file.

Why: a payer that matches no policy is judged by the default one, whose values may not be its own;
a misspelt name would go unnoticed.
Basis: the names and payer ids under `matches` in the policy files.
Clear: the payer matches a policy; or the line is a later one of a payer already named, since one
finding for each name is enough.
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
    message="No policy is on file for {payer_label}; the default policy was applied.",
    remedies=(
        Remedy(
            text="Add the name to a policy file under matches, or use --payer with a known one."
        ),
    ),
    source=Source(
        title="Policy files of this run",
        at="matches: names and payer_ids",
        confidence=Confidence.PRIMARY,
    ),
    since="0.1.0",
)
