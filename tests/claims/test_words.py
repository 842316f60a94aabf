"""Codes that stand in their cell with a name: read where unambiguous, else left to the rules."""

from __future__ import annotations

import polars as pl
import pytest

from cpt77092.claims.words import code_texts

PLACE, MODIFIER, DIAGNOSIS = "place_of_service_code", "hcpcs_modifier_1", "diagnosis_code_2"


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        (PLACE, "11 - Office", "11"),
        (PLACE, "OFFICE (11)", "11"),
        (PLACE, "22 On Campus-Outpatient Hospital", "22"),
        (PLACE, "11.0", "11"),
        (MODIFIER, "26 - Professional Component", "26"),
        (MODIFIER, "Professional component (26)", "26"),
        (MODIFIER, "TC Technical component", "TC"),
        (MODIFIER, "GA - Waiver of liability on file", "GA"),
        (MODIFIER, "26.0", "26"),
        (DIAGNOSIS, "M81.0 - Age-related osteoporosis w/o fracture", "M81.0"),
        (DIAGNOSIS, "Age-related osteoporosis (M81.0)", "M81.0"),
        (DIAGNOSIS, "ICD10: M81.0", "M81.0"),
        (DIAGNOSIS, "M810 Age-related osteoporosis", "M810"),
        (DIAGNOSIS, "E53.8 - Deficiency of vitamin B12", "E53.8"),
        (DIAGNOSIS, "I10 - Hypertension", "I10"),
        ("rendering_npi", "1555000011 - LOPEZ", "1555000011"),
        ("billing_npi", "(1555001019)", "1555001019"),
        ("ordering_npi", "NPI 1555002017", "1555002017"),
        ("ordering_npi", "1555002017.0", "1555002017"),
        ("claim_frequency_code", "7 (Replacement of prior claim)", "7"),
        ("claim_frequency_code", "1.0", "1"),
        ("patient_sex", "F - Female", "F"),
        ("payer_id", "87726.0", "87726"),
    ],
)
def test_a_code_is_read_beside_words_and_marks(column: str, cell: str, code: str) -> None:
    assert code_texts(column, pl.Series([cell])).to_list() == [code]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        (PLACE, "11.5"),
        (PLACE, "somewhere"),
        (PLACE, "98 - nowhere"),
        (PLACE, "11 or 22 office"),
        (MODIFIER, "2.6"),
        (MODIFIER, "26 TC"),
        (MODIFIER, "26 Professional, TC Technical"),
        (MODIFIER, "26 Professional 2 units"),
        (MODIFIER, "Professional"),
        (DIAGNOSIS, "M81.0; Z78.0"),
        (DIAGNOSIS, "M81.0 osteoporosis; Z78.0 menopause"),
        (DIAGNOSIS, "733.0"),
        (DIAGNOSIS, "osteoporosis"),
        (DIAGNOSIS, "M80.08XAA"),
        (DIAGNOSIS, "M81.0.0 osteoporosis"),
        (DIAGNOSIS, "M81 osteoporosis M80.08XA"),
        ("rendering_npi", "15550000.11"),
        ("rendering_npi", "LOPEZ, ANA MD"),
        ("rendering_npi", "1555000011 or 1555000029"),
        ("claim_frequency_code", "17"),
        ("patient_sex", "Female"),
        ("payer", "BCBS 26 - Texas"),
    ],
)
def test_an_ambiguous_cell_stays_as_it_is(column: str, cell: str) -> None:
    assert code_texts(column, pl.Series([cell])).to_list() == [cell]
