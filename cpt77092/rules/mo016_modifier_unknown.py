"""Modifier that is not on the CPT or HCPCS list.

Why: a modifier that does not exist is a typing error, and the line is rejected.
Basis: the CPT and HCPCS level II modifier lists that ship with this program, and the HCPCS lists
that `scrub policies import` took. After the last day of a list it is a warning, since the modifier
may be newer.
Clear: every well-formed modifier is on one of the lists. MO007 checks the form.
Not checked: no modifier columns.
"""

from cpt77092.rule import Confidence, Denial, Rule, Severity, Source, col

RULE = Rule(
    severity=Severity.ERROR,
    error_when=col("modifier_list_has_date"),
    flag=col("unknown_modifiers") != "",
    source=Source(
        title="CPT and HCPCS level II modifier lists",
        at="lists in effect in 2024; third-party copy",
        confidence=Confidence.SECONDARY,
    ),
    cites_list="modifier_period",
    message="Not on the {modifier_list} modifier list: {unknown_modifiers}.",
    remedy="Enter the modifier the chart supports; if it is newer than the list, leave it.",
    denial=Denial("CO", "182"),
    since="0.1.0",
)
