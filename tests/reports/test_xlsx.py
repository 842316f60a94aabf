"""The Excel worklist, read again by another library: typed, styled, and no cell of data is run."""

from __future__ import annotations

import csv
import zipfile
from datetime import date, datetime
from importlib import util
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.workbook import Workbook

from cpt77092 import findings
from cpt77092.cli import main
from cpt77092.errors import UsageError
from cpt77092.findings.table import needing_work
from cpt77092.reports.check import xlsx
from cpt77092.reports.check.former_worklist import DONE, STATUSES, FormerWorklist, read_worklist
from cpt77092.reports.check.report import Report
from cpt77092.reports.check.xlsx import WORKLIST
from cpt77092.run import Request, run
from cpt77092.text import inert

EXAMPLE = Path(__file__).parents[2] / "examples" / "claims.csv"
AS_OF = date(2026, 11, 23)
EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1+1"]
"""What a spreadsheet might take for a formula; the last is a wide form of the first."""


def written(
    *paths: Path, extra: tuple[str, ...] = (), worklist: FormerWorklist | None = None
) -> bytes:
    asked = Request(paths=[str(p) for p in paths], as_of=AS_OF, show_phi=bool(extra))
    result = run(asked)
    stream = BytesIO()
    totals = findings.totals(result)
    report = Report(
        result=result,
        totals=totals,
        options={},
        exit_code=1,
        why="",
        extra=extra,
        worklist=worklist,
    )
    xlsx.write(stream, report)
    return stream.getvalue()


def opened(data: bytes) -> Workbook:
    return openpyxl.load_workbook(BytesIO(data))


@pytest.fixture(scope="module")
def example() -> bytes:
    return written(EXAMPLE)


RANKS = ["error", "warning", "info"]


def by_claim(listed: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [list(block) for _, block in groupby(listed, key=lambda row: row["Claim"])]


def rows(book: Workbook, name: str = "Worklist") -> list[dict[str, Any]]:
    headers, *values = book[name].iter_rows(values_only=True)
    return [dict(zip((str(h) for h in headers), row, strict=True)) for row in values]


@pytest.mark.slow
def test_every_finding_is_on_one_sheet_work_by_claim_the_worst_first(example: bytes) -> None:
    result = run(Request(paths=[str(EXAMPLE)], as_of=AS_OF))
    book = opened(example)
    listed, notices = rows(book), rows(book, "Notices")
    for some, table in (
        (listed, findings.as_table(needing_work(result))),
        (notices, findings.as_table(needing_work(result, others=True))),
    ):
        assert sorted(row["What is wrong"] for row in some) == sorted(table["message"])
    assert len(listed) + len(notices) == result.findings.height
    claims = [row["Claim"] for row in listed]
    blocks = [claim for claim, _ in groupby(claims)]
    assert len(blocks) == len(set(claims)), "a claim stays together"
    worst = [min(RANKS.index(row["Severity"]) for row in block) for block in by_claim(listed)]
    assert worst == sorted(worst)
    first = next(row for row in listed if row["Claim"] == "A-1002" and row["Rule"] == "MO001")
    assert first["Date"] == datetime(2026, 3, 2)  # noqa: DTZ001 - Excel knows no zones
    assert first["Charge"] == 45
    assert first["Code"] == "77092"
    assert (first["Modifiers"], first["POS"], first["Units"]) == ("26", "22", 1)
    assert (first["Diagnoses"], first["Rendering NPI"]) == ("M81.0, Z78.0", "1555000011")
    assert first["Status"] == "Open"
    assert first["Note"] is None


@pytest.mark.slow
def test_it_is_ready_to_work_from(example: bytes) -> None:
    book = opened(example)
    assert book.sheetnames == ["Worklist", "Notices", "Summary", "Rules"]
    sheet = book["Worklist"]
    assert sheet.freeze_panes == "D2"
    assert sheet.auto_filter.ref == f"A1:AE{sheet.max_row}"
    assert sheet.print_title_rows == "$1:$1"
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == f'"{",".join(STATUSES)}"'
    wide = {"A": "Status", "B": "Claim", "N": "What is wrong", "Q": "Note"}
    for letter, header in wide.items():
        (column,) = (column for column in WORKLIST if column.header == header)
        assert round(sheet.column_dimensions[letter].width) == column.width + 1
    colors = {row[11].value: row[11].fill.start_color.rgb for row in sheet.iter_rows(min_row=2)}
    assert set(colors) == {"error", "warning"}
    assert len(set(colors.values())) == 2
    (looks,) = sheet.conditional_formatting
    assert str(looks.sqref) == f"A2:AE{sheet.max_row}"
    formulas = [rule.formula for rule in looks.rules]
    assert formulas == [["$B2<>$B1"], ['OR($A2="Fixed",$A2="Overridden")']]
    assert set(DONE) < set(STATUSES)


def test_rows_have_room_for_their_words_and_paper_for_the_columns_to_fill(example: bytes) -> None:
    book = opened(example)
    sheet = book["Worklist"]
    for row in sheet.iter_rows(min_row=2):
        wrapped = {3: 18, 9: 14, 13: 40, 14: 36}
        needed = max(len(str(row[n].value or "")) / width for n, width in wrapped.items())
        height = sheet.row_dimensions[row[0].row or 0].height or 15
        assert height >= 15 * needed, "not every program makes room by itself"
        assert height <= 15 * (needed + 1)
    assert sheet.print_area == f"'Worklist'!$A$1:$Q${sheet.max_row}"
    for name in book.sheetnames:
        assert book[name].page_setup.orientation == "landscape"
        assert book[name].page_setup.fitToHeight == 0


def test_text_stays_text_and_nothing_is_run(tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    rest = "1234567893,1245319599,P"
    claims = [*EVIL, "00123", "http://example.org", "1e5", "a\x07b"]
    file.write_text(
        "claim_id,payer,dos,pos,cpt,mod1,units,charge,rendering npi,billing npi,person_id\n"
        + "".join(f"{c},=cmd(),2026-03-02,11,77092,26,1,45.00,{rest}{c}\n" for c in claims)
    )
    data = written(file)
    with zipfile.ZipFile(BytesIO(data)) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) == 4
        for name in sheets:
            assert b"<f>" not in parts.read(name), "there is no formula at all"
    sheet = opened(data)["Notices"]
    cells = {str(row[0].value): row[0] for row in sheet.iter_rows(min_row=2)}
    assert set(cells) == {*claims[:-1], "a b"}
    for claim in EVIL:
        assert cells[claim].data_type == "s"
        assert cells[claim].quotePrefix, "it stays text when somebody edits it"
    assert cells["00123"].data_type == "s"
    assert cells["http://example.org"].hyperlink is None


@pytest.mark.slow
def test_a_csv_opened_in_a_spreadsheet_runs_nothing_either(tmp_path: Path) -> None:
    file, out = tmp_path / "claims.csv", tmp_path / "out.csv"
    claims = [*EVIL, "00123", "a=b"]
    file.write_text(
        "claim_id,payer,dos,pos,cpt,mod1,units,charge,rendering npi,billing npi\n"
        + "".join(f"{c},=cmd(),2026-03-02,11,77092,26,1,-45,,\n" for c in claims)
    )
    for by in ("finding", "line", "claim"):
        with pytest.raises(SystemExit):
            main.main([str(file), "-q", "--by", by, "-o", str(out)])
        with out.open(encoding="utf-8", newline="") as text:
            listed = list(csv.DictReader(text))
        assert {row["claim_id"] for row in listed} == {*(f"'{c}" for c in EVIL), "00123", "a=b"}
        texts = [cell for row in listed for name, cell in row.items() if "charge" not in name]
        assert not [cell for cell in texts if len(cell) > 1 and cell.startswith(tuple("=+-@"))]
    cells = inert(pl.DataFrame({"text": ["-", "\n=1", "a=b", None]}))
    assert cells["text"].to_list() == ["'-", "'\n'=1", "a=b", None]


def test_the_summary_answers_and_the_rules_are_listed(example: bytes) -> None:
    book = opened(example)
    first = [row[0] for row in book["Summary"].iter_rows(values_only=True)]
    assert str(first[0]).startswith("Do not submit yet: ")
    assert len(str(first[0])) < 80, (
        "the title is the verdict alone: what is longer runs off a screen"
    )
    assert str(first[1]).startswith("$1,214.50 in charges at risk")
    assert "At risk by payer" in first
    assert "Medicare" in first
    assert "Not checked because" in first
    assert any(str(cell).startswith("MO001 Modifier 26 on a code") for cell in first)
    listed = {row["Rule"] for name in ("Worklist", "Notices") for row in rows(book, name)}
    rules = rows(book, "Rules")
    assert {row["Rule"] for row in rules} == listed
    assert all(row["Why"] and row["Clear"] and row["Source"] for row in rules)


@pytest.mark.slow
def test_the_same_findings_give_the_same_bytes(example: bytes) -> None:
    assert written(EXAMPLE) == example


@pytest.mark.slow
def test_patients_are_shown_only_on_request(example: bytes) -> None:
    assert "person_id" not in rows(opened(example))[0]
    assert rows(opened(written(EXAMPLE, extra=("person_id",))))[0]["person_id"]


@pytest.mark.slow
def test_the_worst_are_kept_where_a_sheet_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "ROWS", 4)
    book = opened(written(EXAMPLE))
    assert [row["Severity"] for row in rows(book)] == ["error"] * 4
    every = run(Request(paths=[str(EXAMPLE)], as_of=AS_OF)).findings.height
    assert book["Summary"]["A2"].value == f"The worst 8 of {every} findings are listed."


def test_a_batch_without_findings_is_a_workbook_too(tmp_path: Path) -> None:
    header = "claim_id,payer,dos,pos,cpt,units,charge,rendering npi,billing npi\n"
    file = tmp_path / "claims.csv"
    file.write_text(header + "A,Medicare,2026-03-02,11,99213,1,45.00,1234567893,1245319599\n")
    assert rows(opened(written(file))) == []


def filled(data: bytes, file: Path, **cells: dict[str, Any]) -> FormerWorklist:
    """A workbook in which somebody filled in cells of rows (`r2`), read back."""
    book = opened(data)
    sheet = book["Worklist"]
    headers = [cell.value for cell in sheet[1]]
    for row, values in cells.items():
        for header, value in values.items():
            sheet.cell(int(row[1:]), headers.index(header) + 1).value = value
    book.save(file)
    return read_worklist(str(file))


@pytest.mark.slow
def test_what_was_filled_in_is_kept_where_the_finding_is_still_there(
    tmp_path: Path, example: bytes
) -> None:
    before = rows(opened(example))
    yesterday = filled(
        example,
        tmp_path / "yesterday.xlsx",
        r2={"Status": "Fixed", "Fixed by": "MB", "Fixed on": datetime(2026, 11, 22)},  # noqa: DTZ001
        r3={"Status": "Query provider", "Note": "asked on Friday"},
        r5={"Assigned to": "Ana"},
    )
    # Another order of rows, and one claim corrected.
    header, *lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    file = tmp_path / "today.csv"
    gone = before[3]["Claim"]
    kept = [text for text in reversed(lines) if not text.startswith(f"{gone},")]
    file.write_text("\n".join([header, *kept]), encoding="utf-8")
    after = {
        (row["Claim"], row["Rule"]): row for row in rows(opened(written(file, worklist=yesterday)))
    }
    fixed, asked = (after[row["Claim"], row["Rule"]] for row in before[:2])
    assert (fixed["Status"], fixed["Fixed by"], fixed["Fixed on"]) == ("Open", "MB", "2026-11-22")
    assert (asked["Status"], asked["Note"]) == ("Query provider", "asked on Friday")
    others = [row for row in after.values() if row not in (fixed, asked)]
    assert {(row["Status"], row["Note"], row["Assigned to"]) for row in others} == {
        ("Open", None, None)
    }


@pytest.mark.slow
def test_other_values_make_another_finding(tmp_path: Path) -> None:
    header = (
        "claim_id,line,payer,dos,pos,cpt,mod1,units,charge,rendering npi,billing npi,person_id\n"
    )
    row = "A,1,Medicare,2026-03-02,11,77092,,{},45.00,1234567893,1245319599,P\n"
    file = tmp_path / "claims.csv"
    file.write_text(header + row.format(2), encoding="utf-8")
    yesterday = filled(written(file), tmp_path / "y.xlsx", r2={"Status": "Overridden"})
    assert rows(opened(written(file, worklist=yesterday)))[0]["Status"] == "Overridden"
    file.write_text(header + row.format(3), encoding="utf-8")
    assert rows(opened(written(file, worklist=yesterday)))[0]["Status"] == "Open"


@pytest.mark.slow
def test_a_worklist_is_one_of_ours_and_told_about(
    tmp_path: Path, example: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "not.xlsx").write_bytes(b"no workbook")
    for name, problem in (
        ("nowhere.xlsx", "cannot be read"),
        ("not.xlsx", "not a workbook of scrub"),
        (str(EXAMPLE.with_suffix(".xlsx")), "not a workbook of scrub"),
    ):
        with pytest.raises(UsageError, match=problem):
            read_worklist(str(tmp_path / name))
    file = tmp_path / "y.xlsx"
    filled(example, file, r2={"Status": "Fixed"}, r3={"Note": "="})
    arguments = [str(EXAMPLE), "--as-of", AS_OF.isoformat(), "--worklist", str(file)]
    for more, code, note in (
        ([], 2, "add -o NAME.xlsx"),
        (["-o", str(file)], 2, "that is one of the inputs"),
        (["-o", str(tmp_path / "n.xlsx")], 1, "1 finding marked Fixed still there, open again"),
    ):
        with pytest.raises(SystemExit) as stop:
            main.main([*arguments, *more])
        assert stop.value.code == code
        assert note in capfd.readouterr().err


@pytest.mark.slow
def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    is_there = util.find_spec

    def find(name: str) -> Any:
        return None if name == "xlsxwriter" else is_there(name)

    monkeypatch.setattr("cpt77092.reports.check.writers.find_spec", find)
    for asked in (["-o", str(tmp_path / "out.xlsx")], ["--format", "xlsx"]):
        with pytest.raises(SystemExit) as stop:
            main.main([str(EXAMPLE), "-q", *asked])
        assert stop.value.code == 2
        assert "needs another package: pip install 'cpt77092[excel]'" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_command_writes_it_to_a_file_and_a_pipe(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "out.xlsx"
    arguments = [str(EXAMPLE), "--as-of", AS_OF.isoformat()]
    for asked in (["-q", "-o", str(file)], ["--format", "xlsx"]):
        with pytest.raises(SystemExit) as stop:
            main.main([*arguments, *asked])
        assert stop.value.code == 1
    assert capfdbinary.readouterr().out == file.read_bytes()
