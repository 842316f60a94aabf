"""Modifiers 26 and TC on the same line.

Why: 26 is the professional component only and TC the technical component only. A line with both is
denied as an invalid combination.
Basis: PC/TC indicators of the fee schedule: each modifier is one component, and the global service
has neither.
Clear: at most one of the two is on the line.
Not checked: no modifier columns; an unreadable modifier, unless both 26 and TC are on the line.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, FAMILY, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The line has both 26 and TC."""
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
    message="{hcpcs_code} has both 26 and TC; they cannot be billed together.",
    remedies=(
        Remedy(
            when=_is_of_the_family,
            text="Remove TC; each TBS component has its own code.",
        ),
        Remedy(
            text=(
                "Keep the modifier for the component billed; bill the global service with neither."
            )
        ),
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
