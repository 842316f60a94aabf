"""A bone-density scan billed whole in a facility place.

Why: in a facility the scan's technical part is the facility's to bill; a professional line with
neither 26 nor TC claims it too, and is denied or cut.
Basis: the places that the policy treats as facilities; the scan codes split into 26 and TC (PC/TC
indicator 1).
Clear: the place is no facility, or 26 or TC stands on the line. A blank or unassigned place is no
facility place (PO002 speaks of it).
Not checked: no list of facility places in force for the payer and the date; no place column; no
modifier columns; a modifier that cannot be read.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import COMPANIONS, FixKind, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """The scan has a facility place and neither 26 nor TC."""
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
        "{hcpcs_code} in facility place {place_of_service_code} has neither 26 nor TC, "
        "so it claims the whole service."
    ),
    remedies=(Remedy(text="Add modifier 26, if only the read is billed.", kind=FixKind.UNSAFE),),
    group="CO",
    carc="16",
    rarc="N822",
    since="0.1.0",
)
