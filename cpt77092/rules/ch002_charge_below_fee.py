"""Charge below the payer's fee.

Why: a payer pays the lesser of charge and fee, so what was not charged is given away; most often
the fee list is out of date.
Basis: the payer's fee for the code on the date, times the units. A fee that has parts is compared
by part: the professional one with 26, the technical one with TC.
Clear: the charge is the fee or more, or is not above zero (CH001 speaks).
Not checked: no fee in force for the payer, the code and the date; 26 beside TC, a modifier that
cannot be read, or no modifier columns, where the fee has parts; a part that is not on file; units
that are blank, no whole number above zero, or a million and more; a blank or unreadable charge.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """The charge is above zero and under the fee of the line's units."""
    charge = pl.col("charge_amount")
    return (charge > 0) & (charge < pl.col("paid_units") * pl.col("line_fee"))


RULE = Rule(
    doc=__doc__ or "",
    code="CH002",
    name="charge-below-fee",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    parameter="fee",
    message=(
        "The charge, {charge_amount}, is below the fee of {decided_by}: {expected_payment}, "
        "{line_fee} a unit. The lesser is paid."
    ),
    remedies=(
        Remedy(text="Check the charge against your fee list; raise the list if it is out of date."),
    ),
    since="0.2.0",
)
