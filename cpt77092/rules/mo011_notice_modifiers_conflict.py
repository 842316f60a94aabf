"""Conflicting ABN modifiers.

Why: an ABN modifier tells the payer whether the patient was warned in writing that the service may
not be paid. Two that conflict make the line unprocessable.
Basis: the payer's list of ABN modifiers that cannot be billed together.
Clear: no such pair is on the line.
Not checked: no list in effect for the payer and date; no modifier columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """At least one pair of the payer's conflicting ABN modifiers is on the line."""
    return pl.col("notice_conflicts") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="MO011",
    name="notice-modifiers-conflict",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    parameter="notice_modifiers",
    message="Cannot be billed together: {notice_conflicts}.",
    remedies=(Remedy(text="Keep one. Signed ABN: GA, or GX if it was voluntary. No ABN: GZ."),),
    group="CO",
    carc="4",
    rarc="N519",
    since="0.1.0",
)
