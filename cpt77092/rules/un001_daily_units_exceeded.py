"""More units in a day than the payer's limit.

Why: each TBS and bone density code is one service per day. Over an MUE, Medicare denies all units
of the day; other payers deny the units over their limit.
Basis: the payer's unit limit per day; for most payers CMS's MUE. No text found adds 26 and TC of
one service up, so that is a warning; none settles whether the edit for duplicates runs first.
Clear: the units of the code for the patient, billing provider and day are within the limit. A void
(8), and what is voided or replaced, adds no units. A duplicate line is left to FR001; the other
lines of the day still count its units.
Not checked: no limit in effect on the date; blank or unreadable units; across claims, no patient ID
or billing NPI (a line or claim over the limit by itself needs neither); a void or replacement that
the payer may not accept.
"""

from cpt77092.rule import (
    Denial,
    FixKind,
    Message,
    Remedy,
    Rule,
    Severity,
    across,
    col,
    limit_is_mue,
    param,
)

_IS_COMPONENT = col("has_modifier_26") | col("has_modifier_tc")

RULE = Rule(
    severity=Severity.ERROR,
    error_when=col("is_over_in_one_component"),
    # The units that are certain are over the limit, or all are known and are over it.
    flag=across(
        (
            (col("units_on_day_at_least") > param("max_units_per_day"))
            | (col("units_on_day") > param("max_units_per_day"))
        )
        & ~col("surely_repeats_earlier_line")
    ),
    parameter="max_units_per_day",
    message=(
        "{units_on_day_at_least} units of {hcpcs_code} on {claim_line_start_date} "
        "({units_by_line}); {decided_by}'s unit limit is "
        "{max_units_per_day} per day."
    ),
    other_messages=(
        Message(
            "{units_on_day_at_least} units of {hcpcs_code} on {claim_line_start_date} "
            "({units_by_line}); CMS's MUE is "
            "{max_units_per_day} per day.",
            when=limit_is_mue(),
        ),
    ),
    remedy=Remedy(
        "Keep one of the day's lines if the chart shows one service.", kind=FixKind.UNSAFE
    ),
    other_remedies=(
        Remedy(
            "Reduce the units to {max_units_per_day} if the chart shows only {max_units_per_day}.",
            kind=FixKind.UNSAFE,
            when=col("service_unit_quantity") > param("max_units_per_day"),
        ),
        Remedy(
            "Keep the line with 26 if the day's lines are two components of one service; the "
            "facility bills the technical component.",
            kind=FixKind.UNSAFE,
            when=_IS_COMPONENT & col("in_facility_place"),
        ),
        Remedy(
            "Bill it once with neither 26 nor TC if both components were done here; keep two lines "
            "if one was purchased (anti-markup), or one if the chart shows one service.",
            kind=FixKind.UNSAFE,
            when=_IS_COMPONENT,
        ),
    ),
    denial=Denial("CO", "151", "N362"),
    since="0.1.0",
)
