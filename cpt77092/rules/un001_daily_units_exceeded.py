"""More units in a day than the payer's limit.

Why: each TBS and bone density code is one service per day. The payer denies the units over its
limit, and some deny the whole line.
Basis: the payer's unit limit per day; for most payers CMS's MUE.
Clear: the units of the code for the patient, billing provider and day are within the limit. A void
(frequency 8) adds no units; a replacement (7) is counted within its own claim only. A duplicate
line is left to FR001; the other lines of the day still count its units.
Not checked: no limit in effect on the date; blank or unreadable units; across claims, no patient ID
or billing NPI. A line or claim over the limit by itself needs neither.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, FixKind, Message, Remedy, Rule, Severity, limit_is_mue, param


def flag() -> pl.Expr:
    """The units that are certain are over the limit, or all are known and are over it."""
    most = param("max_units_per_day")
    is_over = (pl.col("units_on_day_at_least") > most) | (pl.col("units_on_day") > most)
    return is_over & ~pl.col("surely_repeats_earlier_line")


def _is_over_by_itself() -> pl.Expr:
    return pl.col("service_unit_quantity") > param("max_units_per_day")


def _has_component_modifier() -> pl.Expr:
    return pl.col("has_modifier_26") | pl.col("has_modifier_tc")


RULE = Rule(
    doc=__doc__ or "",
    code="UN001",
    name="daily-units-exceeded",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    parameter="max_units_per_day",
    message=(
        "{units_on_day_at_least} units of {hcpcs_code} on {claim_line_start_date} "
        "({units_by_line}); {decided_by}'s unit limit is "
        "{max_units_per_day} per day."
    ),
    other_messages=(
        Message(
            when=limit_is_mue,
            text=(
                "{units_on_day_at_least} units of {hcpcs_code} on {claim_line_start_date} "
                "({units_by_line}); CMS's MUE is "
                "{max_units_per_day} per day."
            ),
        ),
    ),
    remedies=(
        Remedy(
            when=_is_over_by_itself,
            text=(
                "Reduce the units to {max_units_per_day} if the chart shows only "
                "{max_units_per_day}."
            ),
            kind=FixKind.UNSAFE,
        ),
        Remedy(
            when=_has_component_modifier,
            text=(
                "Bill it once with neither 26 nor TC if the day's lines are two components of "
                "one service; otherwise keep one if the chart shows one service."
            ),
            kind=FixKind.UNSAFE,
        ),
        Remedy(
            text="Keep one of the day's lines if the chart shows one service.",
            kind=FixKind.UNSAFE,
        ),
    ),
    group="CO",
    carc="151",
    rarc="N362",
    since="0.1.0",
)
