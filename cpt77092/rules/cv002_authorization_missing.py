"""Prior authorization missing where the payer requires it.

Why: a service that needed the payer's leave beforehand is denied without the number of that leave,
and leave is seldom given afterwards.
Basis: the payer's statement that it requires prior authorization; claim form box 23 and 837P REF*G1
carry the number.
Clear: a number is there (whether it fits the service is not tested), or none is required.
Not checked: no position in force for the payer and the date; no authorization number column.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import FAMILY, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The policy requires authorization and the cell is blank."""
    is_blank = pl.col("prior_authorization_number") == ""
    return is_blank & (param("prior_authorization") == "required")


RULE = Rule(
    doc=__doc__ or "",
    code="CV002",
    name="authorization-missing",
    severity=Severity.ERROR,
    codes=FAMILY,
    flag=flag,
    parameter="prior_authorization",
    message=(
        "The prior authorization number is blank; {decided_by} requires one for {hcpcs_code}."
    ),
    remedies=(
        Remedy(
            text=(
                "Enter the number from {payer_label}'s approval; if there is none, ask for it "
                "before you submit."
            )
        ),
    ),
    group="CO",
    carc="197",
    since="0.2.0",
)
