"""Modifiers 26 and TC on one line.

Why: 26 says only the read is billed and TC says only the technical part; a line that says both is
denied as an invalid combination.
Basis: the meaning of 26 and TC in the fee schedule's PC/TC indicators: each stands for one part,
and the whole service is billed with neither.
Clear: at most one of the two stands on the line.
Not checked: no modifier columns; a modifier that cannot be read, beside 26, TC or neither.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, FAMILY, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The line carries both 26 and TC."""
    return pl.col("has_modifier_26") & pl.col("has_modifier_tc")


def _is_of_the_family() -> pl.Expr:
    return pl.col("hcpcs_code").is_in(sorted(FAMILY))


RULE = Rule(
    doc=__doc__ or "",
    code="MO005",
    name="modifier-26-with-tc",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="{hcpcs_code} carries both 26 and TC, which say opposite things.",
    remedies=(
        Remedy(
            when=_is_of_the_family,
            text="Take TC off: the TBS codes have a code of their own for each part.",
        ),
        Remedy(text="Keep the one for the work done; bill the whole service with neither."),
    ),
    source=Source(
        title="CMS physician fee schedule, file documentation",
        at="Attachment A, PC/TC indicators",
        confidence=Confidence.PRIMARY,
    ),
    group="CO",
    carc="4",
    rarc="N519",
    since="0.1.0",
)
