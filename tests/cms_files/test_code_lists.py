"""`scrub policies import` of code lists: modifiers and places of service, from their days on."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from cpt77092.errors import PolicyError
from cpt77092.policies import load_policies
from cpt77092.reference.code_list import (
    MODIFIERS,
    ListedCode,
    code_list_text,
    code_lists,
    read_code_list,
)
from cpt77092.reference.codes import assigned_places, known_modifiers
from cpt77092.reference.modifiers import LEVEL_II, modifier_lists
from tests.cms_files.samples import as_csv, as_workbook, hcpcs_rows, hcpcs_text, place_table, zipped

Scrub = Callable[..., tuple[int, str, str]]
OCTOBER = "HCPC2026_OCT_ANWEB"


@pytest.fixture
def run(scrub: Scrub) -> Scrub:
    """Runs the import into the folder `own`."""

    def run_import(*arguments: object) -> tuple[int, str, str]:
        command = ("policies", "import", *arguments, "--policies", "own", "--isolated")
        return scrub(*command)

    return run_import


def written(name: str, content: bytes) -> Path:
    Path(name).write_bytes(content)
    return Path(name)


def findings(scrub: Scrub, claims: str, *options: str) -> list[dict[str, str]]:
    written("claims.csv", claims.encode())
    check = ("--format", "csv", "--as-of", "2027-06-01", "--isolated", "--policies", "own")
    _, out, _ = scrub("claims.csv", *check, *options)
    return list(csv.DictReader(out.splitlines()))


# --- modifiers -------------------------------------------------------------------------------

LEVEL_TWO = {
    code: ("19990101", "") for code in sorted(known_modifiers()) if re.fullmatch(LEVEL_II, code)
}
CHANGED = {
    **{code: days for code, days in LEVEL_TWO.items() if code != "ZC"},
    "2Z": ("20200101", ""),
    "Y7": ("20250401", ""),
    "ZA": ("20180101", "20251231"),
    "ZB": ("20180101", "20261115"),
}
FORMS = {
    f"{OCTOBER}.xlsx": as_workbook(hcpcs_rows(CHANGED)),
    f"{OCTOBER}_09232026.txt": hcpcs_text(CHANGED).encode(),
    f"{OCTOBER}.csv": as_csv(hcpcs_rows(CHANGED)),
}
MODIFIER_CLAIMS = """\
claim_id,payer,claim_line_start_date,hcpcs_code,modifier_1
new,Medicare,2026-10-02,77080,Y7
early,Medicare,2025-03-31,77080,Y7
begun,Medicare,2025-04-01,77080,Y7
ended,Medicare,2026-01-01,77080,ZA
lasted,Medicare,2025-12-31,77080,ZA
last,Medicare,2026-11-15,77080,ZB
past,Medicare,2026-11-16,77080,ZB
gone,Medicare,2026-10-01,77080,ZC
before,Medicare,2026-09-30,77080,ZC
cpt,Medicare,2026-10-02,77080,59
nocpt,Medicare,2026-10-02,77080,28
wrong,Medicare,2026-10-02,77080,Y8
later,Medicare,2027-01-02,77080,Y8
"""


@pytest.mark.parametrize("name", FORMS)
def test_modifiers_are_judged_by_the_list_of_their_day(run: Scrub, scrub: Scrub, name: str) -> None:
    code, out, err = run(written(name, FORMS[name]))
    assert (code, err) == (0, "")
    assert "new since 2024: Y7; ended: ZA ZC" in " ".join(out.split())
    rows = findings(scrub, MODIFIER_CLAIMS, "--select", "MO016")
    assert {row["claim_id"]: row["severity"] for row in rows} == {
        "early": "error",
        "ended": "error",
        "past": "error",
        "gone": "error",
        "nocpt": "warning",
        "wrong": "error",
        "later": "warning",
    }
    by_claim = {row["claim_id"]: row for row in rows}
    assert by_claim["wrong"]["message"] == (
        "Not on the October 2026 HCPCS or 2024 CPT modifier list: Y8."
    )
    assert by_claim["early"]["message"] == "Not on the 2024 CPT or HCPCS modifier list: Y7."
    cited = {claim: (row["source_title"], row["source_at"]) for claim, row in by_claim.items()}
    assert cited["wrong"] == ("CMS HCPCS level II modifiers, October 2026", name)
    assert cited["early"] == (
        "CPT and HCPCS level II modifier lists",
        "lists in effect in 2024; third-party copy",
    )


def test_the_zip_has_text_workbook_and_changes(run: Scrub) -> None:
    changes = as_workbook(hcpcs_rows({"Y7": ("20250401", "")}))
    files = {**FORMS, f"{OCTOBER}_Corrections.xlsx": changes, "HCPC2026_recordlayout.txt": b"x\n"}
    code, out, err = run(zipped(Path("october-2026-alpha-numeric-hcpcs-file.zip"), files))
    assert (code, err) == (0, "")
    assert f"{OCTOBER}_Corrections.xlsx: it has changes alone" in " ".join(out.split())
    assert [file.name for file in Path("own/tables").iterdir()] == ["modifiers-2026-10-01.txt"]


@pytest.mark.parametrize(
    ("name", "modifiers", "words"),
    [
        ("hcpcs", CHANGED, "keep the name that it has at CMS"),
        (OCTOBER, {"A1": ("", "")}, "import the complete file"),
        (OCTOBER, CHANGED | {"A1": ("soon", "")}, "'soon' of modifier A1 is no date"),
    ],
)
def test_modifier_files_that_cannot_be_whole_are_refused(
    run: Scrub, name: str, modifiers: dict[str, tuple[str, str]], words: str
) -> None:
    code, _, err = run(written(f"{name}.csv", as_csv(hcpcs_rows(modifiers))))
    assert code == 2
    assert words in err
    assert not Path("own").exists()


def test_a_text_and_a_workbook_that_differ_contradict_each_other(run: Scrub) -> None:
    other = written(f"{OCTOBER}_2.csv", as_csv(hcpcs_rows(LEVEL_TWO)))
    code, _, err = run(written(f"{OCTOBER}.csv", FORMS[f"{OCTOBER}.csv"]), other)
    assert code == 2
    assert "its modifiers are not those of HCPC2026_OCT_ANWEB.csv" in err


def test_between_two_lists_the_later_one_decides_when_a_modifier_began() -> None:
    def listed(first: date, last: date, *codes: ListedCode) -> tuple[str, str]:
        source = f"modifiers of {first}; file, sha256 0"
        return f"{MODIFIERS}{first}.txt", code_list_text(codes, first, last, source)

    old = ListedCode("Y1"), ListedCode("Y2")
    new = ListedCode("Y1"), ListedCode("Y3", date(2025, 7, 1))
    tables = dict(
        [
            listed(date(2025, 1, 1), date(2025, 3, 31), *old),
            listed(date(2026, 1, 1), date(2026, 3, 31), *new),
        ]
    )
    lists = modifier_lists(tables)
    assert lists.last_day == date(2026, 3, 31)
    ours = {period.first_day: period.codes & {"Y1", "Y2", "Y3"} for period in lists.periods}
    assert ours == {
        date.min: {"Y1", "Y2"},
        date(2025, 1, 1): {"Y1", "Y2"},
        date(2025, 7, 1): {"Y1", "Y2", "Y3"},
        date(2026, 1, 1): {"Y1", "Y3"},
    }
    assert all("26" in period.codes for period in lists.periods)


# --- places of service -----------------------------------------------------------------------

PAGE = "Place of Service Codes for Professional Claims (updated September 1, 2026)"
PLACE_CLAIMS = """\
claim_id,payer,claim_line_start_date,hcpcs_code,place_of_service_code
new,Medicare,2026-10-02,77092,28
just,Medicare,2026-08-31,77092,28
gone,Medicare,2026-10-02,77092,27
still,Medicare,2026-08-31,77092,27
never,Medicare,2026-08-31,77092,29
"""


@pytest.mark.parametrize("ending", ["csv", "xlsx", "txt"])
def test_places_are_judged_by_the_list_of_their_day(run: Scrub, scrub: Scrub, ending: str) -> None:
    rows = place_table(sorted(assigned_places() - {"27"} | {"28"}), PAGE)
    content = {"csv": as_csv(rows), "xlsx": as_workbook(rows), "txt": as_csv(rows, "\t")}[ending]
    code, out, err = run(written(f"pos.{ending}", content))
    assert (code, err) == (0, "")
    text = " ".join(out.split())
    assert "Holds from 2026-09-01" in text
    assert "new since 2024: 28; unassigned now: 27" in text
    options = ("--select", "PO002", "--without", "modifiers")
    cited = {
        row["claim_id"]: row["source_title"] for row in findings(scrub, PLACE_CLAIMS, *options)
    }
    assert cited == {
        "gone": "CMS place-of-service code set, 2026-09-01",
        "never": "CMS place-of-service code set",
    }


@pytest.mark.parametrize(
    ("codes", "title", "words"),
    [
        (assigned_places(), "Place of Service Codes", "add --from YYYY-MM-DD"),
        (["01", "02"], PAGE, "save the complete table"),
        ([*assigned_places(), "1234"], PAGE, "'1234' (Name of 1234) is not a two-digit code"),
    ],
)
def test_place_tables_that_cannot_be_whole_are_refused(
    run: Scrub, codes: list[str], title: str, words: str
) -> None:
    code, _, err = run(written("pos.csv", as_csv(place_table(codes, title))))
    assert code == 2
    assert words in err


# --- lists in the folder ---------------------------------------------------------------------


def test_a_list_is_read_as_it_was_written() -> None:
    codes = [
        ListedCode("16", date(1995, 1, 1), None, "Lacks information"),
        ListedCode("N1", None, date(2020, 1, 1)),
    ]
    text = code_list_text(codes, date(2026, 7, 1), None, "a list; its file, sha256 12ab")
    listed = read_code_list(text)
    assert list(listed.codes.values()) == codes
    assert (listed.first_day, listed.last_day) == (date(2026, 7, 1), None)
    assert listed.source is not None
    assert (listed.source.title, listed.source.at, listed.source.sha256) == (
        "a list",
        "its file",
        "12ab",
    )
    (one,) = code_lists({f"{MODIFIERS}2026.txt": text, "other.txt": ""}, MODIFIERS)
    assert one == listed


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# Source: a list\nA1\n", 1),
        ("# First day: 2026-10-01\nA1\nA2 1999\n", 3),
        ("# First day: 2026-10-01\nA1\tsoon\n", 2),
    ],
)
def test_a_damaged_list_is_an_error_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    file = tmp_path / "tables" / "modifiers-2026-10-01.txt"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policies(tmp_path)
    assert [problem.line for problem in caught.value.problems] == [line]


def test_status_has_the_modifiers(run: Scrub, scrub: Scrub) -> None:
    run(written(f"{OCTOBER}.csv", FORMS[f"{OCTOBER}.csv"]))
    command = ("policies", "status", "--policies", "own", "--format", "json", "--isolated")
    _, out, _ = scrub(*command, "--on", "2026-11-29")
    rows = {row["table"]: row for row in json.loads(out)}
    assert rows["HCPCS modifiers"]["covers_to"] == "2026-12-31"
    assert rows["HCPCS modifiers"]["next_file"] == "HCPC2027_JAN_ANWEB"


# --- denial codes ----------------------------------------------------------------------------


def reasons(*, in_columns: bool, stopped: str = "", left_out: str = "") -> list[list[str]]:
    """A list of CARCs with synthetic texts; its dates are in columns or after the texts."""
    rows = [
        (
            str(number),
            f"Text of {number}",
            "01/01/1995",
            "06/30/2020" if str(number) == stopped else "",
        )
        for number in range(1, 300)
        if str(number) != left_out
    ]
    if in_columns:
        headers = ["Code", "Description", "Start Date", "Last Modified", "Stop Date", "Notes"]
        return [headers, *([code, text, start, "", stop, ""] for code, text, start, stop in rows)]
    dated = [
        [code, f"{text} Start: {start}" + (f" | Stop: {stop}" if stop else "")]
        for code, text, start, stop in rows
    ]
    return [["List updated 11/1/2026", ""], ["CARC Code", "Description"], *dated]


@pytest.mark.slow
@pytest.mark.parametrize(("in_columns", "ending"), [(True, "csv"), (False, "csv"), (True, "xlsx")])
def test_texts_of_denials_are_explained_and_stopped_codes_are_named(
    run: Scrub, scrub: Scrub, *, in_columns: bool, ending: str
) -> None:
    rows = reasons(in_columns=in_columns, stopped="182", left_out="50")
    content = as_csv(rows) if ending == "csv" else as_workbook(rows)
    name = f"carc-2026-11-01.{ending}"
    code, out, err = run(written(name, content))
    assert (code, err) == (0, "")
    assert "298 codes, 1 of them stopped" in " ".join(out.split())
    _, out, _ = scrub("explain", "MO016", "--policies", "own", "--isolated")
    assert "182: Text of 182\n" in out
    checked = ("policies", "check", "own", "--isolated", "--on", "2026-11-29")
    code, out, _ = scrub(*checked, "--strict")
    assert code == 2
    assert "CARC 182, which MO016 predicts, was stopped on 2020-06-30" in out
    assert re.search(r"CARC 50, which [A-Z0-9, ]+ predicts?, is not on the list of 2026-11-01", out)


def test_remarks_are_a_list_of_their_own(run: Scrub, scrub: Scrub) -> None:
    rows = [["Code", "Description"], *([f"N{n}", f"Alert: text {n}"] for n in range(1, 900))]
    code, _, _ = run(written("rarc.csv", as_csv(rows)), "--from", "2026-11-01")
    assert code == 0
    assert [file.name for file in Path("own/tables").iterdir()] == ["rarc-2026-11-01.txt"]
    _, out, _ = scrub("explain", "DO001", "--policies", "own", "--isolated")
    assert "N706: Alert: text 706" in out


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["Code", "Description"], ["1", "a"], ["2", "b"]], "it has 2 codes"),
        ([*reasons(in_columns=True), ["N1", "a", "", "", "", ""]], "N1 is no CARC"),
        ([*reasons(in_columns=True), ["9", "a", "", "", "", ""]], "two rows of 9"),
        (
            [*reasons(in_columns=True), ["A1", "a", "soon", "", "", ""]],
            "a date of A1 cannot be read",
        ),
        (reasons(in_columns=True), "add --from YYYY-MM-DD"),
    ],
)
def test_denial_lists_that_cannot_be_whole_are_refused(
    run: Scrub, rows: list[list[str]], words: str
) -> None:
    code, _, err = run(written("list.csv", as_csv(rows)))
    assert code == 2
    assert words in err
