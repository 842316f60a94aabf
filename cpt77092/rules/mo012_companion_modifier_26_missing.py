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

import polars as pl

from cpt77092.rule import COMPANIONS, Denial, FixKind, Remedy, Rule, Severity

RULE = Rule(
    module=__name__,
    severity=Severity.ERROR,
    codes=COMPANIONS,
    flag=pl.col("in_facility_place") & ~(pl.col("has_modifier_26") | pl.col("has_modifier_tc")),
    parameter="facility_place_of_service",
    message=(
        "{hcpcs_code} billed globally in POS {place_of_service_code}; the facility bills the "
        "technical component."
    ),
    remedy=Remedy("Add 26 if the chart shows the interpretation only.", kind=FixKind.UNSAFE),
    denial=Denial("CO", "16", "N822"),
    since="0.1.0",
)
