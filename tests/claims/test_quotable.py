"""A message quotes a cell only if it looks like what its column is for."""

from __future__ import annotations

import polars as pl
import pytest

from cpt77092.claims.quotable import NOT_SHOWN, cells_revealed, shown, shown_payer


def quoted(column: str, cell: str | None, mark: str = "") -> str | None:
    frame = pl.DataFrame({"cell": [cell]}, schema={"cell": pl.String})
    text: str | None = frame.select(shown(column, pl.col("cell"), mark)).item()
    return text


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("hcpcs_code", "77092-26X"),
        ("hcpcs_code", "77080; 77092"),
        ("hcpcs_modifier_1", "260"),
        ("hcpcs_modifier_2", "t c"),
        ("claim_id", "A-1001"),
        ("claim_id", "6f1c2b3a-0d4e-4f50-8a6b-7c8d9eff0011"),
        ("claim_id", "26 0001 2"),
        ("claim_id", "B"),
        ("diagnosis_code_1", "733.00"),
        ("diagnosis_pointer", "A,B"),
        ("place_of_service_code", "28"),
        ("claim_line_start_date", "2026-02-29"),
        ("charge_amount", "$1,000.00.00"),
        ("service_unit_quantity", "1e999"),
        # What the reader of 837Ps says of the line.
        ("diagnosis_pointer", "blank SV107"),
        ("diagnosis_pointer", "9:9 (SV107)"),
        ("service_unit_quantity", "15 minutes (SV103 MJ)"),
        ("service_unit_quantity", "1 (SV103 blank)"),
        ("service_unit_quantity", "1 (SV103 F2)"),
    ],
)
def test_what_looks_like_its_column_is_shown(column: str, cell: str) -> None:
    assert quoted(column, cell) == cell
    assert quoted(column, cell, "'") == f"'{cell}'"


@pytest.mark.parametrize(
    "cell",
    [
        "Okonkwo",
        "Li Wei",
        "\u674e\u4f1f",  # a whole name in two characters
        "123-45-6789",
        "Ms. 03/12/1958",
        "15 minutes (SV103 Okonkwo)",
    ],
)
@pytest.mark.parametrize(
    "column",
    [
        "claim_id",
        "hcpcs_code",
        "hcpcs_modifier_1",
        "diagnosis_code_12",
        "diagnosis_pointer",
        "place_of_service_code",
        "claim_frequency_code",
        "claim_line_start_date",
        "charge_amount",
        "service_unit_quantity",
    ],
)
def test_a_name_or_a_number_of_a_person_is_not(column: str, cell: str) -> None:
    assert quoted(column, cell, "'") == NOT_SHOWN


def test_a_blank_stays_one_and_columns_without_a_form_are_as_they_are() -> None:
    assert quoted("hcpcs_modifier_1", None) is None
    assert quoted("claim_frequency_code", "") == ""
    assert quoted("payer", "Lakeside Health") == "Lakeside Health"


@pytest.mark.parametrize(
    "name",
    ["Lakeside Health", "Aetna, Inc.", "Blue Cross, Plan B of Texas", "PAYER2", "the payer"],
)
def test_a_payer_is_named(name: str) -> None:
    assert shown_payer(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "OKONKWO, ADA",
        "O'Brien, Mary K.",
        "Ms. Li Wei",
        "123-45-6789",
        "(555) 010-0199",
        "3/12/1958",
    ],
)
def test_a_person_in_place_of_a_payer_is_not(name: str) -> None:
    assert shown_payer(name) == NOT_SHOWN


def test_show_phi_reveals_what_is_held_back() -> None:
    with cells_revealed(is_wanted=True):
        assert quoted("hcpcs_modifier_1", "Okonkwo", "'") == "'Okonkwo'"
        assert shown_payer("OKONKWO, ADA") == "OKONKWO, ADA"
        with cells_revealed(is_wanted=False):
            assert quoted("claim_id", "Okonkwo") == NOT_SHOWN
    assert quoted("claim_id", "Okonkwo") == NOT_SHOWN
