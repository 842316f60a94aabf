"""Place of service not accepted by the payer.

Why: a payer that lists the POS codes it pays denies any other.
Basis: the payer's own list of accepted POS codes for the code.
Clear: the POS is on the list. A blank, malformed or unassigned POS is left to PO002.
Not checked: no list in effect for the payer, code and date; no POS column.
"""

from cpt77092.rule import Denial, Rule, Severity, col

RULE = Rule(
    severity=Severity.ERROR,
    flag=col("place_is_assigned") & ~col("place_is_accepted"),
    parameter="place_of_service",
    message=(
        "{decided_by} does not accept POS {place_of_service_code} for {hcpcs_code}; accepted: "
        "{accepted_places}."
    ),
    remedy=(
        "Enter the POS where the patient was seen; if it is {place_of_service_code}, "
        "ask {payer_label} before submitting."
    ),
    denial=Denial("CO", "5", "M77"),
    since="0.2.0",
)
