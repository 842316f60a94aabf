"""Patient who pays without a plan.

Why: payer rules do not apply to a service that no plan pays for, so they are not used on these
lines. A payer read as self-pay by mistake would go unchecked, so it is named once.
Basis: the words under `others: self-pay` in default.yaml.
Clear: another payer; or an earlier line already reported this payer.
Not checked: never; a file that names no payer is refused.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The line is the first of a payer that is the patient."""
    return pl.col("payer_is_self_pay") & pl.col("is_first_line_of_payer")


RULE = Rule(
    doc=__doc__ or "",
    code="ID006",
    name="self-pay",
    severity=Severity.INFO,
    codes=CHECKED,
    flag=flag,
    message="{payer_label} is self-pay; payer rules were not used.",
    remedies=(Remedy(text="If a plan pays, name its policy under payers in scrub.yaml."),),
    source=Source(
        title="Policy files of this run",
        at="default: others, self-pay",
        confidence=Confidence.PRIMARY,
    ),
    since="0.3.0",
)
