"""Global service on a professional claim in a facility.

Why: in a facility the technical component is the facility's to bill; the interpretation has its own
code.
Basis: the payer's rule that it does not pay the technical component there, and its list of facility
POS codes.
Clear: the POS is not a facility, or the payer pays. A blank or unassigned POS is not a facility
(PO002).
Not checked: no list of facility POS codes or no rule on the technical component in effect for the
payer and date; no POS column.
"""

from cpt77092.rule import GLOBAL, INPATIENT_PLACES, Denial, Rule, Severity, col, param

RULE = Rule(
    severity=Severity.ERROR,
    codes=GLOBAL,
    flag=col("in_facility_place") & (param("technical_in_facility") == "not_payable"),
    parameter="technical_in_facility",
    message=(
        "{hcpcs_code} billed globally in POS {place_of_service_code}; {payer_label} does not "
        "pay the technical component on a professional claim."
    ),
    remedy="Bill 77092 for the interpretation; if the POS is wrong, correct it.",
    denial=Denial("CO", "58", "M97"),
    other_denials=(
        Denial("CO", "58", "M96", when=col("place_of_service_code").is_in(INPATIENT_PLACES)),
    ),
    since="0.1.0",
)
