"""Ordering provider missing where the payer requires one.

Why: imaging, and the read of it, is paid only where somebody who treats the patient ordered it; a
line that does not say who is denied or sent back.
Basis: the payer's statement that it requires the ordering provider; claim form box 17b and 837P
loops 2310A and 2420E carry the number.
Clear: the cell holds something (ID004 looks at what), or the payer does not require it.
Not checked: no position in force for the payer and the date; no ordering NPI column.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The policy requires an ordering provider and the cell is blank."""
    return (pl.col("ordering_npi") == "") & (param("ordering_provider") == "required")


RULE = Rule(
    doc=__doc__ or "",
    code="ID003",
    name="ordering-provider-missing",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    parameter="ordering_provider",
    message="The ordering NPI is blank; {decided_by} requires one for {hcpcs_code}.",
    remedies=(
        Remedy(text="Enter the NPI of the person who ordered the study, as the order has it."),
    ),
    group="CO",
    carc="16",
    rarc="N265",
    since="0.2.0",
)
