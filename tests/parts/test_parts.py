"""A batch that is checked in parts comes to what it comes to as a whole.

`test_reading_in_pieces.py` has the long properties, with lines that were read in pieces too.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import assume, given
from polars.testing import assert_frame_equal

from cpt77092.findings.totals import add_up, totals
from cpt77092.parts.check import CheckedPart, Part
from cpt77092.whole import BATCH_LINE, Whole
from tests.agreement import enlarged
from tests.claim_strategies import Batch
from tests.parts.taking_apart import Handed, Run, check_apart, check_whole, read
from tests.test_oracle import ENLARGED_RUNS, SAMPLE

# What fails is a batch, and a batch is long: let it be shown.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


def assert_parts_of_run_make_the_whole(run: Run, most: int | None = None) -> None:
    apart = check_apart(run, most=most)
    assert_frame_equal(apart.findings, check_whole(run).findings)
    assert add_up(apart.sums, run.result) == totals(run.result)


@pytest.mark.slow
@SAMPLE
@given(run=ENLARGED_RUNS)
def test_parts_make_the_whole(run: tuple[Batch, Batch | None]) -> None:
    one = read([run[0]], run[1], enlarged().packaged)
    assume(not one.batch.lines.is_empty())
    assert_parts_of_run_make_the_whole(one, most=3)


# --- what is handed in ------------------------------------------------------------------------

LINE = {
    "claim_id": "1",
    "claim_line_number": "1",
    "person_id": "P1",
    "payer": "medicare",
    "claim_line_start_date": "2026-05-20",
    "place_of_service_code": "11",
    "hcpcs_code": "77092",
    "hcpcs_modifier_1": "",
    "service_unit_quantity": "1",
    "charge_amount": "45.00",
    "diagnosis_code_1": "M81.0",
    "rendering_npi": "1234567893",
    "billing_npi": "1234567893",
    "claim_frequency_code": "1",
}
ROWS = [
    {**LINE, "claim_id": "9", "person_id": "P9", "payer": "Acme Mutual"},
    {**LINE, "hcpcs_code": "77080"},
    {**LINE, "claim_id": "2", "person_id": "P2", "payer": "Acme Mutual"},
    {**LINE, "claim_id": "3", "person_id": "P3", "claim_line_start_date": "2025-01-15"},
    # In December, if the day comes first.
    {**LINE, "claim_id": "4", "person_id": "P4", "claim_line_start_date": "11/12/2026"},
]
OFFICE_VISIT = {**LINE, "claim_id": "0", "hcpcs_code": "99213"}
PAST = [
    {**OFFICE_VISIT, "claim_line_start_date": "2024-01-13"},
    *(
        {**OFFICE_VISIT, "person_id": "P3", "claim_line_start_date": f"2024-{month:02}-14"}
        for month in range(1, 13)
    ),
]


def _no_firsts(part: Part, whole: Whole, _: Whole) -> tuple[Part, Whole]:
    readings = tuple(replace(each, firsts=None) for each in whole.readings)
    return part, replace(whole, readings=readings)


def _no_span(part: Part, whole: Whole, own: Whole) -> tuple[Part, Whole]:
    pairs = zip(whole.readings, own.readings * 2, strict=False)
    readings = tuple(replace(each, past=one.past) for each, one in pairs)
    return part, replace(whole, readings=readings)


def _no_first_month(part: Part, whole: Whole, own: Whole) -> tuple[Part, Whole]:
    pairs = zip(whole.readings, own.readings * 2, strict=False)
    readings = tuple(replace(each, first_month=one.first_month) for each, one in pairs)
    return part, replace(whole, readings=readings)


def _no_order_of_dates(part: Part, whole: Whole, _: Whole) -> tuple[Part, Whole]:
    return part, replace(whole, readings=whole.readings[:1])


def _no_columns(part: Part, whole: Whole, _: Whole) -> tuple[Part, Whole]:
    lines = part.lines.select(c for c in part.lines if c.null_count() < c.len())
    schema = pl.Schema({name: whole.schema[name] for name in lines.drop(BATCH_LINE).columns})
    return replace(part, lines=lines), replace(whole, schema=schema)


def _no_row_order(part: Part, whole: Whole, _: Whole) -> tuple[Part, Whole]:
    lines = part.lines.drop(BATCH_LINE).with_row_index(BATCH_LINE)
    return replace(part, lines=lines), whole


@pytest.fixture(scope="module")
def example() -> Run:
    return read([ROWS], PAST, enlarged().packaged)


@pytest.mark.slow
def test_the_example_in_parts_is_the_whole(example: Run) -> None:
    assert_parts_of_run_make_the_whole(example)


def _rules_that_differ(apart: CheckedPart, whole: CheckedPart) -> set[str]:
    """The rules with another number of findings, or of lines that were not checked."""

    def counts(one: CheckedPart) -> set[tuple[object, ...]]:
        return {*one.findings["rule"].value_counts().rows(), *one.sums["not_checked"].rows()}

    return {str(row[0]) for row in counts(apart) ^ counts(whole)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("handed", "rule"),
    [
        (_no_firsts, "ID005"),
        (_no_span, "FR002"),
        (_no_first_month, "FR002"),
        (_no_order_of_dates, "DT003"),
    ],
)
def test_without_one_of_the_things_handed_in_a_rule_has_another_outcome(
    example: Run, handed: Handed, rule: str
) -> None:
    apart, whole = check_apart(example, handed=handed), check_whole(example)
    assert rule in _rules_that_differ(apart, whole)


@pytest.mark.slow
def test_without_the_columns_of_the_whole_a_part_cannot_be_checked(example: Run) -> None:
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        check_apart(example, handed=_no_columns)


@pytest.mark.slow
def test_without_the_order_of_rows_findings_come_in_another(example: Run) -> None:
    apart, whole = check_apart(example, handed=_no_row_order), check_whole(example)
    without, with_order = (
        one.findings.filter(~pl.col("rule").is_in(["ID005", "CV003"])).select("source_row", "rule")
        for one in (apart, whole)
    )
    assert without.rows() != with_order.rows()
    assert set(without.rows()) == set(with_order.rows())
