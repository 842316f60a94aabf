"""Place of service that is unusual for the read.

Why: an unusual place is more often a slip than a fact, and some payers ask for records.
Basis: the usual sites that the policy's source names; the publication names them for 77092 only.
Clear: a usual place; a place that PO002 speaks of; or a payer with an accept list of its own, which
decides instead.
Not checked: no usual places in force for the code and the date; no place column.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import INTERPRETATION, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """An assigned place that is not usual, where the payer published no accept list."""
    is_unusual = pl.col("place_is_assigned") & ~pl.col("place_is_typical")
    return is_unusual & ~pl.col("has_place_list")


RULE = Rule(
    doc=__doc__ or "",
    code="PO005",
    name="place-of-service-untypical",
    severity=Severity.INFO,
    codes=INTERPRETATION,
    flag=flag,
    parameter="typical_place_of_service",
    message="Place of service {place_of_service_code} is unusual for {hcpcs_code}.",
    remedies=(Remedy(text="Check that the patient was examined there."),),
    since="0.1.0",
)
