"""Report without a signing date.

Why: an interpretation is paid for its written report. On a records request the payer takes back
payment for a line without one.
Basis: 42 CFR 410.32 on records of diagnostic tests, and payers' record rules, which require a dated
signature for the services billed.
Clear: the report has a signing date; DO002 checks its order.
Not checked: no signing date column; an unreadable signing date.
"""

from cpt77092.rule import INTERPRETED, SIGNED_REPORTS, Denial, Rule, Severity, col

RULE = Rule(
    severity=Severity.ERROR,
    codes=INTERPRETED,
    flag=~col("has_signed_report"),
    source=SIGNED_REPORTS,
    message="Report signing date is blank; {hcpcs_code} needs a signed report.",
    remedy="Hold the line until the report is signed, then enter the date signed.",
    denial=Denial("CO", "16", "N706"),
    since="0.2.0",
)
