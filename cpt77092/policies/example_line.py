"""One clean synthetic claim line, from which examples state what differs."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLE_LINE: Mapping[str, str] = {
    "claim_id": "",
    "claim_line_number": "",
    "person_id": "",
    "payer": "",
    "payer_id": "",
    "claim_filing_indicator": "",
    "claim_line_start_date": "2026-03-02",
    "claim_line_end_date": "2026-03-02",
    "place_of_service_code": "11",
    "hcpcs_code": "77092",
    "hcpcs_modifier_1": "",
    "hcpcs_modifier_2": "",
    "hcpcs_modifier_3": "",
    "hcpcs_modifier_4": "",
    "service_unit_quantity": "1",
    "charge_amount": "45.00",
    "diagnosis_code_1": "M81.0",
    "diagnosis_code_2": "",
    "diagnosis_code_3": "",
    "diagnosis_code_10": "",
    "diagnosis_code_11": "",
    "diagnosis_code_12": "",
    "diagnosis_pointer": "",
    "rendering_npi": "1234567893",
    "billing_npi": "1245319599",
    "ordering_npi": "1234567893",
    "prior_authorization_number": "",
    "claim_frequency_code": "1",
    "original_reference_number": "",
    "patient_sex": "F",
    "patient_birth_date": "1957-05-01",
    "submission_date": "2026-03-09",
    "report_signed_date": "2026-03-03",
}
