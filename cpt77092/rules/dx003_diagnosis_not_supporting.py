"""No diagnosis on the payer's list.

Why: a payer with a list of covered diagnoses denies others as not medically necessary.
Basis: the payer's list of supporting diagnoses; an entry ending in - covers all codes that begin
with it.
Clear: a diagnosis of the line is on the list, or is one the payer removed from it (DX004); the
line has none (DX001), or it has one that is not billable (DX002).
Not checked: no list in effect for the payer, code and date; a pointer that cannot be followed; no
diagnosis columns; on a date without an ICD-10-CM list, a diagnosis that no other year's list has.
"""

from cpt77092.rule import Denial, Message, Rule, Severity, col, is_assumed

RULE = Rule(
    severity=Severity.WARNING,
    flag=col("has_line_diagnosis")
    & ~col("has_supporting_diagnosis")
    & ~col("surely_has_excluded_diagnosis")
    & ~col("has_unbillable_diagnosis"),
    parameter="supporting_diagnoses",
    message="Not on {decided_by}'s diagnosis list for {hcpcs_code}: {line_diagnoses_text}.",
    other_messages=(
        Message(
            "Not on the {decided_by} diagnosis list assumed to apply to {hcpcs_code}: "
            "{line_diagnoses_text}.",
            when=is_assumed(),
        ),
    ),
    remedy=(
        "Enter a listed diagnosis and point to it if the order or chart supports one; "
        "otherwise expect a medical necessity denial."
    ),
    denial=Denial("CO", "50"),
    since="0.2.0",
)
