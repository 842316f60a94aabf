"""A diagnosis that the payer took off its list, and none that supports.

Why: a code that once supported the service is still in templates and old orders; the payer now
denies it, though a neighbour that says more may be paid.
Basis: the payer's list of diagnoses taken off; an entry that ends in - stands for all codes that
begin with it.
Clear: no diagnosis of the line was taken off, or another one of the line supports the service.
Not checked: no list of those taken off in force for the payer, the code and the date; one was
taken off and there is no list of those that support; a pointer that cannot be followed; no
diagnosis columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """Some diagnosis of the line was taken off the list, and none supports the service."""
    return (pl.col("excluded_diagnoses_found") != "") & ~pl.col("has_supporting_diagnosis")


RULE = Rule(
    doc=__doc__ or "",
    code="DX004",
    name="diagnosis-excluded",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    parameter="excluded_diagnoses",
    message=(
        "Diagnosis {excluded_diagnoses_found} does not support {hcpcs_code}, says {decided_by}, "
        "and no other diagnosis of the line does."
    ),
    remedies=(
        Remedy(
            text=(
                "If the record names a site or a cause, enter the code that says so and point to "
                "it; else expect the payer to find no medical necessity."
            )
        ),
    ),
    group="CO",
    carc="50",
    rarc="N386",
    since="0.2.0",
)
