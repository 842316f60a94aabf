"""A test sooner after the last one than the payer pays for.

Why: bone-mass measurement is paid once in two years; a second one too soon is denied, and the
patient cannot be billed without a notice.
Basis: the payer's interval in full calendar months after the month of the last test, as the
Medicare Benefit Policy Manual counts. No source extends it to TBS by name.
Clear: the last 77089 or 77092 of the person, in the batch or in earlier claims, is far enough
back, and earlier claims reach back far enough to be sure.
Not checked: no person or date; no interval in force; no earlier claims (--history), or such as
begin too late or leave out a whole month before the batch. A test found too close needs none.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import GLOBAL, INTERPRETATION, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """Fewer full months than the interval lie between the last test and this one."""
    return pl.col("came_too_soon")


RULE = Rule(
    doc=__doc__ or "",
    code="FR002",
    name="interval-too-short",
    severity=Severity.WARNING,
    codes=GLOBAL | INTERPRETATION,
    flag=flag,
    parameter="min_months_between",
    message=(
        "The last test was on {earlier_test_date}, {full_months_since_test} full months before; "
        "{decided_by} pays again after {min_months_between}."
    ),
    remedies=(
        Remedy(
            text=(
                "Bill it if the record shows why it was needed sooner; else get the patient's "
                "notice before the next one."
            ),
        ),
    ),
    group="CO",
    carc="119",
    rarc="M90",
    since="0.2.0",
)
