"""Global code billed with one of its components.

Why: 77089 includes 77090, 77091 and 77092. The payer pays one of the two codes and denies the
other; under NCCI it denies the higher-paid 77089.
Basis: the payer's code pair edits, usually NCCI.
Clear: no component on the claim, nor on another claim to the same payer for the same patient,
billing provider and date. One finding per 77089 line; a warning where the component is on another
date of the claim, since edits go by the day. A void (8), and what is voided or replaced,
bills nothing.
Not checked: no edits in effect for the payer and date; across claims, no patient ID or billing NPI
(within one claim neither is needed); a void or replacement that the payer may not accept.
"""

from cpt77092.rule import GLOBAL, Denial, Message, Remedy, Rule, Severity, across, col

_IS_THAT_DAY = col("denied_beside_part_that_day")
_ON_OTHER_DATE = ~_IS_THAT_DAY

RULE = Rule(
    severity=Severity.ERROR,
    error_when=_IS_THAT_DAY,
    codes=GLOBAL,
    flag=across(col("denied_beside_part")),
    parameter="pairs",
    paid_codes="parts_surely_paid",
    message=(
        "{hcpcs_code} (global) already includes {parts_billed_that_day}; the edit denies "
        "{hcpcs_code}."
    ),
    other_messages=(
        Message(
            "{hcpcs_code} (global) already includes {parts_billed_beside}, billed for another date "
            "on the same claim.",
            when=_ON_OTHER_DATE,
        ),
    ),
    remedy=(
        "Bill {hcpcs_code} alone if calculation and interpretation were both done here. "
        "Calculation only: 77091. Interpretation only: 77092."
    ),
    other_remedies=(
        Remedy("Correct the date if both are of one test.", when=_ON_OTHER_DATE),
        Remedy(
            "Bill 77092 alone in POS {place_of_service_code}, for the interpretation; the "
            "facility bills the technical component.",
            when=col("in_facility_place"),
        ),
    ),
    denial=Denial("CO", "236"),
    other_denials=(Denial(when=_ON_OTHER_DATE),),
    since="0.2.0",
)
