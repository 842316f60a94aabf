"""How headers are understood: by spellings, kinds of header rows, cells and questions."""

from __future__ import annotations

import csv
import re
import shlex
from collections import Counter
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cpt77092.claims.columns import BY_NAME, COLUMNS
from cpt77092.claims.headers import (
    HeaderMatch,
    Question,
    compact,
    is_claim,
    match_headers,
    names_column,
)
from cpt77092.claims.headers.choice import MEMBERS
from cpt77092.claims.headers.grammar import concepts
from cpt77092.errors import ClaimsError, UsageError
from cpt77092.readers.header_row import unique_names

FOLDER = Path(__file__).parent
TUVA = Path(__file__).parents[3] / "shared" / "data" / "claims" / "tuva-medical-claim-header.csv"
RANKS = ("named", "otherwise")


@cache
def spellings() -> dict[str, dict[str, list[str]]]:
    """Headers that are understood by themselves, for each column."""
    text = (FOLDER / "header_spellings.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, list[str]]] = yaml.load(text, Loader=yaml.BaseLoader)
    return loaded


def kinds() -> list[dict[str, Any]]:
    """Kinds of header rows, and how they are understood."""
    text = (FOLDER / "header_kinds.yaml").read_text(encoding="utf-8")
    loaded: list[dict[str, Any]] = yaml.load(text, Loader=yaml.BaseLoader)
    return loaded


def matched(*headers: str, of_history: bool = False, **overrides: str) -> HeaderMatch:
    named = dict(zip(headers, headers, strict=True))
    return match_headers(named, overrides, file="claims.csv", of_history=of_history)


# Spellings that were always understood


@pytest.mark.parametrize("column", BY_NAME)
def test_every_known_spelling_is_understood(column: str) -> None:
    for header in [spelling for rank in RANKS for spelling in spellings()[column].get(rank, [])]:
        for spelling in (header, header.upper(), f" {header.title()} ", header + "."):
            match = matched(spelling, of_history=BY_NAME[column].of_history)
            assert (spelling, dict(match.columns)) == (spelling, {column: spelling})
            assert match.unused == ()
        assert names_column(header)


def test_the_charge_of_a_whole_claim_is_asked_for() -> None:
    match = matched("Total Charge")
    assert match.columns == {}
    assert [str(question) for question in match.questions] == [
        "'Total Charge' may be the charge of the line; if so: --map 'charge_amount=Total Charge'"
    ]


def test_a_canonical_name_is_sure_whatever_its_cells_hold() -> None:
    names = {name: name for name in BY_NAME}
    cells = {name: ["\u00e9", "77", "x y z"] for name in names}
    match = match_headers(names, {}, file="claims.csv", cells=cells, of_history=True)
    assert match.columns == names


PAID = ("Paid", "Line Paid Amount", "CLM_PMT_AMT", "Insurance Payment", "Total Paid")


@pytest.mark.parametrize("header", PAID)
def test_what_was_paid_is_no_charge_and_is_read_of_earlier_claims_alone(header: str) -> None:
    assert matched("claim_id", header).columns == {"claim_id": "claim_id"}
    assert matched("claim_id", header).asked == ()
    assert matched(header, of_history=True).columns == {"paid_amount": header}


@pytest.mark.parametrize(
    "header",
    [
        *("Allowed", "Allowed Amount", "Patient Paid", "pt_paid", "Copay Paid"),
        *("29. Amount Paid", "Amount Paid (Box 29)", "Paid Date", "Payment Status", "Paid Units"),
        *("primaryPaidAmount", "LINE_BENE_PMT_AMT", "LINE_BENE_PRMRY_PYR_PD_AMT"),
        *("Payment Method", "Deductible"),
    ],
)
def test_what_others_paid_or_may_pay_is_not_what_the_payer_paid(header: str) -> None:
    assert "paid_amount" not in matched(header, of_history=True).columns


@pytest.mark.parametrize(
    ("headers", "best"),
    [
        (("Claim Paid", "Line Paid"), "Line Paid"),
        (("Patient Paid", "Total Paid", "Plan Paid"), "Plan Paid"),
        (("Total Paid", "Paid"), "Paid"),
        (("ins1_paid", "ins2_paid", "pt_paid", "paid_total"), "ins1_paid"),
    ],
)
def test_the_payers_payment_of_the_line_goes_before_others(
    headers: tuple[str, ...], best: str
) -> None:
    assert matched(*headers, of_history=True).columns == {"paid_amount": best}


# The vocabulary


def test_every_word_has_one_meaning_and_every_wording_has_words() -> None:
    text = files("cpt77092.claims.headers").joinpath("headers.yaml").read_text(encoding="utf-8")
    tree = yaml.load(text, Loader=yaml.BaseLoader)
    spelled = [w for word, others in tree["words"].items() for w in (word, *others.split())]
    never = [word for line in tree["never"] for word in line.split()]
    every = Counter([*spelled, *never, *tree["means"], *tree["dropped"].split()])
    assert [word for word, times in every.items() if times > 1] == []
    for entry in tree["columns"].values():
        wordings = re.sub("[?=~!,|]", " ", entry["wordings"])
        used = f"{wordings} {entry['with']} {entry.get('looks', '')}".split()
        assert set(used) <= tree["words"].keys() | set(never)


def test_columns_are_those_of_the_contract() -> None:
    names = {name for concept in concepts() for name in MEMBERS.get(concept.name, (concept.name,))}
    assert names == set(BY_NAME)


# Kinds


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: str(kind["kind"]))
def test_a_kind_of_header_row_is_understood(kind: dict[str, Any]) -> None:
    headers = unique_names(kind["headers"])
    cells = {name: kind.get("cells", {}).get(header, []) for name, header in headers.items()}
    match = match_headers(headers, {}, file="claims.csv", cells=cells)
    assert not is_claim(kind["headers"])
    if "columns" in kind:
        assert dict(match.columns) == kind["columns"]
    assert [c for c in match.columns if match.match_kind[c] == "likely"] == kind.get("likely", [])
    assert [question.column for question in match.questions] == kind.get("asked", [])
    assert list(match.lookalikes) == kind.get("lookalikes", [])
    for column, several in kind.get("lines", {}).items():
        assert list(match.line_columns[column]) == several


# The same header, written another way

ORDINALS = {
    1: ("1", "01", "one", "first", "1st"),
    2: ("2", "02", "two", "second", "2nd"),
    3: ("3", "03", "three", "third", "3rd"),
}
NAMES = {
    "hcpcs_modifier_{}": ("modifier", "mod", "procedure modifier", "cpt modifier code"),
    "diagnosis_code_{}": ("diagnosis", "dx code", "icd10 diagnosis code", "diag cd"),
}
WAYS = (
    lambda words: "_".join(words).upper(),
    lambda words: "".join(word.title() for word in words),
    " ".join,
    lambda words: "-".join(word.title() for word in words),
    lambda words: ". ".join(words) + " #",
)


@pytest.mark.slow
@given(
    column=st.sampled_from(sorted(NAMES)),
    number=st.sampled_from(sorted(ORDINALS)),
    way=st.sampled_from(WAYS),
    data=st.data(),
)
def test_casing_punctuation_and_ordinals_make_no_difference(
    column: str, number: int, way: Callable[[list[str]], str], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(NAMES[column]))
    ordinal = data.draw(st.sampled_from(ORDINALS[number]))
    is_in_front = ordinal.isalpha() and data.draw(st.booleans())
    words = [ordinal, *name.split()] if is_in_front else [*name.split(), ordinal]
    header = way(words)
    assert dict(matched(header).columns) == {column.format(number): header}


PLAIN = ("claim_id", "Patient ID", "DOS", "CPT", "Modifier 1", "Units", "Charge", "Payer Name")


@given(
    prefix=st.sampled_from(["zbq_", "report.zbq.", "ZBQ ", "Zbq: Yxw - "]),
    way=st.sampled_from([str.upper, str.lower, str]),
)
def test_a_prefix_of_all_headers_makes_no_difference(
    prefix: str, way: Callable[[str], str]
) -> None:
    headers = {way(f"{prefix}{header}"): header for header in PLAIN}
    understood = {column: headers[h] for column, h in matched(*headers).columns.items()}
    assert understood == matched(*PLAIN).columns


@pytest.mark.slow
@given(
    headers=st.lists(st.text(max_size=40) | st.sampled_from(PLAIN), max_size=12, unique=True),
    data=st.data(),
)
def test_any_text_may_be_a_header(headers: list[str], data: st.DataObject) -> None:
    cells = {h: data.draw(st.lists(st.text(max_size=12), max_size=3)) for h in headers}
    one = match_headers(dict(zip(headers, headers, strict=True)), {}, file="x", cells=cells)
    assert one == match_headers(dict(zip(headers, headers, strict=True)), {}, file="x", cells=cells)
    assert len(set(one.columns.values())) == len(one.columns)


# Matching


def test_case_spaces_and_punctuation_make_no_difference() -> None:
    spellings = ["Proc Code", "PROC_CODE", "proc-code", "ProcCode", " proc.code: ", "Proc. Code #"]
    for header in spellings:
        assert matched(header).columns == {"hcpcs_code": header}


def test_letters_and_digits_do_make_a_difference() -> None:
    assert matched("proc code x", "cpt5", "modifier 6", "").unused == (
        "proc code x",
        "cpt5",
        "modifier 6",
        "",
    )


def test_normal_keeps_letters_and_digits_of_every_script() -> None:
    assert compact(" HCPCS_Cd (1) ") == "hcpcscd1"
    assert compact("Straße № 7") == "strasse7"
    assert compact("_-. ") == ""


def test_an_unknown_header_is_unused_and_a_column_without_a_header_is_missing() -> None:
    match = matched("cpt", "Mood", "dos")
    assert match.unused == ("Mood",)
    assert match.missing == tuple(
        column.name
        for column in COLUMNS
        if column.name not in ("hcpcs_code", "claim_line_start_date") and not column.of_history
    )


def test_a_header_that_says_exactly_beats_one_that_says_nearly() -> None:
    match = matched("clm_from_dt", "DOS", "statement from date")
    assert match.columns["claim_line_start_date"] == "DOS"
    assert match.match_kind["claim_line_start_date"] == "sure"
    assert match.unused == ("clm_from_dt", "statement from date")


def test_the_dates_of_a_claim_are_likely_where_its_lines_have_none() -> None:
    match = matched("statement from date", "clm_from_dt")
    assert match.columns["claim_line_start_date"] == "clm_from_dt"
    assert match.match_kind["claim_line_start_date"] == "likely"


def question(*headers: str) -> Question:
    """The only question about some headers."""
    match = matched(*headers)
    [asked] = match.questions
    assert asked.column not in match.columns
    return asked


def test_two_headers_for_one_column_are_a_question_that_names_both() -> None:
    assert str(question("claim id", "Proc Code", "CPT", "dos")) == (
        "'Proc Code', 'CPT' all claim hcpcs_code; choose one: --map 'hcpcs_code=Proc Code'"
    )


def test_two_spellings_of_one_header_are_a_question_too() -> None:
    assert question("Proc Code", "PROC_CODE").headers == ("Proc Code", "PROC_CODE")


@pytest.mark.parametrize("header", ["Procedure (Code)", "proc' code"])
def test_the_answer_can_be_pasted_into_a_shell(header: str) -> None:
    answer = question(header, "CPT").answer
    assert shlex.split(answer) == ["--map", f"hcpcs_code={header}"]
    typed = shlex.split(answer)[1].partition("=")[2]
    assert matched(header, "CPT", hcpcs_code=typed).questions == ()


def test_many_clashing_headers_are_not_all_listed() -> None:
    asked = question(*("cpt" + " " * n for n in range(1, 16)))
    assert "'cpt            ' and 3 more all claim" in str(asked)


def test_cells_decide_between_headers_that_say_the_same() -> None:
    headers = {"CPT": "CPT", "Proc Code": "Proc Code"}
    for cells, chosen in (
        ({"CPT": ["77092"], "Proc Code": ["0BTC4ZZ"]}, "CPT"),
        ({"CPT": ["x"], "Proc Code": ["77092"]}, "Proc Code"),
        ({"CPT": ["", ""], "Proc Code": ["77092", ""]}, "Proc Code"),
        ({"CPT": ["77092"], "Proc Code": ["77092"]}, "CPT"),
        ({"CPT": ["77092"], "Proc Code": ["77080"]}, None),
    ):
        match = match_headers(headers, {}, file="claims.csv", cells=cells)
        assert match.columns.get("hcpcs_code") == chosen, cells
        assert len(match.questions) == (chosen is None)


# Overrides


def test_an_override_settles_a_clash_and_leaves_the_other_header_unused() -> None:
    match = matched("CPT", "Proc Code", hcpcs_code="Proc Code")
    assert match.columns == {"hcpcs_code": "Proc Code"}
    assert match.match_kind == {"hcpcs_code": "--map"}
    assert match.unused == ("CPT",)


def test_an_override_beats_the_table() -> None:
    assert matched("CPT", "What", hcpcs_code="What").columns == {"hcpcs_code": "What"}


def test_an_overridden_header_is_not_read_for_what_it_says() -> None:
    match = matched("Provider NPI", "Group NPI", billing_npi="Provider NPI")
    assert match.columns == {"billing_npi": "Provider NPI"}
    assert match.unused == ("Group NPI",)


def test_one_header_can_be_mapped_to_two_columns() -> None:
    match = matched("Date", claim_line_start_date="Date", claim_line_end_date="Date")
    assert match.columns == {"claim_line_start_date": "Date", "claim_line_end_date": "Date"}


def test_an_override_is_taken_as_spelled_before_it_is_compared_loosely() -> None:
    assert matched("my code", "My Code", hcpcs_code="My Code").columns == {"hcpcs_code": "My Code"}
    assert matched("My_Code", hcpcs_code="my code").columns == {"hcpcs_code": "My_Code"}


def test_an_override_that_fits_two_headers_loosely_is_refused() -> None:
    with pytest.raises(UsageError, match=r"claims\.csv has two headers 'mycode'"):
        matched("my code", "My Code", hcpcs_code="mycode")


def test_an_override_to_a_header_that_is_not_there_is_refused_with_a_guess() -> None:
    with pytest.raises(UsageError) as problem:
        matched("Procedure", "Date", hcpcs_code="Procedur")
    assert "claims.csv has no header 'Procedur'" in str(problem.value)
    assert "'Procedure'" in str(problem.value)
    assert str(problem.value).endswith("it has 'Procedure', 'Date'")


def test_an_override_of_a_column_that_does_not_exist_is_refused_with_a_guess() -> None:
    with pytest.raises(UsageError) as problem:
        matched("CPT", hcpcs_cod="CPT")
    assert "there is no column hcpcs_cod" in str(problem.value)
    assert "hcpcs_code" in str(problem.value).replace("hcpcs_cod=CPT", "")


def test_the_headers_of_a_wide_file_are_not_all_listed_in_an_error() -> None:
    with pytest.raises(UsageError, match=r"'h10' and 89 more$"):
        matched("payer", *(f"h{n}" for n in range(100)), hcpcs_code="zzz")


def test_cells_of_a_file_without_headers_are_not_listed() -> None:
    with pytest.raises(ClaimsError) as problem:
        matched("C1", "P12345", "1950-01-05", hcpcs_code="CPT")
    assert "P12345" not in str(problem.value)
    assert "no header row, a claim stands in its place" in str(problem.value)


def test_a_member_of_a_set_that_an_override_displaces_is_read_all_the_same() -> None:
    match = matched("Mod", "Mod.1", "Mod.2", hcpcs_modifier_1="Mod.1")
    assert match.columns["hcpcs_modifier_1"] == "Mod.1"
    assert set(match.columns.values()) == {"Mod", "Mod.1", "Mod.2"}


# Layouts that people really have


def test_the_tuva_layout_maps_to_the_columns_of_the_same_name() -> None:
    if not TUVA.exists():
        pytest.skip("../shared/data/claims is not on this machine")
    with TUVA.open(encoding="utf-8", newline="") as rows:
        headers = next(csv.reader(rows))
    match = matched(*headers, of_history=True)
    own = {header: header for header in headers if header in BY_NAME}
    assert match.columns == own | {"plan_name": "plan"}
    assert set(match.match_kind.values()) == {"sure"}
    assert set(match.missing) == {
        "line_control_number",
        "claim_filing_indicator",
        "payer_id",
        "diagnosis_pointer",
        "ordering_npi",
        "prior_authorization_number",
        "claim_frequency_code",
        "original_reference_number",
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
    assert dict(matched(*headers.split(",")).columns) == expected


def test_component_modifiers_are_not_asked_for_where_a_mapped_modifier_column_is_filled() -> None:
    cells = {"cpt": ["77092"], "Flag X": ["26"], "Component": ["26"]}
    headers = {name: name for name in cells}
    assert match_headers(headers, {}, file="x", cells=cells).asked != ()
    mapped = match_headers(headers, {"hcpcs_modifier_1": "Flag X"}, file="x", cells=cells)
    assert mapped.asked == ()
