"""How many real header rows of other systems are understood, where a collection is at hand.

The collection is no part of the project; none of its headers stands in it.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cpt77092.claims.columns import DIAGNOSES, MODIFIERS
from cpt77092.claims.headers import match_headers
from cpt77092.readers.header_row import unique_names

ROWS = Path(__file__).parents[3] / "shared" / "corpus" / "header_rows.json"
CELLS = {
    "claim_id": "A-1",
    "claim_line_number": "1",
    "person_id": "P1",
    "payer": "Medicare",
    "payer_id": "00001",
    "claim_line_start_date": "2026-03-02",
    "claim_line_end_date": "2026-03-02",
    "place_of_service_code": "11",
    "hcpcs_code": "77092",
    "modifiers": "26",
    "hcpcs_modifier_1": "26",
    "service_unit_quantity": "1",
    "charge_amount": "45.00",
    "diagnoses": "M81.0",
    "diagnosis_code_1": "M81.0",
    "diagnosis_pointer": "1",
    "rendering_npi": "1234567893",
    "billing_npi": "1679576722",
    "ordering_npi": "1548267958",
    "claim_frequency_code": "1",
    "patient_sex": "F",
    "patient_birth_date": "1950-01-02",
    "submission_date": "2026-03-05",
    "report_signed_date": "2026-03-03",
}
"""A cell of each column; of a column that means nothing here it is blank."""
DANGEROUS = frozenset({"charge_amount", "rendering_npi", "billing_npi", "ordering_npi"}).union(
    {"hcpcs_code"}, MODIFIERS, DIAGNOSES
)
REQUIRED = ("claim_id", "hcpcs_code", "claim_line_start_date")


def meanings(truth: str) -> frozenset[str]:
    """The columns that a header may be read as; `none` stays."""
    names = {"modifiers": MODIFIERS[0], "diagnoses": DIAGNOSES[0]}
    return frozenset(names.get(name, name) for name in truth.split("|"))


@cache
def results() -> Counter[str]:
    """How many columns were read rightly, wrongly or not at all, and how many files can run."""
    if not ROWS.exists():
        pytest.skip("../shared/corpus is not on this machine")
    counts: Counter[str] = Counter()
    for row in json.loads(ROWS.read_text(encoding="utf-8"))["rows"]:
        counts.update(results_of(row))
    return counts


def results_of(row: dict[str, Any]) -> Counter[str]:
    """The same for one header row."""
    headers = unique_names([header.strip() for header in row["headers"]])
    truth = {header.strip(): truth for header, truth in row["truth"].items()}
    cells = {n: [CELLS.get(truth[h].split("|")[0], "")] for n, h in headers.items()}
    columns = match_headers(headers, {}, file="claims.csv", cells=cells).columns
    may = {header: meanings(words) for header, words in truth.items()}
    wrong = {c for c, h in columns.items() if c not in may[headers[h]]}
    there = {name for names in may.values() if "none" not in names for name in names}
    counts = Counter(
        right=len(there & columns.keys() - wrong),
        wrong=len(wrong),
        dangerous=len(wrong & DANGEROUS),
    )
    sure = {next(iter(n)) for n in may.values() if len(n) == 1} - {"none"}
    counts["missed"] = len(sure - columns.keys())
    if there.issuperset(REQUIRED):
        counts["able"] = 1
        counts["runs"] = columns.keys() >= set(REQUIRED)
    return counts


@pytest.mark.slow
def test_most_columns_of_real_header_rows_are_read() -> None:
    counts = results()
    assert counts["right"] / (counts["right"] + counts["missed"] + counts["wrong"]) > 0.94


def test_hardly_a_column_of_real_header_rows_is_read_wrongly() -> None:
    counts = results()
    assert counts["wrong"] / counts["right"] < 0.015
    assert counts["dangerous"] <= 3


def test_most_real_files_run_without_an_answer() -> None:
    counts = results()
    assert counts["runs"] / counts["able"] > 0.85
