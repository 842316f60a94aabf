"""Payer without a policy.

Why: a payer that matches no policy is checked against the default one, whose values may not be its
own. A misspelled name would go unnoticed.
Basis: the brands, words and payer IDs under `matches` in the policy files. Where a name can be read
in two ways it matches none.
Clear: the payer matches a policy, is self-pay, or has a policy under payers in scrub.yaml; or an
earlier line already reported this payer.
Not checked: never; a file that names no payer is refused.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Message, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The line is the first of a payer that matches no policy."""
    return ~pl.col("payer_is_known") & pl.col("is_first_line_of_payer")


def _has_proposal() -> pl.Expr:
    return pl.col("payer_proposal").is_not_null()


def _has_kind() -> pl.Expr:
    return pl.col("payer_kind").is_not_null()


RULE = Rule(
    doc=__doc__ or "",
    code="ID005",
    name="payer-unrecognized",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    message="No policy found for {payer_label}; the default policy was used.",
    other_messages=(
        Message(
            when=_has_proposal,
            text=(
                "No policy found for {payer_label} (did you mean {payer_proposal}?); the default "
                "policy was used."
            ),
        ),
        Message(
            when=_has_kind,
            text=(
                "No policy found for {payer_label}, read as {payer_kind}; the default policy was "
                "used."
            ),
        ),
    ),
    remedies=(
        Remedy(
            text=(
                "Name its policy under payers in scrub.yaml; default is an answer, too. Or name a "
                "listed payer with --payer."
            )
        ),
    ),
    source=Source(
        title="Policy files of this run",
        at="matches: brands, words and payer IDs",
        confidence=Confidence.PRIMARY,
    ),
    since="0.1.0",
)
