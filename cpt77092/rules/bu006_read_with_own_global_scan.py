"""Interpretation only, with the provider's own global spine DXA.

Why: a provider that does the whole DXA often runs the TBS software too. Then 77089 was done, and
77092 leaves most of the payment unbilled.
Basis: the DXA is billed with neither 26 nor TC. Another provider may still have done the
calculation.
Clear: no spine DXA (77080, 77085) is billed globally for the patient, billing provider and date; or
77089 or 77091 is billed here too (BU001, BU002).
Not checked: no such DXA on the claim and no patient ID or billing NPI; its modifiers are
absent or unreadable.
"""

from cpt77092.rule import INTERPRETATION, Remedy, Rule, Severity, across, col, fee_schedule_file

RULE = Rule(
    severity=Severity.INFO,
    codes=INTERPRETATION,
    flag=across(
        col("entity_bills_whole_scan")
        & ~(col("day_surely_bills_global") | col("day_surely_bills_calculation"))
    ),
    source=fee_schedule_file("indicator 1: a code without 26 or TC is global"),
    message="{hcpcs_code} is interpretation only, but this provider bills {global_scan} globally.",
    remedy="Bill 77089 instead if the calculation was done here too.",
    other_remedies=(
        Remedy(
            "Check {global_scan}: in POS {place_of_service_code} the facility bills the technical "
            "component, and the calculation too.",
            when=col("in_facility_place"),
        ),
    ),
    since="0.2.0",
)
