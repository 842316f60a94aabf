"""Diagnosis missing.

Why: the diagnosis is the reason for the test; a claim without one is rejected at intake.
Basis: CMS-1500 box 21 and 837P segment HI need at least one diagnosis, and every service line
points to one.
Clear: the row has a diagnosis, or the claim's are on its first row alone; whether the pointer
reaches one is checked by DX006.
Not checked: no diagnosis columns.
"""

from cpt77092.rule import Denial, Rule, Severity, col, guide_837p

RULE = Rule(
    severity=Severity.ERROR,
    flag=~col("has_diagnosis"),
    source=guide_837p("HI (2300) and SV107 (2400); CMS-1500 boxes 21 and 24E"),
    message="{hcpcs_code} has no diagnosis.",
    remedy="Enter the diagnosis on the order.",
    denial=Denial("CO", "16", "M76"),
    since="0.2.0",
)
