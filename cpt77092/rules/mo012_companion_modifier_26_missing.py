"""Bone density study billed globally in a facility.

Why: in a facility the technical component is the facility's to bill. A professional line with
neither 26 nor TC bills it too, and is denied or reduced.
Basis: the POS codes that the policy treats as facilities; bone density codes split into 26 and TC
(PC/TC indicator 1).
Clear: the POS is not a facility, or the line has 26 or TC. A blank or unassigned POS is not a
facility (PO002).
Not checked: no list of facility POS codes in effect for the payer and date; no POS column; no
modifier columns; an unreadable modifier.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import COMPANIONS, FixKind, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """The study is in a facility POS with neither 26 nor TC."""
    has_part = pl.col("has_modifier_26") | pl.col("has_modifier_tc")
    return pl.col("in_facility_place") & ~has_part


RULE = Rule(
    doc=__doc__ or "",
    code="MO012",
    name="companion-modifier-26-missing",
    severity=Severity.ERROR,
    codes=COMPANIONS,
    flag=flag,
    parameter="facility_place_of_service",
    message=(
        "{hcpcs_code} billed globally in POS {place_of_service_code}; the facility bills the "
        "technical component."
    ),
    remedies=(
        Remedy(text="Add 26 if the chart shows the interpretation only.", kind=FixKind.UNSAFE),
    ),
    group="CO",
    carc="16",
    rarc="N822",
    since="0.1.0",
)
