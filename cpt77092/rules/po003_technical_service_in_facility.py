"""A technical service on a professional claim in a facility place.

Why: in a facility the equipment and staff are the facility's, which bills them itself; a
professional claim for them is denied.
Basis: the payer's statement that it does not pay technical work there, and its list of facility
places.
Clear: the place is no facility, or the payer pays; a bone-density scan without TC (MO012 speaks of
one without 26 too). A blank or unassigned place is no facility place (PO002 speaks of it).
Not checked: no list of facility places or no position on technical work in force for the payer and
the date; no place column; of a scan, modifiers that are absent or cannot be read.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import COMPANIONS, TECHNICAL, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The place is a facility, where the policy does not pay technical work."""
    is_technical = pl.col("hcpcs_code").is_in(sorted(TECHNICAL)) | pl.col("bills_technical_part")
    is_unpaid = param("technical_in_facility") == "not_payable"
    return pl.col("in_facility_place") & is_technical & is_unpaid


RULE = Rule(
    doc=__doc__ or "",
    code="PO003",
    name="technical-service-in-facility",
    severity=Severity.ERROR,
    codes=TECHNICAL | COMPANIONS,
    flag=flag,
    parameter="technical_in_facility",
    message=(
        "{hcpcs_code} is technical work, which {payer_label} does not pay "
        "on a professional claim in facility place {place_of_service_code}."
    ),
    remedies=(
        Remedy(text="Leave {hcpcs_code} to the facility's claim, unless the place is wrong."),
    ),
    group="CO",
    carc="58",
    rarc="N428",
    since="0.1.0",
)
