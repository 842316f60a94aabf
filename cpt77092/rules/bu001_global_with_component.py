"""The whole service billed with a part of it.

Why: 77089 contains 77090, 77091 and 77092. The payer pays one of the two and denies the other; by
the NCCI table it is the dearer 77089 that is denied.
Basis: the payer's code pairs, mostly the NCCI table.
Clear: no part on the claim, nor for the person, billing provider and date on another claim of the
payer. One finding, on the 77089 line. A void (8) bills nothing; a replacement (7) is looked at
within its own claim.
Not checked: no pairs in force for the payer and the date; across claims, no person or billing
provider. Within one claim neither is needed.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import GLOBAL, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """A part that is paid in its place stands on the claim, or that date on another."""
    return pl.col("denied_beside_part")


def _is_facility() -> pl.Expr:
    return pl.col("in_facility_place")


RULE = Rule(
    doc=__doc__ or "",
    code="BU001",
    name="global-with-component",
    severity=Severity.ERROR,
    codes=GLOBAL,
    flag=flag,
    parameter="pairs",
    message="{hcpcs_code} is the whole test; billed beside it: {parts_billed_beside}.",
    remedies=(
        Remedy(
            when=_is_facility,
            text=(
                "In facility place {place_of_service_code}, bill 77092 alone for the read; the "
                "technical part is the facility's."
            ),
        ),
        Remedy(
            text=(
                "Bill {hcpcs_code} alone, if the calculation and the read were both done here; "
                "without the read 77091 alone, without the calculation 77092 alone."
            ),
        ),
    ),
    group="CO",
    carc="236",
    rarc="M80",
    since="0.2.0",
)
