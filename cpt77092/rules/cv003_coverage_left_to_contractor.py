"""Coverage that the payer leaves to its contractor.

Why: without a national decision the contractor of the region decides line by line; a line that is
fine in one state is denied in the next.
Basis: the payer's statement that its contractors decide.
Clear: the payer decides itself (CV001 speaks where it does not cover); or a notice modifier (GA,
GX, GY, GZ) says that the question was looked at.
Not checked: no coverage position in force for the payer and the date; no modifier columns, or a
modifier that cannot be read, where a contractor decides.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import FAMILY, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """A contractor decides and no notice modifier is on the line."""
    return (param("coverage") == "contractor_decides") & ~pl.col("has_notice_modifier")


RULE = Rule(
    doc=__doc__ or "",
    code="CV003",
    name="coverage-left-to-contractor",
    severity=Severity.INFO,
    codes=FAMILY,
    flag=flag,
    parameter="coverage",
    message="{decided_by} leaves coverage of {hcpcs_code} to its contractor of the region.",
    remedies=(
        Remedy(
            text=(
                "Look up the contractor's position; if it may not pay, have the patient sign a "
                "notice before the service and add its modifier (GA)."
            )
        ),
    ),
    since="0.2.0",
)
