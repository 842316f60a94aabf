"""A repeat modifier on a service paid once a day.

Why: 76 and 77 say the service was done again that day; where the daily maximum is one, the second
is denied whatever the modifier says.
Basis: the payer's daily maximum; for most payers the CMS medically unlikely edits (MUE).
Clear: neither 76 nor 77 on the line, or a daily maximum other than one.
Not checked: no maximum in force on the date; no modifier columns; a modifier that cannot be read.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The line carries 76 or 77 and the daily maximum is one."""
    return pl.col("has_repeat_modifier") & (param("max_units_per_day") == 1)


RULE = Rule(
    doc=__doc__ or "",
    code="MO013",
    name="repeat-modifier-on-single-service",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    parameter="max_units_per_day",
    message=(
        "Modifier {repeat_modifiers} marks a repeat of {hcpcs_code}, paid once a day, "
        "says {decided_by}."
    ),
    remedies=(
        Remedy(
            text="Bill one service; if it was done twice, be ready to appeal with both reports."
        ),
    ),
    group="CO",
    carc="151",
    rarc="N362",
    since="0.1.0",
)
