"""Prior authorization number missing where the payer requires one.

Why: the payer denies the line without the number, and authorization is rarely given afterwards.
Basis: the payer's prior authorization rule; the number is CMS-1500 box 23 and 837P REF*G1.
Clear: a number is entered (whether it fits the service is not tested), or none is required.
Not checked: no authorization rule in effect for the payer and date; no authorization number column.
"""

from cpt77092.rule import FAMILY, Denial, Rule, Severity, col, param

RULE = Rule(
    severity=Severity.ERROR,
    codes=FAMILY,
    flag=(col("prior_authorization_number") == "") & (param("prior_authorization") == "required"),
    parameter="prior_authorization",
    message="Prior authorization number is blank; {decided_by} requires one for {hcpcs_code}.",
    remedy=(
        "Enter the number from {payer_label}'s approval; if there is none, request "
        "authorization before submitting."
    ),
    denial=Denial("CO", "197"),
    since="0.2.0",
)
