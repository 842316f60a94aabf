"""Repeat modifier on a service paid once a day.

Why: 76 and 77 mark a service repeated that day. Where the unit limit is one, the second is denied
with or without them.
Basis: the payer's unit limit per day; for most payers CMS's MUE.
Clear: neither 76 nor 77 on the line, or a unit limit other than one.
Not checked: no limit in effect on the date; no modifier columns; an unreadable modifier.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Message, Remedy, Rule, Severity, limit_is_mue, param


def flag() -> pl.Expr:
    """The line has 76 or 77 and the unit limit is one per day."""
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
        "Modifier {repeat_modifiers} marks a repeat; {decided_by}'s unit limit for "
        "{hcpcs_code} is {max_units_per_day} per day."
    ),
    other_messages=(
        Message(
            when=limit_is_mue,
            text=(
                "Modifier {repeat_modifiers} marks a repeat; CMS's MUE for "
                "{hcpcs_code} is {max_units_per_day} per day."
            ),
        ),
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
