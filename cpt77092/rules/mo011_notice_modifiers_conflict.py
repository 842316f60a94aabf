"""Two notice modifiers that may not stand together.

Why: a notice modifier says whether the patient was warned, in writing, that the service may not be
paid; two that say different things make the line unprocessable.
Basis: the payer's list of notice modifiers that exclude each other.
Clear: no such pair stands on the line.
Not checked: no list in force for the payer and the date; no modifier columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """At least one pair of the payer's conflicting notice modifiers stands on the line."""
    return pl.col("notice_conflicts") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="MO011",
    name="notice-modifiers-conflict",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    parameter="notice_modifiers",
    message="Notice modifiers that may not stand together: {notice_conflicts}.",
    remedies=(Remedy(text="Keep the one that fits the notice on file, if there is one."),),
    group="CO",
    carc="4",
    rarc="N519",
    since="0.1.0",
)
