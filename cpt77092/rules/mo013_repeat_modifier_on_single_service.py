"""Repeat modifier on a service paid once a day.

Why: 76 and 77 mark a service repeated that day. Where the unit limit is one, the second is denied
with or without them.
Basis: the payer's unit limit per day; for most payers CMS's MUE. An MUE with adjudication indicator
(MAI) 2 is absolute; one with 3 may be appealed.
Clear: neither 76 nor 77 on the line, or a unit limit other than one.
Not checked: no limit in effect on the date; no modifier columns; an unreadable modifier.
"""

from cpt77092.rule import Denial, Message, Remedy, Rule, Severity, col, limit_is_mue, param

RULE = Rule(
    severity=Severity.WARNING,
    flag=col("has_repeat_modifier") & (param("max_units_per_day") == 1),
    parameter="max_units_per_day",
    message=(
        "Modifier {repeat_modifiers} marks a repeat; {decided_by}'s unit limit for "
        "{hcpcs_code} is {max_units_per_day} per day."
    ),
    other_messages=(
        Message(
            "Modifier {repeat_modifiers} marks a repeat; CMS's MUE for "
            "{hcpcs_code} is {max_units_per_day} per day.",
            when=limit_is_mue(),
        ),
    ),
    remedy="Bill one service; if it was done twice, be ready to appeal with both reports.",
    other_remedies=(
        Remedy(
            "Bill one service; no appeal overrides this MUE (MAI 2).",
            when=limit_is_mue() & (param("mue_adjudication_indicator") == "2"),
        ),
    ),
    denial=Denial("CO", "151", "N362"),
    since="0.1.0",
)
