"""Modifier TC on a code where it is not allowed.

Why: the family splits the service by code, so TC contradicts the code it stands on and the line is
denied.
Basis: the payer's own statement, or the default policy: PC/TC indicators 2, 3 and 4 of the
physician fee schedule, where TC cannot be used.
Clear: no modifier TC, or the policy allows it.
Not checked: no position in force for the code and the date; no modifier columns; a modifier that
cannot be read, which might be the TC.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import FAMILY, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The line carries TC and the policy in force does not allow it."""
    return pl.col("has_modifier_tc") & (param("modifier_tc") == "not_allowed")


RULE = Rule(
    doc=__doc__ or "",
    code="MO004",
    name="modifier-tc-not-allowed",
    severity=Severity.ERROR,
    codes=FAMILY,
    flag=flag,
    parameter="modifier_tc",
    message="Modifier TC is not valid on {hcpcs_code}.",
    remedies=(
        # Dropping TC from a read or a global code would change what is billed.
        Remedy(
            text=(
                "Bill the code for the work done, without TC: 77091 is the calculation, "
                "77090 the image data, 77092 the read."
            )
        ),
    ),
    group="CO",
    carc="4",
    rarc="N823",
    since="0.1.0",
)
