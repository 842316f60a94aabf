"""The claim-line contract: what a text cell becomes, and what is said of one that becomes nothing.

The dates and amounts that must be read, and those that must not be, stand in tables; a cell of
the second kind keeps its text and is `unreadable`, never blank and never a guess.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from cpt77092.claims import columns
from cpt77092.claims.cells import source_cell, with_types
from cpt77092.claims.columns import (
    BY_NAME,
    COLUMNS,
    DIAGNOSES,
    DTYPES,
    MODIFIERS,
    TYPED,
    UNREADABLE_TEXT,
    Kind,
    absent_members,
)

DAY = date(2026, 3, 2)
SAMPLE = {
    Kind.DATE: ("claim_line_start_date", "2026-03-02", DAY),
    Kind.NUMBER: ("service_unit_quantity", "2", 2.0),
    Kind.MONEY: ("charge_amount", "45.00", Decimal(45)),
    Kind.INTEGER: ("claim_line_number", "7", 7),
}
"""For each typed kind: a column, a cell of it, and what the cell says."""
KINDS = tuple(SAMPLE)


def reading(kind: Kind, *cells: Any, dtype: Any = pl.String) -> tuple[list[Any], list[str]]:
    """The values and states that cells of a kind become, all in one column."""
    name = SAMPLE[kind][0]
    frame = with_types(pl.DataFrame({name: pl.Series(cells, dtype=dtype)}), frozenset({name}))
    assert frame[name].dtype == DTYPES[kind]
    return frame[name].to_list(), frame[f"{name}.state"].to_list()


# Dates

DATES = (
    "2026-03-02",
    "2026-3-2",
    "03/02/2026",
    "3/2/2026",
    "03/02/26",
    "3/2/26",
    "20260302",
    "02-Mar-2026",
    "2-mar-2026",
    "02-MAR-2026",
    "Mar 2, 2026",
    "03-02-2026",
    "3-2-2026",
    "  2026-03-02\t",
    "\u00a02026-03-02",
    "02-March-2026",
    "2 March 2026",
    "02MAR2026",
    "02MAR26",
    "2026-Mar-02",
    "2026.03.02",
    "20260302.0",
    "Monday, March 2, 2026",
    "Mon Mar 02 2026",
)
DATE_TIMES = (
    "2026-03-02 00:00:00",
    "2026-03-02T23:59:59",
    "2026-03-02T23:59:59Z",
    "2026-03-02T23:59:59.123456",
    "2026-03-02T23:30:00-05:00",
    "2026-03-02T23:30:00+0530",
    "2026-03-02 23:59",
    "3/2/2026 0:00",
    "3/2/2026 11:30 PM",
    "03/02/26 11:30:05am",
    "20260302 10:00",
    "02-Mar-2026 10:00:00",
    "02MAR2026:10:00:00",
    "20260302101500",
    "20260302T101500Z",
    "2026-03-02Z",
    "2026-03-02-05:00",
    "2026-03-02 00:00:00 UTC",
    "2026-03-02 00:00:00+00",
    "2026-03-02 00:00:00.000 -05:00",
    "2026-03-02 10:00 Eastern Standard Time",
    "2026-03-02T00:00:00 America/New_York",
    "2026-03-02T00:00Z[UTC]",
    "Mon, 02 Mar 2026 00:00:00 GMT",
    "Mon Mar 02 2026 00:00:00 GMT-0500 (Eastern Standard Time)",
    "3/2/2026, 11:30 p.m.",
)
NO_DATES = (
    "02/30/2025",
    "2026-02-29",
    "2026-13-01",
    "2026-00-10",
    "31.12.2025",
    "Mar 32, 2026",
    "32MAR2026",
    "02MAR202",
    "20261302",
    "00000000",
    "99999999",
    "20260302.5",
    "20261302.0",
    "46083",  # a spreadsheet's number of a day
    "202632",
    "202603021",
    "2026",
    "03/2026",
    "03/02/20266",
    "12026-03-02",
    "2026-03-02 and later",
    "2026-03-02T",
    "10:30",
    "soon",
    "0",
    "NUL",
    "#N/A",
)
FAR_DATES = ("0025-01-01", "1/1/0025", "01/01/0205", "0001-01-01", "00250101", "12/31/1899")


@pytest.mark.parametrize("text", DATES)
def test_a_date_is_read_in_every_way_that_claims_write_it(text: str) -> None:
    assert reading(Kind.DATE, text) == ([DAY], ["read"])


@pytest.mark.parametrize("text", DATE_TIMES)
def test_a_moment_is_read_as_the_day_it_names(text: str) -> None:
    assert reading(Kind.DATE, text) == ([DAY], ["read"])


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date_is_unreadable(text: str) -> None:
    assert reading(Kind.DATE, text) == ([None], ["unreadable"])


@pytest.mark.parametrize("text", FAR_DATES)
def test_a_year_before_1900_is_unreadable(text: str) -> None:
    assert reading(Kind.DATE, text) == ([None], ["unreadable"])


@pytest.mark.parametrize("text", ["1900-01-01", "01/01/1900", "19000101"])
def test_the_year_1900_is_read(text: str) -> None:
    assert reading(Kind.DATE, text) == ([date(1900, 1, 1)], ["read"])


def test_an_ambiguous_date_is_read_month_first() -> None:
    assert reading(Kind.DATE, "03/04/2025", "03/04/25", "03-04-2025")[0] == [date(2025, 3, 4)] * 3


def test_leap_days_are_read_where_there_is_one() -> None:
    values, states = reading(Kind.DATE, "2024-02-29", "2/29/24", "02/29/2023")
    assert values == [date(2024, 2, 29)] * 2 + [None]
    assert states == ["read", "read", "unreadable"]


def test_every_date_of_a_column_is_read_by_itself() -> None:
    texts = [*DATES, *NO_DATES, "", None, *DATE_TIMES, *FAR_DATES, *DATES]
    values, states = reading(Kind.DATE, *texts)
    bad = (*NO_DATES, *FAR_DATES)
    for text, value, state in zip(texts, values, states, strict=True):
        expected = "blank" if not text else "unreadable" if text in bad else "read"
        assert (text, value, state) == (text, DAY if expected == "read" else None, expected)


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        pytest.param([DAY, None], pl.Date, id="dates"),
        pytest.param([DAY, None], pl.Datetime("ms"), id="moments"),
        pytest.param([20260302, None], pl.Int64, id="whole numbers"),
        pytest.param(["2026-03-02", None], pl.Categorical, id="categories"),
        pytest.param([b"03/02/2026", b""], pl.Binary, id="bytes"),
    ],
)
def test_a_date_column_of_a_table_is_read_in_its_type(cells: list[Any], dtype: Any) -> None:
    assert reading(Kind.DATE, *cells, dtype=dtype) == ([DAY, None], ["read", "blank"])


def test_a_moment_of_a_table_is_the_day_where_its_clock_stood() -> None:
    late = datetime(2026, 3, 3, 4, 30, tzinfo=UTC)
    zone = pl.Datetime("us", "America/New_York")
    assert reading(Kind.DATE, late, dtype=zone) == ([DAY], ["read"])


def test_a_time_of_day_is_no_date() -> None:
    assert reading(Kind.DATE, time(10, 30), dtype=pl.Time) == ([None], ["unreadable"])


@pytest.mark.parametrize("dtype", [pl.Date, pl.Datetime("us")])
def test_a_year_before_1900_is_unreadable_in_a_table_too(dtype: Any) -> None:
    assert reading(Kind.DATE, date(25, 1, 1), dtype=dtype) == ([None], ["unreadable"])


@pytest.mark.parametrize("days", [2_000_000_000, -2_000_000_000, 3_000_000])
def test_a_day_of_no_calendar_is_unreadable_in_a_table(days: int) -> None:
    name, _, _ = SAMPLE[Kind.DATE]
    cells = pl.Series(name, [days, 20_000, None], dtype=pl.Int32).cast(pl.Date)
    frame = with_types(cells.to_frame(), frozenset({name}))
    assert frame[name].to_list() == [None, date(2024, 10, 4), None]
    assert frame[f"{name}.state"].to_list() == ["unreadable", "read", "blank"]
    text = f"{days} days from 1970-01-01"
    assert frame[name + UNREADABLE_TEXT].to_list() == [text, None, None]


@pytest.mark.parametrize("text", ["٠٣/٠٤/٢٠٢٦", "٢٠٢٦-٠٣-٠٤", "٢٠٢٦٠٣٠٤"])
def test_digits_of_other_scripts_are_no_date_and_harm_no_other(text: str) -> None:
    name, _, _ = SAMPLE[Kind.DATE]
    frame = with_types(pl.DataFrame({name: [text, "03/04/2026"]}), frozenset({name}))
    assert frame[name].to_list() == [None, date(2026, 3, 4)]


@pytest.mark.parametrize("text", ["2026032", "2026112", "2026 3 2"])
def test_eight_digits_less_one_are_no_date(text: str) -> None:
    assert reading(Kind.DATE, text) == ([None], ["unreadable"])


def test_a_year_of_one_digit_is_no_year() -> None:
    assert reading(Kind.DATE, "03/02/1") == ([None], ["unreadable"])


@pytest.mark.parametrize("text", ["3/15/45", "12/31/69"])
def test_nobody_is_born_in_the_future(text: str) -> None:
    column = "patient_birth_date"
    frame = with_types(pl.DataFrame({column: [text]}), frozenset({column}))
    assert frame.filter(pl.col(column) > date(2040, 1, 1)).is_empty()


# Numbers, whole numbers and money


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("1.0", 1.0),
        (" 2 ", 2.0),
        ("\u00a02", 2.0),
        ("0", 0.0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("-1", -1.0),
        ("+1", 1.0),
        ("1e3", 1000.0),
        ("1E3", 1000.0),
        ("1,000", 1000.0),
        ("1,000,000.5", 1000000.5),
    ],
)
def test_a_number_is_read(text: str, value: float) -> None:
    assert reading(Kind.NUMBER, text) == ([value], ["read"])


@pytest.mark.parametrize(
    "text",
    [
        "inf",
        "-inf",
        "Infinity",
        "1e400",
        "one",
        "1 unit",
        "1 000",
        "1_000",
        "0x10",
        "--1",
        "1,00",
        "1/2",
        "#DIV/0!",
        "\u0663",
    ],
)
def test_what_is_no_finite_number_is_unreadable(text: str) -> None:
    assert reading(Kind.NUMBER, text) == ([None], ["unreadable"])


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        ([2, None], pl.UInt8),
        ([2.0, None], pl.Float32),
        ([Decimal(2), None], pl.Decimal(10, 2)),
    ],
)
def test_a_number_column_of_a_table_is_read_in_its_type(cells: list[Any], dtype: Any) -> None:
    assert reading(Kind.NUMBER, *cells, dtype=dtype) == ([2.0, None], ["read", "blank"])


@pytest.mark.parametrize("kind", [Kind.NUMBER, Kind.MONEY, Kind.INTEGER])
def test_nan_and_infinity_of_a_table_are_unreadable_and_not_blank(kind: Kind) -> None:
    cells = [1.0, float("nan"), float("inf"), float("-inf"), None]
    values, states = reading(kind, *cells, dtype=pl.Float64)
    assert values == [1, None, None, None, None]
    assert states == ["read", "unreadable", "unreadable", "unreadable", "blank"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("45", "45"),
        ("45.00", "45"),
        ("45.1", "45.1"),
        (".5", "0.5"),
        ("0.00", "0"),
        ("$45.00", "45"),
        ("$ 45.00", "45"),
        (" $45.00 ", "45"),
        ("1,045.00", "1045"),
        ("$1,045.00", "1045"),
        ("1,234,567.89", "1234567.89"),
        ("$1,234,567,890.12", "1234567890.12"),
        ("-45.00", "-45"),
        ("-$45.00", "-45"),
        ("$-45.00", "-45"),
        ("(45.00)", "-45"),
        ("($45.00)", "-45"),
        ("($1,045.00)", "-1045"),
        ("+45", "45"),
        ("45.1234", "45.1234"),
        ("99999999999999.9999", "99999999999999.9999"),
    ],
)
def test_money_is_read_to_the_cent_and_below(text: str, value: str) -> None:
    assert reading(Kind.MONEY, text) == ([Decimal(value)], ["read"])


@pytest.mark.parametrize(
    "text",
    [
        "inf",
        "45.00 USD",
        "\u20ac45",
        "45,00",
        "1.045,00",
        "45.00-",
        "(45.00",
        "45.00)",
        "()",
        "$",
        "$$45",
        "free",
        "100000000000000000",
        "45.00 46.00",
    ],
)
def test_what_is_no_amount_is_unreadable(text: str) -> None:
    assert reading(Kind.MONEY, text) == ([None], ["unreadable"])


def test_one_odd_amount_changes_no_other() -> None:
    texts = ["45.00", "$1,045.00", "x", "(2.00)", "", "45.10"]
    values, states = reading(Kind.MONEY, *texts)
    expected = ["45", "1045", None, "-2", None, "45.1"]
    assert values == [None if text is None else Decimal(text) for text in expected]
    assert states == ["read", "read", "unreadable", "read", "blank", "read"]


def test_cents_held_as_floats_are_read_as_cents() -> None:
    values, _ = reading(Kind.MONEY, 0.1 + 0.2, 45.1, 1e10, dtype=pl.Float64)
    assert values == [Decimal("0.3"), Decimal("45.1"), Decimal(10_000_000_000)]


@pytest.mark.parametrize("text", ["12,3456", "1,0000", "1,234567"])
def test_commas_that_part_no_thousands_are_not_dropped(text: str) -> None:
    assert reading(Kind.MONEY, text) == ([None], ["unreadable"])


@pytest.mark.parametrize("text", ["45.00009", "0.00001"])
def test_a_fifth_decimal_place_is_not_cut_off_in_silence(text: str) -> None:
    assert reading(Kind.MONEY, text) == ([None], ["unreadable"])


def test_a_fifth_decimal_place_of_units_is_a_number() -> None:
    assert reading(Kind.NUMBER, "1.33333") == ([1.33333], ["read"])


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64])
def test_half_a_line_number_is_not_rounded_down(dtype: Any) -> None:
    assert reading(Kind.INTEGER, 1.5, 2.0, dtype=dtype) == ([None, 2], ["unreadable", "read"])


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1), ("01", 1), ("1.0", 1), (" 12 ", 12), ("-1", -1), ("2,000", 2000)]
)
def test_a_whole_number_is_read(text: str, value: int) -> None:
    assert reading(Kind.INTEGER, text) == ([value], ["read"])


@pytest.mark.parametrize("text", ["1.5", "x", "inf", "NUL", "1A", "1-2", "99999999999999999999"])
def test_what_is_no_whole_number_is_unreadable(text: str) -> None:
    assert reading(Kind.INTEGER, text) == ([None], ["unreadable"])


def test_a_long_whole_number_keeps_its_last_digit() -> None:
    assert reading(Kind.INTEGER, "9007199254740993") == ([9007199254740993], ["read"])


@pytest.mark.parametrize("kind", [Kind.NUMBER, Kind.MONEY, Kind.INTEGER])
@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["2"])])
def test_numbers_held_as_categories_are_read(kind: Kind, dtype: Any) -> None:
    values, states = reading(kind, "2", None, dtype=dtype)
    assert ([values[0] == 2, values[1]], states) == ([True, None], ["read", "blank"])


# States


@pytest.mark.parametrize("kind", KINDS)
def test_a_blank_cell_is_blank_and_no_other_state(kind: Kind) -> None:
    text, value = SAMPLE[kind][1:]
    values, states = reading(kind, "", " ", "\t", "\u00a0", None, text)
    assert values == [None] * 5 + [value]
    assert states == ["blank"] * 5 + ["read"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_of_no_type_is_blank(kind: Kind) -> None:
    assert reading(kind, None, None, dtype=pl.Null) == ([None, None], ["blank", "blank"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_without_rows_has_its_type(kind: Kind) -> None:
    assert reading(kind) == ([], [])


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_that_the_file_lacks_has_neither_value_nor_state(kind: Kind) -> None:
    name = SAMPLE[kind][0]
    frame = with_types(pl.DataFrame({"claim_id": ["A1", "A2"]}), frozenset({name}))
    assert frame[name].to_list() == [None, None]
    assert frame[name].dtype == DTYPES[kind]
    assert frame[f"{name}.state"].to_list() == [None, None]
    assert frame[f"{name}.state"].dtype == columns.STATE


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_of_an_unreadable_cell_is_kept_and_of_no_other(kind: Kind) -> None:
    name, good, _ = SAMPLE[kind]
    frame = with_types(pl.DataFrame({name: [good, "", " ~ ", "NULL", None]}), frozenset({name}))
    assert frame[name + UNREADABLE_TEXT].to_list() == [None, None, "~", None, None]


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_that_is_read_whole_keeps_no_text(kind: Kind) -> None:
    name, good, _ = SAMPLE[kind]
    frame = with_types(pl.DataFrame({name: [good, "", None]}), frozenset({name}))
    assert name + UNREADABLE_TEXT not in frame.columns


def test_only_needed_columns_are_typed_and_foreign_ones_stay() -> None:
    lines = pl.DataFrame({"charge_amount": ["$1"], "claim_line_number": ["x"], "source": [3]})
    frame = with_types(lines, frozenset({"charge_amount"}))
    assert frame.rows(named=True) == [
        {
            "charge_amount": Decimal(1),
            "claim_line_number": "x",
            "source": 3,
            "charge_amount.state": "read",
        }
    ]


def test_every_column_gets_its_type_whether_or_not_the_file_has_it() -> None:
    rows = {column.name: [""] for column in COLUMNS}
    for lines in (pl.DataFrame(rows), pl.DataFrame({"claim_id": [""]}), pl.DataFrame(rows).clear()):
        frame = with_types(lines, frozenset(BY_NAME))
        assert {name: frame[name].dtype for name in BY_NAME} == {
            column.name: DTYPES[column.kind] for column in COLUMNS
        }
        assert {name for name in frame.columns if name.endswith(".state")} == {
            f"{name}.state" for name in TYPED
        }


# Numbered sets


@pytest.mark.parametrize("members", [MODIFIERS, DIAGNOSES])
def test_where_one_of_a_numbered_set_is_present_the_others_are_blank(
    members: tuple[str, ...],
) -> None:
    for present in members:
        frame = with_types(pl.DataFrame({present: ["X", ""]}), frozenset(members))
        for name in members:
            assert frame[name].to_list() == (["X", ""] if name == present else ["", ""])


@pytest.mark.parametrize("members", [MODIFIERS, DIAGNOSES])
def test_where_none_of_a_numbered_set_is_present_all_are_unknown(members: tuple[str, ...]) -> None:
    other = DIAGNOSES[0] if members is MODIFIERS else MODIFIERS[0]
    frame = with_types(pl.DataFrame({other: ["X"]}), frozenset(members))
    assert [frame[name].to_list() for name in members] == [[None]] * len(members)


def test_absent_members_are_those_of_the_present_sets_only() -> None:
    assert absent_members({"claim_id"}) == []
    assert absent_members({"hcpcs_modifier_3"}) == [
        "hcpcs_modifier_1",
        "hcpcs_modifier_2",
        "hcpcs_modifier_4",
        "hcpcs_modifier_5",
    ]
    assert absent_members({*MODIFIERS, *DIAGNOSES[1:]}) == ["diagnosis_code_1"]
    assert absent_members({*MODIFIERS, *DIAGNOSES}) == []


def test_a_blank_member_is_a_known_value_and_stays_blank_without_rows() -> None:
    frame = with_types(pl.DataFrame({"hcpcs_modifier_1": ["26"]}).clear(), frozenset(MODIFIERS))
    assert frame.height == 0
    assert frame["hcpcs_modifier_5"].dtype == pl.Categorical


# Text


def as_cells(column: str, values: list[Any], dtype: Any = pl.String) -> list[Any]:
    source = pl.DataFrame({"The Header": pl.Series(values, dtype=dtype)})
    selected = source.select(source_cell("The Header", BY_NAME[column]))
    assert selected.columns == [column]
    return selected[column].to_list()


def test_text_is_trimmed_and_nothing_is_the_empty_string() -> None:
    values = [" 26 ", "\t26\n", "\u00a026", "2 6", "", "  ", None, "tc", "01"]
    expected = ["26", "26", "26", "2 6", "", "", "", "tc", "01"]
    assert as_cells("hcpcs_modifier_1", values) == expected


def test_only_the_procedure_code_is_put_in_capitals() -> None:
    assert as_cells("hcpcs_code", [" g0130", None]) == ["G0130", ""]
    assert as_cells("payer", ["Medicare"]) == ["Medicare"]


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([77092, None], pl.Int64, ["77092", ""]),
        ([77092.0, None], pl.Float64, ["77092.0", ""]),
        (["77092", None], pl.Categorical, ["77092", ""]),
        ([b"77092", None], pl.Binary, ["77092", ""]),
        ([None, None], pl.Null, ["", ""]),
    ],
)
def test_a_text_column_of_a_table_becomes_text(
    values: list[Any], dtype: Any, expected: list[str]
) -> None:
    assert as_cells("hcpcs_code", values, dtype) == expected


@pytest.mark.parametrize("column", TYPED)
def test_a_typed_cell_passes_as_it_stands(column: str) -> None:
    assert as_cells(column, [" 1 ", None]) == [" 1 ", None]


# The contract itself


def test_exactly_the_columns_that_identify_a_patient_are_flagged() -> None:
    flagged = {column.name for column in COLUMNS if column.patient}
    assert flagged == {"person_id", "patient_birth_date"}


def test_the_columns_are_those_of_the_design_in_its_order_and_types() -> None:
    kinds = {
        "claim_id": Kind.TEXT,
        "claim_line_number": Kind.INTEGER,
        "line_control_number": Kind.TEXT,
        "person_id": Kind.TEXT,
        "claim_line_start_date": Kind.DATE,
        "claim_line_end_date": Kind.DATE,
        "service_unit_quantity": Kind.NUMBER,
        "charge_amount": Kind.MONEY,
        "paid_amount": Kind.MONEY,
        "allowed_amount": Kind.MONEY,
        "prior_authorization_number": Kind.TEXT,
        "original_reference_number": Kind.TEXT,
        "patient_birth_date": Kind.DATE,
        "submission_date": Kind.DATE,
        "report_signed_date": Kind.DATE,
    }
    names = (
        "claim_id claim_line_number line_control_number person_id payer plan_name payer_id "
        "claim_filing_indicator "
        "claim_line_start_date claim_line_end_date place_of_service_code hcpcs_code "
        + " ".join(f"hcpcs_modifier_{n}" for n in range(1, 6))
        + " service_unit_quantity charge_amount paid_amount allowed_amount "
        + " ".join(f"diagnosis_code_{n}" for n in range(1, 13))
        + " diagnosis_pointer rendering_npi billing_npi ordering_npi prior_authorization_number "
        "claim_frequency_code original_reference_number patient_sex patient_birth_date "
        "submission_date report_signed_date"
    ).split()
    assert [(c.name, c.kind) for c in COLUMNS] == [(n, kinds.get(n, Kind.CODE)) for n in names]
    assert set(TYPED) == {name for name, kind in kinds.items() if kind is not Kind.TEXT}


def test_what_a_line_cannot_do_without_is_required() -> None:
    assert {column.name for column in COLUMNS if column.required} == {
        "claim_id",
        "hcpcs_code",
    }


def test_every_column_says_what_it_is_needed_for() -> None:
    assert [column.name for column in COLUMNS if not column.needed_for] == []


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("02/29/00", date(2000, 2, 29)),
        ("3/15/45", date(1945, 3, 15)),
        ("12/31/69", date(1969, 12, 31)),
    ],
)
def test_two_digits_of_a_birth_are_of_the_1900s_where_that_day_exists(text: str, day: date) -> None:
    column = "patient_birth_date"
    frame = with_types(pl.DataFrame({column: [text]}), frozenset({column}))
    assert frame[column].to_list() == [day]


@pytest.mark.parametrize(
    ("text", "amount"), [("12.300000000000001", "12.3"), ("0.30000000000000004", "0.3")]
)
def test_the_noise_of_a_float_is_no_fraction_of_a_cent(text: str, amount: str) -> None:
    assert reading(Kind.MONEY, text) == ([Decimal(amount)], ["read"])


def test_a_day_that_a_gap_made_a_float_is_a_day() -> None:
    values, states = reading(Kind.DATE, 20260302.0, None, dtype=pl.Float64)
    assert (values, states) == ([date(2026, 3, 2), None], ["read", "blank"])


@pytest.mark.parametrize(
    ("cell", "person"),
    [
        ("UNKNOWN", ""),
        ("Patient unknown", ""),
        ("unk", ""),
        ("000000000", ""),
        ("999999999", ""),
        ("0", "0"),
        ("999", "999"),
        ("9001", "9001"),
        ("Unknowns LLC", "Unknowns LLC"),
    ],
)
def test_a_patient_who_has_no_number_is_nobody(cell: str, person: str) -> None:
    cells = pl.DataFrame({"Patient": [cell]})
    assert cells.select(source_cell("Patient", BY_NAME["person_id"])).item() == person
