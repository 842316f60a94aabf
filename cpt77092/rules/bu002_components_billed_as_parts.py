"""Calculation and interpretation unbundled by the same provider.

Why: 77089 is the code for both. Two lines look like the work of two providers, and the payer may
ask which component was done elsewhere.
Basis: in every fee schedule from 2022 to 2026 the global payment equals the sum of the components.
No published rule found requires 77089, so this is a warning. Where one component was purchased, the
anti-markup rule wants two lines.
Clear: 77091 and 77092 are not both billed for the patient, billing provider and date; or 77089 is
billed too (BU001).
Not checked: across claims, no patient ID or billing NPI; no date of service.
"""

from cpt77092.rule import INTERPRETATION, Remedy, Rule, Severity, Source, across, col

RULE = Rule(
    severity=Severity.WARNING,
    codes=INTERPRETATION,
    flag=across(col("day_bills_calculation") & ~col("day_surely_bills_global")),
    source=Source(
        title="CMS fee schedule 2025, PPRRVU25 October",
        at="77089 pays the sum of 77090, 77091 and 77092, each year from 2022; third-party copy",
        url="https://github.com/alex-bea/cms_api",
    ),
    message="{hcpcs_code} and {calculation_billed} unbundled by the same provider.",
    remedy=(
        "Bill 77089 alone if the calculation and the interpretation were both done here; keep two "
        "lines if one was purchased (anti-markup)."
    ),
    other_remedies=(
        Remedy(
            "Bill {hcpcs_code} alone in POS {place_of_service_code}, for the "
            "interpretation; the facility bills the technical component.",
            when=col("in_facility_place"),
        ),
    ),
    since="0.2.0",
)
