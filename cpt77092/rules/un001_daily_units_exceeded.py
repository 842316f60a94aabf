"""More units of a code on one day than the payer accepts.

Why: each TBS and bone-density code stands for one service a day; the payer denies the units over
its maximum, and some deny the whole line.
Basis: the payer's daily maximum; for most payers the CMS medically unlikely edits (MUE).
Clear: the units of the code for the person, billing provider and day are at or under the maximum.
A void (frequency 8) adds no units; a replacement (7) is counted within its own claim only. A line
that repeats an earlier one is FR001's; the other lines of the day still count its units.
Not checked: no maximum in force on the date; units blank or unreadable; across claims, no person
or billing provider. A line or claim over the maximum by itself needs neither.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, FixKind, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The units known for certain are over the maximum, or all are known and are over it."""
    most = param("max_units_per_day")
    is_over = (pl.col("units_on_day_at_least") > most) | (pl.col("units_on_day") > most)
    return is_over & ~pl.col("surely_repeats_earlier_line")


def _is_over_by_itself() -> pl.Expr:
    return pl.col("service_unit_quantity") > param("max_units_per_day")


def _is_a_part() -> pl.Expr:
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
        "{units_on_day_at_least} units of {hcpcs_code} on {claim_line_start_date}, "
        "{service_unit_quantity} on this line; at most {max_units_per_day} a day, "
        "says {decided_by}."
    ),
    remedies=(
        Remedy(
            when=_is_over_by_itself,
            text="Bill {max_units_per_day} unit, if the record shows one service.",
            kind=FixKind.UNSAFE,
        ),
        Remedy(
            when=_is_a_part,
            text=(
                "Other lines of the day bill it too: bill it once with neither 26 nor TC, if they "
                "are two parts of one service; else keep one, if the record shows one service."
            ),
            kind=FixKind.UNSAFE,
        ),
        Remedy(
            text="Other lines of the day bill it too: keep one, if the record shows one service.",
            kind=FixKind.UNSAFE,
        ),
    ),
    group="CO",
    carc="151",
    rarc="N362",
    since="0.1.0",
)
