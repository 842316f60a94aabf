"""Place of service that the payer does not accept.

Why: a payer that lists the places in which it pays a service denies it in any other.
Basis: the payer's own list of accepted places for the code.
Clear: the place is on the list. A blank, malformed or unassigned place is on none (PO002 speaks).
Not checked: no list in force for the payer, the code and the date; no place column.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """An assigned place that is not on the payer's list."""
    return pl.col("place_is_assigned") & ~pl.col("place_is_accepted")


RULE = Rule(
    doc=__doc__ or "",
    code="PO001",
    name="place-of-service-not-accepted",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    parameter="place_of_service",
    message=(
        "Place of service {place_of_service_code} is not among those that {decided_by} accepts "
        "for {hcpcs_code}: {accepted_places}."
    ),
    remedies=(
        Remedy(
            text=(
                "Enter the place where the patient was examined; if it is {place_of_service_code}, "
                "ask {payer_label} before you submit."
            )
        ),
    ),
    group="CO",
    carc="5",
    rarc="M77",
    since="0.2.0",
)
