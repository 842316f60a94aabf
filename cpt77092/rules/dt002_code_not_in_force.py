"""The code did not exist on the service date.

Why: a payer denies a code that was not, or is no longer, in force on the day of the service.
Basis: the first and last day of the code in the policy, from national coding tables.
Clear: the date lies within the days in which the code is in force.
Not checked: no dates on file for the code; a service date that is blank or cannot be read.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import FAMILY, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The code is not in force on the line's date."""
    return ~param("in_force")


RULE = Rule(
    doc=__doc__ or "",
    code="DT002",
    name="code-not-in-force",
    severity=Severity.ERROR,
    codes=FAMILY,
    flag=flag,
    parameter="in_force",
    message="{hcpcs_code} was not a code in force on {claim_line_start_date}.",
    remedies=(
        Remedy(text="Check the date; if it is right, bill a code that was in force that day."),
    ),
    group="CO",
    carc="181",
    rarc="N56",
    since="0.1.0",
)
