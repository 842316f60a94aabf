"""Technical component on a professional claim in a facility.

Why: in a facility the equipment and staff are the facility's, which bills them itself. A
professional claim for them is denied.
Basis: the payer's rule that it does not pay the technical component there, and its list of facility
POS codes.
Clear: the POS is not a facility, or the payer pays; a bone density study without TC (MO012 checks
one without 26 too). A blank or unassigned POS is not a facility (PO002).
Not checked: no list of facility POS codes or no rule on the technical component in effect for the
payer and date; no POS column; on a bone density study, absent or unreadable modifiers.
"""

from cpt77092.rule import (
    COMPANIONS,
    INPATIENT_PLACES,
    TECHNICAL,
    Denial,
    Rule,
    Severity,
    col,
    param,
)

RULE = Rule(
    severity=Severity.ERROR,
    codes=TECHNICAL | COMPANIONS,
    flag=col("in_facility_place")
    & (col("hcpcs_code").is_in(sorted(TECHNICAL)) | col("bills_technical_part"))
    & (param("technical_in_facility") == "not_payable"),
    parameter="technical_in_facility",
    message=(
        "{hcpcs_code} bills a technical component in POS {place_of_service_code}; "
        "{payer_label} does not pay it on a professional claim."
    ),
    remedy="Remove {hcpcs_code}, which the facility bills; if the POS is wrong, correct it.",
    denial=Denial("CO", "58", "M97"),
    other_denials=(
        Denial("CO", "58", "M96", when=col("place_of_service_code").is_in(INPATIENT_PLACES)),
    ),
    since="0.1.0",
)
