"""None of the line's diagnoses is on the payer's list.

Why: a payer that lists the diagnoses for which it pays denies the others as not medically
necessary.
Basis: the payer's list of supporting diagnoses; an entry that ends in - stands for all codes that
begin with it.
Clear: a diagnosis of the line is on the list, or one is that the payer took off it (DX004 speaks),
or the line has none (DX001 speaks).
Not checked: no list in force for the payer, the code and the date; a pointer that cannot be
followed; no diagnosis columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """The line has diagnoses; none supports the service and none was taken off the list."""
    return (
        pl.col("has_line_diagnosis")
        & ~pl.col("has_supporting_diagnosis")
        & ~pl.col("surely_has_excluded_diagnosis")
    )


RULE = Rule(
    doc=__doc__ or "",
    code="DX003",
    name="diagnosis-not-supporting",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    parameter="supporting_diagnoses",
    message=(
        "No diagnosis of the line ({line_diagnoses_told}) is among those that support "
        "{hcpcs_code}, says {decided_by}."
    ),
    remedies=(
        Remedy(
            text=(
                "If the order or the record states a diagnosis that is listed, enter it and point "
                "to it; else expect the payer to find no medical necessity."
            )
        ),
    ),
    group="CO",
    carc="50",
    rarc="N115",
    since="0.2.0",
)
