"""Report to attach if the provider also billed a visit that day.

Why: the payer holds that reviewing the images is part of the visit, and pays the interpretation
separately only with its written report.
Basis: the payer's published rule, for lines with 26 or for global ones too. Visits are not among
the codes that this program reads, so it cannot tell whether one was billed.
Clear: a line that the rule does not name, such as one with TC; a payer without such a rule on the
date.
Not checked: no rule in effect for the payer and date; no modifier columns; an unreadable modifier.
"""

from cpt77092.rule import COMPANIONS, Rule, Severity, col, param

RULE = Rule(
    severity=Severity.INFO,
    codes=COMPANIONS,
    flag=~col("has_modifier_tc")
    & (
        (param("report_with_visit") == "interpretation_and_global")
        | (col("has_modifier_26") & (param("report_with_visit") == "interpretation"))
    ),
    parameter="report_with_visit",
    message=(
        "{decided_by} pays the interpretation of {hcpcs_code} on the day of a visit to the same "
        "provider only with its report."
    ),
    remedy="Attach the signed report if a visit was billed that day.",
    since="0.4.0",
)
