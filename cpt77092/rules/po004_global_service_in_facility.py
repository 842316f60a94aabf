"""The whole service on a professional claim in a facility place.

Why: in a facility the technical part is the facility's to bill; the professional side did the read,
which has a code of its own.
Basis: the payer's statement that it does not pay technical work there, and its list of facility
places.
Clear: the place is no facility, or the payer pays. A blank or unassigned place is no facility
place (PO002 speaks of it).
Not checked: no list of facility places or no position on technical work in force for the payer and
the date; no place column.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import GLOBAL, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The place is a facility, where the policy does not pay technical work."""
    return pl.col("in_facility_place") & (param("technical_in_facility") == "not_payable")


RULE = Rule(
    doc=__doc__ or "",
    code="PO004",
    name="global-service-in-facility",
    severity=Severity.WARNING,
    codes=GLOBAL,
    flag=flag,
    parameter="technical_in_facility",
    message=(
        "{hcpcs_code} includes technical work, which {payer_label} does not pay "
        "on a professional claim in facility place {place_of_service_code}."
    ),
    remedies=(Remedy(text="Bill 77092 for the read, unless the place is wrong."),),
    group="CO",
    carc="58",
    rarc="N428",
    since="0.1.0",
)
