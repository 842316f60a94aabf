"""Code not in effect on the date of service.

Why: a payer denies a code that was not in effect on the date of service.
Basis: the first and last day of the code in the policy, from national code tables.
Clear: the date is within the days the code is in effect.
Not checked: no dates in the policy for the code; a blank or unreadable date of service.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import FAMILY, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The code is not in effect on the line's date."""
    return ~param("in_force")


RULE = Rule(
    doc=__doc__ or "",
    code="DT002",
    name="code-not-in-force",
    severity=Severity.ERROR,
    codes=FAMILY,
    flag=flag,
    parameter="in_force",
    message="{hcpcs_code} was not in effect on {claim_line_start_date}.",
    remedies=(
        Remedy(text="Check the date; if it is right, bill a code that was in effect that day."),
    ),
    group="CO",
    carc="181",
    rarc="N56",
    since="0.1.0",
)
