"""What a file lacks or leaves open: no clean run hides it, and every answer that is named works."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

Scrub = Callable[..., tuple[int, str, str]]
AS_OF = ("--as-of", "2026-11-23")
WHOLE = {
    "claim_id": "A-77",
    "payer": "Medicare",
    "dos": "2026-03-02",
    "pos": "11",
    "cpt": "77092",
    "mod1": "26",
    "units": "1",
    "charge": "45.00",
    "dx1": "M81.0",
    "rendering npi": "1234567893",
    "billing npi": "1245319599",
    "ordering npi": "1234567893",
    "person_id": "PATIENT9",
}
"""A claim line with an error: Medicare takes no 26 on 77092."""


def batch(name: str = "claims.csv", *, without: str = "", **changed: str) -> None:
    """Write the line, some cells changed or added (by header, `_` for a blank) or left out."""
    cells = WHOLE | {header.replace("_", " "): cell for header, cell in changed.items()}
    kept = {header: cell for header, cell in cells.items() if header not in without.split(",")}
    Path(name).write_text(f"{','.join(kept)}\n{','.join(kept.values())}\n", encoding="utf-8")


def headline(err: str) -> str:
    return err.splitlines()[0]


# What a file lacks


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "lack", "group"),
    [
        ("mod1", "no modifier column", "modifiers"),
        ("payer", "no payer column", "payer"),
        ("dos", "no date of service column", "date"),
    ],
)
def test_a_batch_without_a_critical_column_is_checked_and_exits_2(
    scrub: Scrub, column: str, lack: str, group: str
) -> None:
    batch(without=column, pos="1")
    code, out, err = scrub("claims.csv", *AS_OF, "-o", "o.json")
    assert (code, "PO002" in out) == (2, True)
    assert lack in headline(err)
    record = json.loads(Path("o.json").read_text(encoding="utf-8"))
    assert any(lack in text for text in record["manifest"]["columns"])
    assert lack in record["manifest"]["exit"]["reason"]
    assert f"or --without {group} if the files have none" in err
    code, _, err = scrub("claims.csv", *AS_OF, "--without", group, "-o", "o.json")
    assert code == 1  # the place is still wrong
    assert lack in headline(err)
    record = json.loads(Path("o.json").read_text(encoding="utf-8"))
    assert any(lack in text for text in record["manifest"]["columns"])
    assert record["manifest"]["options"]["without"] == [group]
    assert any("column" in row["reason"] for row in record["not_checked"]) or group == "payer"


@pytest.mark.parametrize(
    ("arguments", "changed", "without"),
    [
        ((), {"modifiers": "25 59"}, "mod1"),  # a cell with all of them
        ((), {"cpt": "77092-26"}, "mod1"),  # behind the code
        (("--payer", "aetna"), {}, "payer"),
        ((), {"payer id": "60054"}, "payer"),
        (("--select", "CH001"), {}, "mod1,payer,dos"),  # no selected rule needs them
    ],
)
def test_whatever_holds_a_critical_column_is_enough(
    scrub: Scrub, arguments: tuple[str, ...], changed: dict[str, str], without: str
) -> None:
    batch(without=without, **{header.replace(" ", "_"): cell for header, cell in changed.items()})
    code, _, err = scrub("claims.csv", *AS_OF, *arguments)
    assert code != 2, err
    assert "Did not run: modifier" not in err


@pytest.mark.slow
def test_a_file_without_modifiers_among_others_counts_its_lines(scrub: Scrub) -> None:
    batch("a.csv", mod1="")
    batch("b.csv", without="mod1")
    code, _, err = scrub("a.csv", "b.csv", *AS_OF)
    assert (code, "modifier edits on 1 line, no modifier column" in headline(err)) == (2, True)


def test_a_file_without_a_line_to_check_needs_no_modifiers(scrub: Scrub) -> None:
    batch(without="mod1", cpt="99213")
    assert scrub("claims.csv", *AS_OF)[0] == 0


def test_other_columns_stand_in_the_headline_and_change_no_exit_code(scrub: Scrub) -> None:
    batch(mod1="", without="pos,dx1,units,charge,rendering npi,billing npi,ordering npi")
    code, _, err = scrub("claims.csv", *AS_OF)
    assert code == 0
    for lack in (
        "POS edits, no POS column",
        "diagnosis edits, no diagnosis column",
        "unit edits, no unit column",
        "charge edits, no charge column",
        "rendering NPI edits, no rendering NPI column",
        "billing NPI edits, no billing NPI column",
        "ordering NPI edits, no ordering NPI column",
    ):
        assert lack in headline(err)


@pytest.mark.slow
def test_a_batch_is_not_split_where_lines_were_not_judged(scrub: Scrub) -> None:
    batch(without="mod1")
    code, _, err = scrub("claims.csv", *AS_OF, "--clean-to", "clean.csv")
    assert (code, Path("clean.csv").exists()) == (2, False)
    assert "--clean-to clean.csv: not written, since no modifier column" in err
    assert scrub("claims.csv", *AS_OF, "--clean-to", "clean.csv", "--without", "modifiers")[0] == 0
    assert Path("clean.csv").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "lack", "group"),
    [
        ("mod1", "no modifier column in the history", "modifiers"),
        ("payer", "no payer column in the history", "payer"),
        ("dos", "no date of service column in the history", "date"),
    ],
)
def test_a_history_that_cannot_be_compared_is_named(
    scrub: Scrub, column: str, lack: str, group: str
) -> None:
    batch("now.csv", mod1="")
    batch("past.csv", mod1="", claim_id="A-1")
    code, out, _ = scrub("now.csv", "--history", "past.csv", *AS_OF, "--select", "FR")
    assert (code, "FR003" in out) == (0, True)  # a warning
    batch("past.csv", without=column, claim_id="A-1", **({} if column == "mod1" else {"mod1": ""}))
    code, _, err = scrub("now.csv", "--history", "past.csv", *AS_OF)
    assert (code, lack in headline(err)) == (2, True)
    code, _, err = scrub("now.csv", "--history", "past.csv", *AS_OF, "--without", group)
    assert (code, lack in headline(err)) == (0, True)
    assert scrub("now.csv", "--history", "past.csv", *AS_OF, "--select", "MO")[0] == 0


@pytest.mark.slow
def test_every_report_has_the_headline(scrub: Scrub) -> None:
    batch(without="mod1")
    names = ("o.html", "o.txt", "o.json")
    scrub("claims.csv", *AS_OF, *(part for name in names for part in ("-o", name)))
    for name in names:
        assert "no modifier column" in Path(name).read_text(encoding="utf-8")
    _, out, _ = scrub("claims.csv", *AS_OF, "--format", "table")
    assert "Not everything was checked: no modifier column" in out


# Headers in question


def answer_in(err: str) -> list[str]:
    """The first answer that a message names, as a shell reads it."""
    words = shlex.split(err[err.index("--map ") :].splitlines()[0].replace(";", " ; "))
    return [words[0], words[1].rstrip(".,")]


@pytest.mark.slow
@pytest.mark.parametrize("mod1", ["", "25"])
def test_a_header_that_looks_like_a_modifier_is_asked_for(scrub: Scrub, mod1: str) -> None:
    # Where one member of the set is known, its sibling is asked for; else the first is.
    without = "" if mod1 else "mod1"
    batch(without=without, mod1=mod1, Modifier_Zbq_Hjk="26")
    code, _, err = scrub("claims.csv", *AS_OF)
    assert code == 2
    clause = "'Modifier Zbq Hjk' looks like a modifier column and is not used"
    assert clause in headline(err)
    answer = answer_in(headline(err))
    assert answer[1] == f"hcpcs_modifier_{2 if mod1 else 1}=Modifier Zbq Hjk"
    code, out, _ = scrub("claims.csv", *AS_OF, *answer)
    assert (code, "MO001" in out) == (1, True)
    code, _, err = scrub("claims.csv", *AS_OF, "--without", "modifiers")
    assert (code, clause in headline(err)) == (0, True)


def test_codes_below_a_header_that_is_not_read_are_asked_for(scrub: Scrub) -> None:
    batch(cpt="99213", TBS_Procedure="77092")
    code, _, err = scrub("claims.csv", *AS_OF)
    assert code == 2
    assert "'TBS Procedure' looks like a procedure column and is not used" in headline(err)


def test_all_questions_come_at_once_and_columns_shows_them(scrub: Scrub) -> None:
    batch(without="claim_id,mod1", Modifier_Zbq_Hjk="26", proc_code="77080")
    code, _, err = scrub("claims.csv", *AS_OF)
    assert (code, err.count("\n")) == (2, 1)
    for words in (
        "--map claim_id=HEADER",
        "hcpcs_code",
        "'Modifier Zbq Hjk' looks like a modifier",
    ):
        assert words in err
    code, out, _ = scrub("columns", "claims.csv")
    shown = " ".join(out.split())
    assert code == 0
    assert "Asked: 'Modifier Zbq Hjk' looks like a modifier column" in shown
    assert "all claim hcpcs_code; choose one: --map" in shown


def test_likely_matches_are_one_line_of_the_summary(scrub: Scrub) -> None:
    batch(without="mod1,units", Modifier_Zbq="", Units_Qty_Zbq="1")
    _, _, err = scrub("claims.csv", *AS_OF)
    assert len([line for line in err.splitlines() if "likely" in line]) <= 1


# Files without headers


ROW = "H-001,DOE JANE,1950-01-01,1EG4-TE5-MK73,Medicare,Unit,77092,26\n"
PRIVATE = ("DOE JANE", "1EG4", "1950-01-01", "H-001")


@pytest.mark.parametrize("arguments", [(), ("--map", "hcpcs_code=77092"), ("--map", "payer=X")])
def test_a_file_without_headers_is_refused_and_shows_no_cell(
    scrub: Scrub, arguments: tuple[str, ...]
) -> None:
    Path("claims.csv").write_text(ROW + ROW.replace("001", "002"), encoding="utf-8")
    for command in (("check",), ("columns",)):
        code, out, err = scrub(*command, "claims.csv", *arguments)
        assert (code == 2) or command == ("columns",)
        assert "no header row, a claim stands in its place" in out + err
        assert "hcpcs_code=" not in out + err
        assert not any(text in out + err for text in PRIVATE)


def test_the_headers_that_the_refusal_names_are_read(scrub: Scrub) -> None:
    Path("claims.csv").write_text("A-77,Medicare,2026-03-02,77092,26\n", encoding="utf-8")
    _, _, err = scrub("claims.csv", *AS_OF)
    headers = re.findall(r"such as (\S+)", err)[0]
    Path("claims.csv").write_text(f"{headers}\nA-77,Medicare,2026-03-02,77092,26\n", "utf-8")
    code, out, _ = scrub("claims.csv", *AS_OF)
    assert (code, "MO001" in out) == (1, True)


# Saved layouts


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of layouts."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "scrub" / "layouts"


@pytest.mark.slow
def test_a_saved_answer_is_found_again_by_its_headers(scrub: Scrub, own_folder: Path) -> None:
    batch(without="mod1", Zbq="26")
    assert scrub("claims.csv", *AS_OF)[0] == 2
    answer = ("--map", "hcpcs_modifier_1=Zbq")
    code, out, _ = scrub("columns", "claims.csv", *answer, "--save", "epic")
    assert (code, str(own_folder / "epic.yaml") in out) == (0, True)
    code, out, _ = scrub("claims.csv", *AS_OF, "-o", "o.json")
    assert (code, "MO001" in out) == (1, True)
    [read] = json.loads(Path("o.json").read_text(encoding="utf-8"))["manifest"]["inputs"]
    assert read["layout"] == "epic"
    code, _, err = scrub("claims.csv", *AS_OF, "--isolated")
    assert (code, "not used (--isolated): the saved layout epic" in err) == (2, True)
    code, out, _ = scrub(
        "claims.csv", *AS_OF, "--isolated", "--layout", str(own_folder / "epic.yaml")
    )
    assert (code, "MO001" in out) == (1, True)
    batch(without="mod1,units", Zbq="26")  # another header row is another question
    assert scrub("claims.csv", *AS_OF)[0] == 2


@pytest.mark.slow
def test_a_question_that_was_not_answered_is_asked_again(scrub: Scrub, own_folder: Path) -> None:
    batch(mod1="", Modifier_Zbq_Hjk="")
    code, out, _ = scrub("columns", "claims.csv", "--save", "epic")
    assert (code, "Still asked: 'Modifier Zbq Hjk' looks like" in out) == (0, True)
    assert scrub("claims.csv", *AS_OF)[0] == 2
    file = own_folder / "epic.yaml"
    assert "Modifier Zbq Hjk" in file.read_text(encoding="utf-8")
    unused = "unused: [Modifier Zbq Hjk]\n"
    file.write_text(file.read_text(encoding="utf-8") + unused, encoding="utf-8")
    assert scrub("claims.csv", *AS_OF)[0] == 0


@pytest.mark.usefixtures("own_folder")
def test_a_layout_is_saved_under_one_plain_name(scrub: Scrub) -> None:
    batch()
    code, _, err = scrub("columns", "claims.csv", "--save", "../epic")
    assert (code, "name it with letters, digits" in err) == (2, True)
    assert scrub("columns", "claims.csv", "--save", "epic")[0] == 0
    assert scrub("columns", "claims.csv", "--save", "epic")[0] == 0
    code, _, err = scrub("columns", "claims.csv", "--save", "athena")
    assert (code, "saved already, as epic" in err) == (2, True)


def test_an_isolated_run_names_the_settings_that_it_does_not_use(scrub: Scrub) -> None:
    batch()
    Path("scrub.yaml").write_text("payers:\n  Quux: medicare\npayer: aetna\n", encoding="utf-8")
    _, _, err = scrub("claims.csv", *AS_OF, "--isolated")
    assert "not used (--isolated): scrub.yaml (payers, payer)" in err


# Payers that are not recognized


@pytest.mark.slow
def test_strict_holds_lines_of_an_unrecognized_payer(scrub: Scrub) -> None:
    batch(payer="Quux Health")
    code, _, err = scrub("claims.csv", *AS_OF)
    assert code == 0
    clause = "Not judged on modifier 26: 1 line with 77092 of unrecognized payers (Quux Health 1)"
    assert clause in headline(err)
    code, _, err = scrub("claims.csv", *AS_OF, "--strict", "-q")
    assert (code, "name their policies under payers: in scrub.yaml or --payers FILE" in err) == (
        2,
        True,
    )
    assert scrub("claims.csv", *AS_OF, "--strict", "--select", "CH")[0] == 0
    Path("names.yaml").write_text("payers:\n  Quux Health: aetna\n", encoding="utf-8")
    assert scrub("claims.csv", *AS_OF, "--strict", "--payers", "names.yaml")[0] != 2
    Path("names.yaml").rename("scrub.yaml")
    assert scrub("claims.csv", *AS_OF, "--strict")[0] != 2


@pytest.mark.parametrize("text", ["", "payers:\n", "Quux: aetna\n", "payers: [Quux]\n"])
def test_a_file_of_payers_that_names_none_is_refused(scrub: Scrub, text: str) -> None:
    batch()
    Path("names.yaml").write_text(text, encoding="utf-8")
    code, _, err = scrub("claims.csv", *AS_OF, "--payers", "names.yaml")
    assert (code, "names.yaml" in err) == (2, True)


# Every answer that a message names is typed


def typed(err: str, **values: str) -> list[str]:
    """The options that a message names, as a shell reads them, with the values a person puts in."""
    words = re.findall(r"--[a-z]+ [^\s;,()]+", err)
    text = " ".join(words)
    for name, value in values.items():
        text = text.replace(name, shlex.quote(value))
    return shlex.split(text)


def test_the_answers_for_required_columns_are_typed(scrub: Scrub) -> None:
    batch(without="claim id,cpt,claim_id", Zbq="77092", Hjk="A-77")
    code, _, err = scrub("claims.csv", *AS_OF)
    assert (code, "name it: --map claim_id=HEADER --map hcpcs_code=HEADER" in err) == (2, True)
    [look] = re.findall(r"scrub (columns \S+) shows the headers", err)
    code, out, _ = scrub(*look.split())
    assert (code, "Zbq" in out) == (0, True)
    answers = typed(
        err, **{"claim_id=HEADER": "claim_id=Hjk", "hcpcs_code=HEADER": "hcpcs_code=Zbq"}
    )
    code, out, _ = scrub("claims.csv", *AS_OF, *answers)
    assert (code, "MO001" in out) == (1, True)


@pytest.mark.slow
@pytest.mark.parametrize("column", ["mod1", "payer", "dos"])
def test_the_answer_for_a_critical_column_is_typed(scrub: Scrub, column: str) -> None:
    batch(without=column, Zbq=WHOLE[column])
    code, _, err = scrub("claims.csv", *AS_OF)
    [answer] = re.findall(r"For no .* column: (--map \S+),", err)
    assert code == 2
    code, out, err = scrub("claims.csv", *AS_OF, *typed(answer, HEADER="Zbq"))
    assert (code, "MO001" in out, "Did not run: modifier" in err) == (1, True, False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("headers", "cells", "question"),
    [
        (",Mod 2", "26,", "no column for modifier 1 before 'Mod 2'; 'column 14' may be it"),
        ("Zbq,Mod 2", "26,", "no column for modifier 1 before 'Mod 2'; 'Zbq' may be it"),
        ("Mod 1,Zbq,Mod 3", ",26,", "no column for modifier 2 before 'Mod 3'; 'Zbq' may be it"),
        ("Modifiers,", ",26", "'column 15' has no header and looks like modifier 2"),
        ("Mods,Unnamed: 14,", ",,26", "'column 16' has no header and looks like modifier 2"),
        ("Mods,Unnamed: 14", ",26", "'Unnamed: 14' has no header and looks like modifier 2"),
    ],
)
def test_the_answer_for_one_modifier_column_of_several_is_typed(
    scrub: Scrub, headers: str, cells: str, question: str
) -> None:
    batch(without="mod1", Hjk="")
    lines = Path("claims.csv").read_text(encoding="utf-8").splitlines()
    text = "".join(f"{line},{end}\n" for line, end in zip(lines, (headers, cells), strict=True))
    Path("claims.csv").write_text(text, encoding="utf-8")
    code, out, err = scrub("claims.csv", *AS_OF)
    assert (code, question in headline(err), "MO001" in out) == (2, True, False)
    [answer] = re.findall(r"if so: --map ('[^']+'|[^\s.]+)", headline(err))
    code, out, err = scrub("claims.csv", *AS_OF, "--map", *shlex.split(answer))
    assert (code, "MO001" in out, "may be it" in err) == (1, True, False)


@pytest.mark.slow
def test_a_column_without_a_header_elsewhere_is_no_modifier(scrub: Scrub) -> None:
    batch(mod1="", Dept="CT")
    lines = Path("claims.csv").read_text(encoding="utf-8").splitlines()
    Path("claims.csv").write_text(f",{lines[0]}\n1,{lines[1]}\n", encoding="utf-8")
    assert scrub("claims.csv", *AS_OF)[0] == 0
    batch(without="mod1", Mod_2="26", Dept="7")
    assert scrub("claims.csv", *AS_OF)[0] == 1


@pytest.mark.slow
def test_the_answer_for_payers_is_typed(scrub: Scrub) -> None:
    batch(payer="Quux Health")
    _, _, err = scrub("claims.csv", *AS_OF, "--strict", "-q")
    [answer] = re.findall(r"which scrub (payers .*) writes", err)
    code, _, _ = scrub(*answer.replace("CLAIMS", "claims.csv").replace("FILE", "own.yaml").split())
    own = Path("own.yaml")
    assert (code, "# Quux Health: POLICY" in own.read_text(encoding="utf-8")) == (0, True)
    own.write_text("payers:\n  Quux Health: medicare\n", encoding="utf-8")
    code, out, _ = scrub("claims.csv", *AS_OF, "--strict", "--payers", "own.yaml")
    assert (code, "MO001" in out) == (1, True)


def test_a_malformed_answer_names_a_whole_one(scrub: Scrub) -> None:
    batch()
    _, _, err = scrub("claims.csv", *AS_OF, "--map", "hcpcs_code")
    [answer] = re.findall(r"as in (--map \S+)", err)
    code, out, _ = scrub("claims.csv", *AS_OF, *typed(answer))
    assert (code, "MO001" in out) == (1, True)


@pytest.mark.slow
def test_an_answer_displaces_no_modifier(scrub: Scrub) -> None:
    # The header that had the place is read in the next one: nothing of a set is lost.
    head = "claim_id,payer,dos,cpt,Modifier,Modifier.1"
    Path("claims.csv").write_text(f"{head}\nA-77,Medicare,2026-03-02,77092,26,\n", "utf-8")
    for answer in ((), ("--map", "hcpcs_modifier_1=Modifier.1")):
        code, out, _ = scrub("claims.csv", *AS_OF, *answer)
        assert (code, "MO001" in out) == (1, True)


@pytest.mark.slow
def test_allowed_rejects_are_no_clean_batch(scrub: Scrub) -> None:
    batch(mod1="")
    with Path("claims.csv").open("a", encoding="utf-8") as file:
        file.write(",".join((WHOLE | {"cpt": "7709", "mod1": ""}).values()) + "\n")
    code, _, err = scrub("claims.csv", *AS_OF)
    clause = "1 claim row without a readable procedure code"
    assert (code, clause in headline(err)) == (2, True)
    code, _, err = scrub("claims.csv", *AS_OF, "--allow-rejects")
    assert (code, clause in headline(err)) == (0, True)


@pytest.mark.slow
@pytest.mark.usefixtures("own_folder")
def test_the_answer_for_patients_of_a_history_is_typed(scrub: Scrub) -> None:
    # Not --map, which must fit the headers of the batch too.
    batch("now.csv", mod1="")
    batch("past.csv", mod1="", without="person_id", claim_id="A-1", Zbq=WHOLE["person_id"])
    arguments = ("now.csv", "--history", "past.csv", *AS_OF)
    code, _, err = scrub(*arguments)
    [answer] = re.findall(r"name it: scrub (columns .*)$", err.strip())
    assert code == 2
    assert scrub(*shlex.split(answer.replace("HEADER", "Zbq")))[0] == 0
    code, out, _ = scrub(*arguments)
    assert (code, "FR003" in out) == (0, True)


@pytest.mark.slow
@pytest.mark.usefixtures("own_folder")
def test_the_answer_for_one_of_several_files_is_typed(scrub: Scrub) -> None:
    batch("a.csv", mod1="")
    batch("b.csv", without="mod1", Modifier_Zbq_Hjk="26", claim_id="A-78")
    code, _, err = scrub("a.csv", "b.csv", *AS_OF)
    assert code == 2
    code, _, err = scrub("a.csv", "b.csv", *AS_OF, *answer_in(headline(err)))
    [answer] = re.findall(r"if other files have it: scrub (columns .*), once", err)
    assert code == 2
    typed_in = answer.replace("FILE", "b.csv").replace("NAME", "second")
    assert scrub(*shlex.split(typed_in))[0] == 0
    code, out, err = scrub("a.csv", "b.csv", *AS_OF)
    assert (code, "b.csv:2" in out, "looks like a modifier" in err) == (1, True, False)
