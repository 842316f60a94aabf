"""Calculation and read billed apart by one entity.

Why: one code, 77089, stands for both; billed in two lines they look like two entities' work, and a
payer may ask which of the two was done elsewhere.
Basis: the code family itself: the global payment equals the sum of its parts in every fee schedule
from 2022 to 2026. Nothing read settles whether 77089 is then demanded, so this is a warning.
Clear: 77091 and 77092 are not both billed for the person, billing provider and date, or 77089 is
billed too, of which BU001 speaks.
Not checked: across claims, no person or billing provider; no date.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import INTERPRETATION, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The entity bills the calculation too that date, and not the whole."""
    return pl.col("day_bills_calculation") & ~pl.col("day_surely_bills_global")


def _is_facility() -> pl.Expr:
    return pl.col("in_facility_place")


RULE = Rule(
    doc=__doc__ or "",
    code="BU002",
    name="components-billed-as-parts",
    severity=Severity.WARNING,
    codes=INTERPRETATION,
    flag=flag,
    source=Source(
        title="CMS fee schedule 2025, PPRRVU25 October",
        at="77089 equals 77090, 77091 and 77092 together, as each year from 2022; third-party copy",
        url="https://github.com/alex-bea/cms_api",
        confidence=Confidence.PRIMARY,
    ),
    message="{hcpcs_code} and {calculation_billed} are billed apart by one provider.",
    remedies=(
        Remedy(
            when=_is_facility,
            text=(
                "In facility place {place_of_service_code}, bill {hcpcs_code} alone for the read; "
                "the technical part is the facility's."
            ),
        ),
        Remedy(text="Bill 77089 alone, if both were done here on this image."),
    ),
    since="0.2.0",
)
