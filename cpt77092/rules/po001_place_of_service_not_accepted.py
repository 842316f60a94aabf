"""Place of service not accepted by the payer.

Why: a payer that lists the POS codes it pays denies any other.
Basis: the payer's own list of accepted POS codes for the code.
Clear: the POS is on the list. A blank, malformed or unassigned POS is left to PO002.
Not checked: no list in effect for the payer, code and date; no POS column.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """An assigned POS that is not on the payer's list."""
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
        "{decided_by} does not accept POS {place_of_service_code} for {hcpcs_code}; accepted: "
        "{accepted_places}."
    ),
    remedies=(
        Remedy(
            text=(
                "Enter the POS where the patient was seen; if it is {place_of_service_code}, "
                "ask {payer_label} before submitting."
            )
        ),
    ),
    group="CO",
    carc="5",
    rarc="M77",
    since="0.2.0",
)
