"""Modifier that is not on the CPT or HCPCS list.

Why: a modifier that does not exist is a typing error, and the line is rejected.
Basis: the CPT and HCPCS level II modifier lists that ship with this program. After the last day of
the lists it is a warning, since the modifier may be newer.
Clear: every well-formed modifier is on one of the lists. MO007 checks the form.
Not checked: no modifier columns.
"""

import polars as pl

from cpt77092.rule import (
    CHECKED,
    MODIFIER_LIST_ENDS,
    Confidence,
    Denial,
    Remedy,
    Rule,
    Severity,
    Source,
)

RULE = Rule(
    module=__name__,
    severity=Severity.ERROR,
    error_when=pl.col("claim_line_start_date") <= MODIFIER_LIST_ENDS,
    codes=CHECKED,
    flag=pl.col("unknown_modifiers") != "",
    source=Source(
        title="CPT and HCPCS level II modifier lists",
        at="lists in effect in 2024; third-party copy",
        confidence=Confidence.SECONDARY,
    ),
    message="Not on the 2024 CPT or HCPCS modifier list: {unknown_modifiers}.",
    remedy=Remedy("Enter the modifier the chart supports; if it is newer than the list, leave it."),
    denial=Denial("CO", "182"),
    since="0.1.0",
)
