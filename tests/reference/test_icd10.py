"""The shipped ICD-10-CM list, and the diagnoses that a line's pointer chooses."""

from __future__ import annotations

import re
import string
from datetime import date
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt77092.claims.columns import DIAGNOSES
from cpt77092.facts import Context, add_facts, closure, diagnoses
from cpt77092.reference import icd10
from cpt77092.reference.icd10 import (
    WOMEN_ONLY,
    billable_codes,
    diagnosis_list,
    main,
    pack,
    read_list,
)
from cpt77092.rules import BY_CODE

REFERENCE = (
    Path(__file__).parents[3] / "shared" / "reference" / "icd-10-cm-2026-april-all-codes.txt"
)
FIRST, LAST = date(2025, 10, 1), date(2026, 9, 30)
LETTERS = "ABCDEFGHIJKL"


def below(code: str) -> int | None:
    count = diagnosis_list().codes.filter(pl.col("code") == code)["billable_below"]
    return count.item() if count.len() else None


def facts_of(
    rows: list[dict[str, str | None]], *names: str, blank_columns: frozenset[str] = frozenset()
) -> pl.DataFrame:
    """The facts of some rows; diagnosis cells that a row does not state are blank."""
    facts, _ = closure(names)
    blank: dict[str, str | None] = dict.fromkeys((*DIAGNOSES, "diagnosis_pointer"), "")
    frame = pl.DataFrame([blank | row for row in rows], schema=dict.fromkeys(blank, pl.String))
    # No two rows are of one claim, so that each has its own diagnoses.
    frame = frame.with_row_index("line").with_columns(
        claim_key=pl.lit(None, pl.UInt32),
        claim_line_number=1,
        is_past=False,
        claim_diagnoses=pl.lit(None, pl.String),
    )
    facts = [fact for fact in facts if hasattr(diagnoses, fact.name)]
    return add_facts(frame, facts, Context(blank=blank_columns)).select(names)


def cells(*codes: str, pointer: str | None = "") -> dict[str, str | None]:
    return {**dict(zip(DIAGNOSES, codes, strict=False)), "diagnosis_pointer": pointer}


def test_the_list_has_its_first_and_last_day() -> None:
    assert (diagnosis_list().first_day, diagnosis_list().last_day) == (FIRST, LAST)
    source = BY_CODE["DX002"].source
    assert source is not None
    assert f"fiscal year {diagnosis_list().last_day.year}" in source.at


@pytest.mark.parametrize(
    "code",
    [
        *("M810", "M8008XA", "M8588", "Z780", "Z1382", "I10", "E28310"),
        *("E11A", "C50A0", "QA00101"),  # new in the fiscal year
    ],
)
def test_a_billable_code_has_none_below_it(code: str) -> None:
    assert below(code) == (2 if code == "Z1382" else 0)


@pytest.mark.parametrize(
    ("code", "codes"), [("M80", 324), ("M81", 3), ("M8008X", 6), ("U09", 1), ("QA0", 13)]
)
def test_a_heading_has_its_codes_below_it(code: str, codes: int) -> None:
    assert below(code) == codes


@pytest.mark.parametrize("code", ["M819", "M", "M8", "M81.0", "m810", "73300", "M8100", "A00-A09"])
def test_what_is_no_code_is_not_there(code: str) -> None:
    assert below(code) is None


@pytest.mark.parametrize("some", [[], [""], ["XXX"], ["M81"], ["M81", "I10", "Z7", "QA0"]])
def test_some_categories_are_read_as_in_the_whole_list(some: list[str]) -> None:
    codes = pl.col("code")
    narrow = diagnosis_list(frozenset(some)).codes.filter(codes.str.head(3).is_in(some))
    whole = diagnosis_list().codes.filter(codes.str.head(3).is_in(some))
    assert narrow.sort("code").equals(whole.sort("code"))
    assert narrow.height >= 2 * ("M81" in some)


def test_the_list_is_the_published_one() -> None:
    if not REFERENCE.exists():
        pytest.skip(f"{REFERENCE} is not on this machine")
    published = REFERENCE.read_text(encoding="utf-8").split()
    billable = billable_codes(published)
    assert sorted(diagnosis_list().billable) == billable
    # What is published and not billable is a chapter, a range or a heading, and a heading is one
    # here: some billable code begins with it.
    headings = set(diagnosis_list().codes["code"]) - set(billable)
    others = set(published) - set(billable)
    assert {code for code in others if code not in headings} == {
        code for code in others if "-" in code or code.isdigit()
    }
    text = Path(icd10.__file__).with_name("data").joinpath(icd10.LIST_FILE)
    assert text.read_text(encoding="utf-8") == pack(billable, FIRST, LAST)


def test_the_billable_codes_are_those_that_no_code_begins_with() -> None:
    listed = ["1", "A00-A09", "A00", "A000", "A009", "A09", "QA0", "QA0", "QA00", "B1", "B10"]
    assert billable_codes(listed) == ["A000", "A009", "A09", "B10", "QA00"]


CODES = st.sets(st.from_regex(r"[A-C][0-2][0-9A]([01AX]{1,4})?", fullmatch=True), min_size=1)


@pytest.mark.slow
@settings(deadline=None)
@given(CODES)
def test_a_list_reads_back_as_it_was_written(codes: set[str]) -> None:
    ordered = sorted(codes)
    billable = [a for a, b in pairwise([*ordered, ""]) if not b.startswith(a)]
    assert billable == billable_codes(codes)
    listed = read_list(pack(billable, FIRST, LAST))
    assert sorted(listed.billable) == billable
    counted = dict(listed.codes.iter_rows())
    beginnings = {code[:n] for code in billable for n in range(3, len(code))}
    assert counted == dict.fromkeys(billable, 0) | {
        start: sum(code.startswith(start) and code != start for code in billable)
        for start in beginnings
    }


def test_the_list_is_written_by_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "all.txt").write_text("1\nA00-A09\nA00\nA000\nA001\nI10\n", encoding="utf-8")
    monkeypatch.setattr(icd10, "__file__", str(tmp_path / "icd10.py"))
    main(str(tmp_path / "all.txt"), "2026-10-01", "2027-09-30")
    written = (tmp_path / "data" / icd10.LIST_FILE).read_text(encoding="utf-8")
    assert written.splitlines()[-2:] == ["A00 :01", "I1 :0"]
    assert read_list(written).last_day == date(2027, 9, 30)


def test_the_list_is_small_and_names_its_source() -> None:
    file = Path(icd10.__file__).with_name("data") / icd10.LIST_FILE
    assert file.stat().st_size < 150_000
    assert "CDC/NCHS" in file.read_text(encoding="utf-8")[:500]


def test_diagnoses_of_women_are_on_the_list() -> None:
    for entry in WOMEN_ONLY:
        codes = below(entry.removesuffix("-").replace(".", ""))
        assert codes is not None
        assert (codes > 0) == entry.endswith("-")


def chosen(pointer: str | None, filled: set[int]) -> list[int] | None:
    """What a pointer chooses, in plain Python: positions, or None where it cannot be followed."""
    if not pointer:
        return sorted(filled)
    numbers: list[int] = []
    tokens = [token for token in re.split(r"[,: ]+", pointer.upper()) if token]
    for token in tokens:
        if set(token) <= set(LETTERS):
            numbers += [LETTERS.index(letter) + 1 for letter in token]
        elif set(token) <= set(string.digits):
            if token in {"11", "12"} and int(token) in filled:
                numbers.append(int(token))
            else:
                numbers += [int(part) for part in re.findall("10|[0-9]", token)]
        else:
            return None
    if not numbers or not set(numbers) <= filled:
        return None
    return sorted(set(numbers))


POINTERS = st.one_of(
    st.none(),
    st.text("ABCKLMab,: 0129", max_size=5),
    st.lists(st.integers(1, 12).map(str), max_size=4).map(",".join),
    st.lists(st.sampled_from(LETTERS), max_size=4).map("".join),
    st.text(max_size=3),
)


@pytest.mark.slow
@settings(deadline=None)
@given(
    st.lists(st.tuples(POINTERS, st.sets(st.integers(1, 12))), min_size=1, max_size=30),
)
def test_a_pointer_chooses_what_a_reader_would(
    rows: list[tuple[str | None, set[int]]],
) -> None:
    # A pointer column is there or not, for all lines of a file.
    rows = [(None if rows[0][0] is None else pointer or "", filled) for pointer, filled in rows]
    frame = [
        cells(*(f"Z{n:02}.{n}" if n in filled else "" for n in range(1, 13)), pointer=pointer)
        for pointer, filled in rows
    ]
    facts = facts_of(frame, "line_diagnoses_text", "diagnosis_pointer_problem")
    for (pointer, filled), (diagnosed, problem) in zip(rows, facts.iter_rows(), strict=True):
        expected = chosen(pointer, filled)
        if expected is None:
            assert diagnosed is None
            assert problem
        else:
            assert diagnosed == ", ".join(f"Z{n:02}.{n}" for n in expected)
            assert problem == (None if pointer is None else "")


def test_a_diagnosis_is_shown_once_and_with_its_dot() -> None:
    facts = facts_of([cells("m810", "M81.0", "I10", "m8008xa")], "line_diagnoses_text")
    assert facts.item() == "M81.0, I10, M80.08XA"


def test_without_diagnosis_columns_all_is_unknown() -> None:
    names = ("has_diagnosis", "line_diagnoses_text", "diagnosis_pointer_problem")
    nothing = dict.fromkeys(DIAGNOSES)
    facts = facts_of([{**nothing, "diagnosis_pointer": "A"}, {**nothing}], *names)
    assert facts.rows() == [(None, None, None), (None, None, "")]


def test_blank_columns_behind_the_last_filled_one_are_left_out_and_change_nothing() -> None:
    rows = [
        cells(*codes, pointer=pointer)
        for codes in (("M81.0",), ("", "m81.0"), ("M81.0", "Z78.0"), ())
        for pointer in ("", "A", "B", "C", "11", "12", "L", "?")
    ]
    names = ("has_diagnosis", "line_diagnoses_text", "diagnosis_pointer_problem")
    expected = facts_of(rows, *names)
    for left_out in (DIAGNOSES[2:], DIAGNOSES[5:], DIAGNOSES[11:]):
        assert facts_of(rows, *names, blank_columns=frozenset(left_out)).equals(expected)
    none_filled = [cells(pointer=pointer) for pointer in ("", "A")]
    facts = facts_of(none_filled, *names, blank_columns=frozenset(DIAGNOSES))
    assert facts.rows() == [
        (False, "", ""),
        (False, None, "points to a blank diagnosis: 1 (A)"),
    ]
