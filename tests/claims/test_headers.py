"""How headers are matched, and the alias table that they are matched through."""

from __future__ import annotations

import csv
import re
import shlex
from collections import Counter
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from cpt77092.claims.columns import BY_NAME, COLUMNS, DIAGNOSES, MODIFIERS
from cpt77092.claims.headers import HeaderMatch, known_headers, match_headers, normal
from cpt77092.errors import ClaimsError, UsageError

TUVA = Path(__file__).parents[3] / "shared" / "data" / "claims" / "tuva-medical-claim-header.csv"
RANKS = ("named", "otherwise")


@cache
def table() -> dict[str, dict[str, list[str]]]:
    """The alias table as its file has it, read without the package's help."""
    text = files("cpt77092.claims").joinpath("headers.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, list[str]]] = yaml.load(text, Loader=yaml.BaseLoader)
    return loaded


def match(*headers: str, **overrides: str) -> HeaderMatch:
    named = dict(zip(headers, headers, strict=True))
    return match_headers(named, overrides, file="claims.csv")


# The table


def test_the_table_has_every_column_and_no_other() -> None:
    assert list(table()) == [column.name for column in COLUMNS]


@pytest.mark.parametrize("column", BY_NAME)
def test_a_column_has_named_headers_its_own_name_first_and_known_ranks(column: str) -> None:
    ranks = table()[column]
    assert set(ranks) <= set(RANKS)
    assert ranks["named"][0] == column


@pytest.mark.parametrize("column", BY_NAME)
def test_every_header_of_the_table_maps_to_its_column(column: str) -> None:
    for rank, how in zip(RANKS, ("named", "nearly"), strict=True):
        for header in table()[column].get(rank, []):
            for spelling in (header, header.upper(), f" {header.title()} ", header + "."):
                found = match(spelling)
                assert (spelling, dict(found.columns)) == (spelling, {column: spelling})
                assert dict(found.match_kind) == {column: how}
                assert found.unused == ()
            assert known_headers()[normal(header)] == column


def test_no_header_names_two_columns() -> None:
    names = Counter(
        header
        for ranks in table().values()
        for header in {normal(alias) for alias in ranks["named"]}
    )
    assert [header for header, columns in names.items() if columns > 1] == []


def test_no_header_names_one_column_and_nearly_another() -> None:
    named = {normal(alias): column for column, ranks in table().items() for alias in ranks["named"]}
    nearly = [
        (alias, named[normal(alias)], column)
        for column, ranks in table().items()
        for alias in ranks.get("otherwise", [])
        if normal(alias) in named
    ]
    assert nearly == []


def test_no_header_is_nothing_but_punctuation() -> None:
    headers = [alias for ranks in table().values() for rank in ranks.values() for alias in rank]
    assert [header for header in headers if not normal(header)] == []


@pytest.mark.parametrize("members", [MODIFIERS, DIAGNOSES])
def test_a_numbered_header_has_the_number_of_its_column(members: tuple[str, ...]) -> None:
    for number, column in enumerate(members, start=1):
        letter = "abcdefghijkl"[number - 1]
        for header in map(normal, table()[column]["named"]):
            found = re.findall(r"\d+", re.sub(r"icd10|icd9|^21", "", header))
            assert (column, header, found) == (column, header, [str(number)] if found else [])
            lettered = re.fullmatch(r"(?:dx|21)([a-z])", header)
            assert (column, lettered and lettered[1]) in ((column, None), (column, letter))


# Matching


def test_case_spaces_and_punctuation_make_no_difference() -> None:
    spellings = ["Proc Code", "PROC_CODE", "proc-code", "ProcCode", " proc.code: ", "Proc. Code #"]
    for header in spellings:
        assert match(header).columns == {"hcpcs_code": header}


def test_letters_and_digits_do_make_a_difference() -> None:
    assert match("proc code x", "cpt5", "modifier 6", "").unused == (
        "proc code x",
        "cpt5",
        "modifier 6",
        "",
    )


def test_normal_keeps_letters_and_digits_of_every_script() -> None:
    assert normal(" HCPCS_Cd (1) ") == "hcpcscd1"
    assert normal("Straße № 7") == "strasse7"
    assert normal("_-. ") == ""


def test_an_unknown_header_is_unused_and_a_column_without_a_header_is_missing() -> None:
    found = match("cpt", "Mood", "dos")
    assert found.unused == ("Mood",)
    assert found.missing == tuple(
        column.name
        for column in COLUMNS
        if column.name not in ("hcpcs_code", "claim_line_start_date")
    )


def test_a_header_that_says_exactly_beats_one_that_says_nearly() -> None:
    found = match("clm_from_dt", "DOS", "statement from date")
    assert found.columns["claim_line_start_date"] == "DOS"
    assert found.match_kind["claim_line_start_date"] == "named"
    assert found.unused == ("clm_from_dt", "statement from date")


def test_of_headers_that_say_nearly_the_first_of_the_table_is_taken() -> None:
    nearly = table()["claim_line_start_date"]["otherwise"]
    assert len(nearly) > 1
    for headers in (nearly, nearly[::-1]):
        found = match(*headers)
        assert found.columns["claim_line_start_date"] == nearly[0]
        assert found.match_kind["claim_line_start_date"] == "nearly"


def test_two_headers_for_one_column_are_an_error_that_names_both() -> None:
    with pytest.raises(ClaimsError) as problem:
        match("claim id", "Proc Code", "CPT", "dos")
    assert str(problem.value) == (
        "claims.csv: headers 'CPT', 'Proc Code' all claim hcpcs_code; choose one: "
        "--map hcpcs_code=CPT"
    )


def test_two_spellings_of_one_header_clash_too() -> None:
    with pytest.raises(ClaimsError, match="'Proc Code', 'PROC_CODE' all claim hcpcs_code"):
        match("Proc Code", "PROC_CODE")


def test_the_command_in_an_error_can_be_pasted_into_a_shell() -> None:
    with pytest.raises(ClaimsError) as problem:
        match("Proc Code", "Procedure (Code)")
    command = str(problem.value).partition("choose one: ")[2]
    assert shlex.split(command) == ["--map", "hcpcs_code=Procedure (Code)"]


def test_the_command_in_an_error_can_be_pasted_even_with_an_apostrophe() -> None:
    with pytest.raises(ClaimsError) as problem:
        match("cpt'", "cpt")
    command = str(problem.value).partition("choose one: ")[2]
    assert shlex.split(command) == ["--map", "hcpcs_code=cpt'"]


def test_many_clashing_headers_are_not_all_listed() -> None:
    with pytest.raises(ClaimsError, match=r"'cpt            ' and 3 more all claim"):
        match(*("cpt" + " " * n for n in range(1, 16)))


# Overrides


def test_an_override_settles_a_clash_and_leaves_the_other_header_unused() -> None:
    found = match("CPT", "Proc Code", hcpcs_code="Proc Code")
    assert found.columns == {"hcpcs_code": "Proc Code"}
    assert found.match_kind == {"hcpcs_code": "--map"}
    assert found.unused == ("CPT",)


def test_an_override_beats_the_table() -> None:
    assert match("CPT", "What", hcpcs_code="What").columns == {"hcpcs_code": "What"}


def test_an_overridden_header_is_not_read_for_what_it_says() -> None:
    found = match("Provider NPI", "Group NPI", billing_npi="Provider NPI")
    assert found.columns == {"billing_npi": "Provider NPI"}
    assert found.unused == ("Group NPI",)


def test_one_header_can_be_mapped_to_two_columns() -> None:
    found = match("Date", claim_line_start_date="Date", claim_line_end_date="Date")
    assert found.columns == {"claim_line_start_date": "Date", "claim_line_end_date": "Date"}


def test_an_override_is_taken_as_spelled_before_it_is_compared_loosely() -> None:
    assert match("my code", "My Code", hcpcs_code="My Code").columns == {"hcpcs_code": "My Code"}
    assert match("My_Code", hcpcs_code="my code").columns == {"hcpcs_code": "My_Code"}


def test_an_override_that_fits_two_headers_loosely_is_refused() -> None:
    with pytest.raises(UsageError, match=r"claims\.csv has two headers 'mycode'"):
        match("my code", "My Code", hcpcs_code="mycode")


def test_an_override_to_a_header_that_is_not_there_is_refused_with_a_guess() -> None:
    with pytest.raises(UsageError) as problem:
        match("Procedure", "Date", hcpcs_code="Procedur")
    assert "claims.csv has no header 'Procedur'" in str(problem.value)
    assert "'Procedure'" in str(problem.value)
    assert str(problem.value).endswith("it has 'Procedure', 'Date'")


def test_an_override_of_a_column_that_does_not_exist_is_refused_with_a_guess() -> None:
    with pytest.raises(UsageError) as problem:
        match("CPT", hcpcs_cod="CPT")
    assert "there is no column hcpcs_cod" in str(problem.value)
    assert "hcpcs_code" in str(problem.value).replace("hcpcs_cod=CPT", "")


def test_the_headers_of_a_wide_file_are_not_all_listed_in_an_error() -> None:
    with pytest.raises(UsageError, match=r"'h10' and 89 more$"):
        match("payer", *(f"h{n}" for n in range(100)), hcpcs_code="zzz")


def test_cells_of_a_file_without_headers_are_not_listed() -> None:
    with pytest.raises(UsageError) as problem:
        match("C1", "P12345", "1950-01-05", hcpcs_code="CPT")
    assert "P12345" not in str(problem.value)
    assert "no header of it is known here" in str(problem.value)


def test_a_match_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        match("CPT").columns["payer"] = "CPT"  # type: ignore[index]


# Layouts that people really have


def test_the_tuva_layout_maps_to_the_columns_of_the_same_name() -> None:
    if not TUVA.exists():
        pytest.skip("../shared/data/claims is not on this machine")
    with TUVA.open(encoding="utf-8", newline="") as rows:
        headers = next(csv.reader(rows))
    found = match(*headers)
    assert found.columns == {header: header for header in headers if header in BY_NAME}
    assert set(found.match_kind.values()) == {"named"}
    assert set(found.missing) == {
        "line_control_number",
        "payer_id",
        "diagnosis_pointer",
        "ordering_npi",
        "prior_authorization_number",
        "claim_frequency_code",
        "patient_sex",
        "patient_birth_date",
        "submission_date",
        "report_signed_date",
    }


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param(
            "person_id,member_id", {"person_id": "person_id"}, id="a person and a member id"
        ),
        pytest.param(
            "Claim No,Line,Patient ID,Insurance,DOS,POS,CPT,Mod1,Mod2,Units,Charge,Dx1,Dx2,Dx Ptr",
            {
                "claim_id": "Claim No",
                "claim_line_number": "Line",
                "person_id": "Patient ID",
                "payer": "Insurance",
                "claim_line_start_date": "DOS",
                "place_of_service_code": "POS",
                "hcpcs_code": "CPT",
                "hcpcs_modifier_1": "Mod1",
                "hcpcs_modifier_2": "Mod2",
                "service_unit_quantity": "Units",
                "charge_amount": "Charge",
                "diagnosis_code_1": "Dx1",
                "diagnosis_code_2": "Dx2",
                "diagnosis_pointer": "Dx Ptr",
            },
            id="a practice management export",
        ),
        pytest.param(
            "24A From,24A To,24B,24D,24E,24F,24G,24J,17b,33a,21A,21B",
            {
                "claim_line_start_date": "24A From",
                "claim_line_end_date": "24A To",
                "place_of_service_code": "24B",
                "hcpcs_code": "24D",
                "diagnosis_pointer": "24E",
                "charge_amount": "24F",
                "service_unit_quantity": "24G",
                "rendering_npi": "24J",
                "ordering_npi": "17b",
                "billing_npi": "33a",
                "diagnosis_code_1": "21A",
                "diagnosis_code_2": "21B",
            },
            id="the boxes of a CMS-1500",
        ),
        pytest.param(
            "BENE_ID,CLM_ID,CLM_FROM_DT,LINE_NUM,PRF_PHYSN_NPI,LINE_SRVC_CNT,LINE_PLACE_OF_SRVC_CD,"
            "LINE_1ST_EXPNS_DT,HCPCS_CD,HCPCS_1ST_MDFR_CD,LINE_SBMTD_CHRG_AMT,PRNCPAL_DGNS_CD,"
            "ICD_DGNS_CD1,RFR_PHYSN_NPI",
            {
                "person_id": "BENE_ID",
                "claim_id": "CLM_ID",
                "claim_line_number": "LINE_NUM",
                "rendering_npi": "PRF_PHYSN_NPI",
                "service_unit_quantity": "LINE_SRVC_CNT",
                "place_of_service_code": "LINE_PLACE_OF_SRVC_CD",
                "claim_line_start_date": "LINE_1ST_EXPNS_DT",
                "hcpcs_code": "HCPCS_CD",
                "hcpcs_modifier_1": "HCPCS_1ST_MDFR_CD",
                "charge_amount": "LINE_SBMTD_CHRG_AMT",
                "diagnosis_code_1": "ICD_DGNS_CD1",
                "ordering_npi": "RFR_PHYSN_NPI",
            },
            id="a Medicare carrier file",
        ),
    ],
)
def test_a_known_layout_is_understood(headers: str, expected: dict[str, str]) -> None:
    assert dict(match(*headers.split(",")).columns) == expected
