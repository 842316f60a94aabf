"""Code not in effect on the date of service.

Why: a payer denies a code that was not in effect on the date of service.
Basis: the first and last day of the code in the policy, from national code tables.
Clear: the date is within the days the code is in effect.
Not checked: no dates in the policy for the code; a blank or unreadable date of service.
"""

from cpt77092.rule import FAMILY, Denial, Rule, Severity, param

RULE = Rule(
    severity=Severity.ERROR,
    codes=FAMILY,
    flag=~param("in_force"),
    parameter="in_force",
    message="{hcpcs_code} was not in effect on {claim_line_start_date}.",
    remedy="Check the date; if it is right, bill a code that was in effect that day.",
    denial=Denial("CO", "181", "N56"),
    since="0.1.0",
)
