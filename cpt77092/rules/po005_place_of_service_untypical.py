"""Unusual place of service for the interpretation.

Why: an unusual POS is usually a typing error, and some payers ask for records.
Basis: the usual POS codes that the policy's source names; the publication names them for 77092
only.
Clear: a usual POS; a POS that PO002 reports; or a payer with its own list of accepted POS codes
(PO001).
Not checked: no usual POS codes in effect for the code and date; no POS column.
"""

from cpt77092.rule import INTERPRETATION, Rule, Severity, col

RULE = Rule(
    severity=Severity.INFO,
    codes=INTERPRETATION,
    flag=col("place_is_assigned") & ~col("place_is_typical") & ~col("has_place_list"),
    parameter="typical_place_of_service",
    message="POS {place_of_service_code} is unusual for {hcpcs_code}.",
    remedy="Check that the patient was seen there.",
    since="0.1.0",
)
