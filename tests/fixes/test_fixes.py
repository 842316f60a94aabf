"""What is fixed, what is left out and why; the command and its audit file."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from cpt77092.fixes import Fixed, SafeOnly, fix_file
from cpt77092.run import Request
from tests.conftest import Scrub

EXAMPLES = Path(__file__).parents[2] / "examples"
DAY = date(2026, 11, 23)
USUAL = {
    "claim_id": "A", "line": "1", "person_id": "P1", "payer": "Medicare", "dos": "2026-03-02",
    "pos": "11", "cpt": "77092", "mod1": "", "mod2": "", "units": "1", "charge": "45.00",
    "rendering npi": "1245319599",
}  # fmt: skip


def text_of(*rows: Mapping[str, str], without: tuple[str, ...] = ()) -> str:
    """A file of Medicare lines with 77092; a row states what else it has."""
    header = dict.fromkeys([*USUAL, *(name for row in rows for name in row)])
    names = [name for name in header if name not in without]
    cells = [",".join(({**USUAL, **row}).get(name, "") for name in names) for row in rows]
    return "\n".join([",".join(names), *cells]) + "\n"


def fixed(
    folder: Path, *rows: Mapping[str, str], without: tuple[str, ...] = (), history: str = ""
) -> Fixed:
    file = folder / "claims.csv"
    file.write_text(text_of(*rows, without=without), encoding="utf-8")
    past = folder / "past.csv"
    past.write_text(history, encoding="utf-8")
    request = Request(
        paths=[str(file)], as_of=DAY, history=[str(past)] if history else (),
    )  # fmt: skip
    return fix_file(request, folder / "work", SafeOnly())


def fixes_of(one: Fixed) -> list[str]:
    return [f"{step.fix.where}: {step.fix.rule.code}" for step in one.steps]


def left(one: Fixed) -> dict[str, str]:
    return {fix.rule.code: reason for fix, reason in one.left}


@pytest.mark.parametrize("frequency", ["7", "8"])
def test_a_claim_that_was_sent_is_not_changed(tmp_path: Path, frequency: str) -> None:
    line = {"mod1": "59", "mod2": "59", "frequency code": frequency, "original reference": "X1"}
    one = fixed(tmp_path, line)
    assert one.steps == []
    if frequency == "7":
        assert "frequency 7 or 8" in left(one)["MO006"]


def test_a_line_that_the_history_has_is_not_changed(tmp_path: Path) -> None:
    past = text_of({"mod1": "26"})
    one = fixed(tmp_path, {"mod1": "26"}, history=past)
    assert one.steps == []
    assert "history" in left(one)["MO001"]


@pytest.mark.slow
def test_a_line_that_the_history_does_not_have_is_fixed(tmp_path: Path) -> None:
    past = text_of({"dos": "2024-01-05"})
    assert fixes_of(fixed(tmp_path, {"mod1": "26"}, history=past)) == ["A, line 1: MO001"]


def test_a_line_that_the_history_may_have_is_not_changed(tmp_path: Path) -> None:
    past = text_of({"mod1": "26"}, without=("rendering npi",))
    one = fixed(tmp_path, {"mod1": "26"}, history=past, without=("rendering npi",))
    assert one.steps == []


@pytest.mark.slow
def test_of_two_fixes_of_a_cell_the_first_by_rule_order_is_made(tmp_path: Path) -> None:
    one = fixed(tmp_path, {"mod1": "ga", "mod2": "GA"}, {"claim_id": "B", "person_id": "P2"})
    assert fixes_of(one) == ["A, line 1: MO006", "A, line 1: MO007"]
    assert [(later.rule.code, first.rule.code) for later, first in one.waited] == []
    two = fixed(tmp_path, {"mod1": "", "mod2": "ga"})
    assert fixes_of(two) == ["A, line 1: MO007", "A, line 1: MO009"]
    assert [(later.rule.code, first.rule.code) for later, first in two.waited] == [
        ("MO009", "MO007")
    ]


@pytest.mark.slow
def test_a_fix_that_would_clear_another_finding_is_left_out(tmp_path: Path) -> None:
    """Without 26, 26 with TC is gone too, which no rule calls safe; the rest is fixed."""
    both = {"mod1": "26", "mod2": "TC", "dx1": "m81.0"}
    other = {"claim_id": "B", "person_id": "P2", "mod1": "26", "dx1": "M810"}
    one = fixed(tmp_path, both, other)
    assert fixes_of(one) == ["A, line 1: DX002", "B, line 1: MO001"]
    assert "clear MO005 too" in left(one)["MO001"]


@pytest.mark.parametrize(
    ("row", "without"),
    [
        ({"mod1": "26 59 59"}, ("mod2",)),
        ({"cpt": "77092-26"}, ()),
        ({"cpt": "77092-26"}, ("mod1", "mod2")),
    ],
)
def test_a_cell_that_holds_more_than_a_modifier_is_left_out(
    tmp_path: Path, row: Mapping[str, str], without: tuple[str, ...]
) -> None:
    one = fixed(tmp_path, row, without=without)
    assert one.steps == []
    assert one.left


def test_several_lines_in_one_row_are_left_out(tmp_path: Path) -> None:
    file = EXAMPLES / "claims-wide.csv"
    one = fix_file(Request(paths=[str(file)], as_of=DAY), tmp_path, SafeOnly())
    assert one.steps == []
    assert one.copy.read_bytes() == file.read_bytes()


def test_initials_in_small_letters_are_no_modifier(tmp_path: Path) -> None:
    one = fixed(tmp_path, {"mod1": "li"})
    assert one.steps == []


@pytest.mark.slow
def test_a_modifier_that_is_not_valid_with_the_code_is_not_capitalized(tmp_path: Path) -> None:
    assert fixed(tmp_path, {"mod1": "rt"}).steps == []
    assert fixes_of(fixed(tmp_path, {"mod1": "ga"})) == ["A, line 1: MO007"]


@pytest.mark.slow
def test_diagnoses_change_by_dots_and_case_alone(tmp_path: Path) -> None:
    one = fixed(tmp_path, {"dx1": "m81.0", "dx2": "Z780"})
    assert fixes_of(one) == ["A, line 1: DX002"]
    cells = one.copy.read_text(encoding="utf-8").splitlines()[1].split(",")
    assert cells[-2:] == ["M81.0", "Z780"]


@pytest.mark.slow
def test_the_command_writes_a_copy_and_takes_it_back(scrub: Scrub, tmp_path: Path) -> None:
    before = (EXAMPLES / "claims.csv").read_bytes()
    (tmp_path / "in.csv").write_bytes(before)
    code, out, _ = scrub("fix", "in.csv", "-o", "out.csv", "--who", "CP")
    assert code == 0
    assert "MO001 2" in out
    assert (tmp_path / "in.csv").read_bytes() == before
    audit = tmp_path / "out.csv.audit.jsonl"
    if os.name == "posix":
        assert stat.S_IMODE(audit.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600
    head, first, *_ = map(json.loads, audit.read_text(encoding="utf-8").splitlines())
    assert head["input"] == "in.csv"
    assert (first["rule"], first["who"], first["cell"]["before"]) == ("MO001", "CP", "26")
    assert first["source_title"]
    code, out, _ = scrub("fix", "out.csv", "--undo", audit.name, "-o", "back.csv")
    assert code == 0
    assert "every byte" in out
    assert (tmp_path / "back.csv").read_bytes() == before


@pytest.mark.slow
def test_a_file_that_was_changed_since_is_not_put_back(scrub: Scrub, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(text_of({"mod1": "26"}))
    assert scrub("fix", "in.csv", "-o", "out.csv")[0] == 0
    (tmp_path / "out.csv").write_text(text_of({"mod1": "59"}))
    code, _, err = scrub("fix", "out.csv", "--undo", "out.csv.audit.jsonl", "-o", "back.csv")
    assert code == 2
    assert "out.csv:2: the cell of mod1" in err
    assert not (tmp_path / "back.csv").exists()


@pytest.mark.slow
def test_diff_shows_and_writes_nothing(scrub: Scrub, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(text_of({"mod1": "26"}))
    code, out, _ = scrub("fix", "in.csv", "--diff")
    assert code == 1
    assert ".csv:2, mod1: 26 -> blank" in out
    assert [file.name for file in tmp_path.iterdir()] == ["in.csv"]
    (tmp_path / "in.csv").write_text(text_of({}))
    assert scrub("fix", "in.csv", "--diff")[0] == 0


@pytest.mark.slow
def test_a_reviewed_list_names_claim_line_and_rule(scrub: Scrub, tmp_path: Path) -> None:
    line = {"payer": "Aetna", "cpt": "77080", "pos": "22"}
    other = line | {"claim_id": "B", "person_id": "P2"}
    (tmp_path / "in.csv").write_text(text_of(line, other))
    assert "nothing to fix" in scrub("fix", "in.csv", "-o", "out.csv")[1]
    (tmp_path / "list.csv").write_text("claim_id,claim_line_number,rule\nA,1,MO012\n")
    code, out, err = scrub("fix", "in.csv", "-o", "out.csv", "--reviewed", "list.csv")
    assert (code, err) == (0, "")
    assert "1 finding fixed on 1 line: MO012 1" in out
    rows = (tmp_path / "out.csv").read_text().splitlines()
    assert [row.split(",")[7] for row in rows[1:]] == ["26", ""]
    (tmp_path / "list.csv").write_text("claim_id,claim_line_number,rule\nA,2,MO012\n")
    code, _, err = scrub("fix", "in.csv", "-o", "new.csv", "--reviewed", "list.csv")
    assert code == 2
    assert "claim A, line 2, MO012: no finding there that can be fixed" in err
    assert not (tmp_path / "new.csv").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["in.csv"], "name the file to write with -o"),
        (["in.csv", "-o", "in.csv"], "inputs are never changed"),
        (["in.csv", "in.csv", "-o", "out.csv"], "one claim file is fixed at a time"),
        (["in.csv", "-o", "out.csv", "--unsafe"], "--reviewed FILE"),
        (["in.csv", "-o", "out.csv", "--diff"], "--diff: writes nothing"),
        (["in.csv", "-o", "out.parquet"], "give the file an ending for that"),
        (["in.csv", "-o", "out.csv", "--undo", "in.csv"], "not an audit file"),
        (["-o", "out.csv", "--undo", "in.csv"], "name the fixed file too"),
        ([EXAMPLES / "claims.xlsx", "-o", "out.csv"], "save the sheet as CSV"),
    ],
)
def test_what_cannot_be_done_is_refused(
    scrub: Scrub, tmp_path: Path, arguments: list[str | Path], message: str
) -> None:
    (tmp_path / "in.csv").write_text(text_of({"mod1": "26"}))
    code, _, err = scrub("fix", *arguments)
    assert code == 2
    assert message in err
    assert not (tmp_path / "out.csv").exists()


def test_an_837p_that_does_not_add_up_is_refused(scrub: Scrub, tmp_path: Path) -> None:
    text = (EXAMPLES / "batch.837").read_text(encoding="utf-8")
    (tmp_path / "in.837").write_text(
        text.replace("*A-1001*45.00*", "*A-1001*44.00*"), encoding="utf-8"
    )
    code, _, err = scrub("fix", "in.837", "-o", "out.837")
    assert code == 2
    assert "does not add up" in err
    assert not (tmp_path / "out.837").exists()
