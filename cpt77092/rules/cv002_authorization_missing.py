"""Prior authorization number missing where the payer requires one.

Why: the payer denies the line without the number, and authorization is rarely given afterwards.
Basis: the payer's prior authorization rule; the number is CMS-1500 box 23 and 837P REF*G1.
Clear: a number is entered (whether it fits the service is not tested), or none is required.
Not checked: no authorization rule in effect for the payer and date; no authorization number column.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import FAMILY, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The policy requires authorization and the number is blank."""
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
    message="Prior authorization number is blank; {decided_by} requires one for {hcpcs_code}.",
    remedies=(
        Remedy(
            text=(
                "Enter the number from {payer_label}'s approval; if there is none, request "
                "authorization before submitting."
            )
        ),
    ),
    group="CO",
    carc="197",
    since="0.2.0",
)
