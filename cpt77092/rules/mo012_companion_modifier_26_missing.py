"""Bone density study billed globally in a facility.

Why: in a facility the technical component is the facility's to bill. A professional line with
neither 26 nor TC bills it too, and is denied or reduced.
Basis: the POS codes that the policy treats as facilities; bone density codes split into 26 and TC
(PC/TC indicator 1). It is an error where the payer itself publishes that it does not pay the
technical component there, and a warning where the payer has no rule of its own.
Clear: the POS is not a facility, the line has 26 or TC, or the payer pays the technical component
there. A blank or unassigned POS is not a facility (PO002).
Not checked: no list of facility POS codes in effect for the payer and date; no POS column; no
modifier columns; an unreadable modifier.
"""

from cpt77092.rule import (
    COMPANIONS,
    AddFirst,
    Denial,
    FixKind,
    Remedy,
    Rule,
    Severity,
    col,
    decided_by,
    param,
)

RULE = Rule(
    severity=Severity.ERROR,
    codes=COMPANIONS,
    error_when=(param("technical_in_facility") == "not_payable")
    & (decided_by("technical_in_facility") == "payer"),
    flag=col("in_facility_place")
    & ~(col("has_modifier_26") | col("has_modifier_tc"))
    & ~col("technical_is_paid_in_facility"),
    parameter="facility_place_of_service",
    message=(
        "{hcpcs_code} billed globally in POS {place_of_service_code}; the facility bills the "
        "technical component."
    ),
    remedy=Remedy(
        "Add 26 if the chart shows the interpretation only.",
        kind=FixKind.UNSAFE,
        change=AddFirst("26"),
    ),
    denial=Denial("CO", "16", "N822"),
    since="0.1.0",
)
