"""Diagnosis the payer removed from its list, and no supporting one.

Why: a code that once supported the service is still in templates and old orders. The payer now
denies it, though a more specific code may be paid.
Basis: the payer's list of removed diagnoses; an entry ending in - covers all codes that begin with
it.
Clear: no diagnosis of the line was removed, or another one of the line supports the service.
Not checked: no list of removed diagnoses in effect for the payer, code and date; one was removed
and there is no list of supporting ones; a pointer that cannot be followed; no diagnosis columns.
"""

from cpt77092.rule import Denial, Message, Rule, Severity, col, is_assumed

RULE = Rule(
    severity=Severity.WARNING,
    flag=(col("excluded_diagnoses_found") != "") & ~col("has_supporting_diagnosis"),
    parameter="excluded_diagnoses",
    message=(
        "{decided_by} does not accept {excluded_diagnoses_found} for {hcpcs_code}; no other "
        "diagnosis on the line supports it."
    ),
    other_messages=(
        Message(
            "{excluded_diagnoses_found} is off the {decided_by} list assumed to apply to "
            "{hcpcs_code}; no other diagnosis on the line supports it.",
            when=is_assumed(),
        ),
    ),
    remedy=(
        "Enter the more specific code (site or cause) that the chart supports and "
        "point to it; otherwise expect a medical necessity denial."
    ),
    denial=Denial("CO", "50", "N386"),
    since="0.2.0",
)
