"""Excel workbooks: the same lines as the same cells in a CSV file."""

from __future__ import annotations

import builtins
import csv
import shlex
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cpt77092.claims.columns import BY_NAME
from cpt77092.cli.main import main
from cpt77092.errors import ClaimsError, UsageError
from cpt77092.readers import Batch, Options, Tally, open_claims, read_batch
from cpt77092.reference.codes import CHECKED
from tests.readers.workbooks import Cell, write_workbook

EXAMPLES = Path(__file__).parents[2] / "examples"
HEADER: list[Cell] = ["Claim", "Payer", "DOS", "CPT", "Mod1", "Units", "Charge", "NPI"]


def read(file: Path, *, sheet: str | None = None) -> Batch:
    options = Options(sheet=sheet)
    return read_batch([str(file)], needed=frozenset(BY_NAME), scope=CHECKED, options=options)


def line(number: int, code: Cell = 77092, day: Cell = date(2026, 3, 2)) -> list[Cell]:
    return [f"A{number}", "Medicare", day, code, 26, 1, 45.5, 1555000011]


def test_typed_cells_are_read_as_what_they_are(tmp_path: Path) -> None:
    file = tmp_path / "claims.xlsx"
    rows: list[list[Cell]] = [
        HEADER,
        line(1),
        line(2, "99213"),
        line(3, "G0130", "2026-03-04"),
        ["Total", None],
    ]
    write_workbook(file, {"March": rows})
    batch = read(file)
    assert batch.total == Tally(rows=4, in_scope=2, no_code=0, not_data=1, rejected=0)
    assert batch.lines["source_row"].to_list() == [2, 4]
    assert batch.lines["claim_line_start_date"].to_list() == [date(2026, 3, 2), date(2026, 3, 4)]
    columns = ("hcpcs_code", "hcpcs_modifier_1", "service_unit_quantity", "rendering_npi")
    assert batch.lines.select(columns).row(0) == ("77092", "26", 1.0, "1555000011")
    assert str(batch.lines["charge_amount"][0]) == "45.5000"
    assert batch.notes == [f"{file}: sheet 'March'"]


def test_rows_are_numbered_as_the_spreadsheet_shows_them(tmp_path: Path) -> None:
    file = tmp_path / "claims.xlsx"
    write_workbook(file, {"March": [[], [], ["Claims of March"], [], HEADER, line(1)]})
    assert read(file).lines["source_row"].to_list() == [6]


def test_a_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    file = tmp_path / "claims.xlsx"
    write_workbook(file, {"Notes": [["hello"]], "April": [["A title"], [], HEADER, line(1)]})
    assert read(file, sheet="April").total.in_scope == 1
    with pytest.raises(UsageError, match="did you mean April"):
        read(file, sheet="Aprl")
    assert read(file).total.in_scope == 1
    write_workbook(file, {"Notes": [["X", "Y"], ["77092", "26"]], "April": [HEADER, line(1)]})
    with pytest.raises(ClaimsError, match=r"none of the headers.*not read: 'April' .name another"):
        read(file)


def test_claims_in_several_sheets_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "claims.xlsx"
    blank: list[list[Cell]] = [[], ["Claims of April"], HEADER, line(2)]
    write_workbook(file, {"March": [HEADER, line(1)], "It's April": blank, "May": [HEADER]})
    answer = r"claims in 2 sheets \('March', \"It's April\"\); one is read at a time"
    with pytest.raises(ClaimsError, match=answer) as problem:
        read(file)
    typed = shlex.split(problem.value.lines[0].partition("time: ")[2])
    assert read(file, sheet=typed[1]).notes == [
        f"{file}: sheet 'March'; sheets not read: \"It's April\" (name another with --sheet)"
    ]
    assert set(open_claims(str(file), Options()).headers.columns) >= {"claim_id", "hcpcs_code"}


def test_sheets_that_are_passed_over_are_told(tmp_path: Path) -> None:
    file = tmp_path / "claims.xlsx"
    codes = [["Code", "Meaning", "Modifier"], ["77092", "TBS", "26"]]
    write_workbook(file, {"March": [HEADER, line(1)], "Codes": codes, "Chart": []})
    note = "sheets not read: 'Codes', 'Chart' (name another with --sheet)"
    assert read(file).notes == [f"{file}: sheet 'March'; {note}"]
    assert read(file, sheet="March").notes == [f"{file}: sheet 'March'"]
    write_workbook(file, {"Cover": [], "March": [HEADER, line(1)]})
    note = "sheets not read: 'Cover' (name another with --sheet)"
    assert read(file).notes == [f"{file}: sheet 'March'; {note}"]
    write_workbook(file, {"Cover": [], "March": []})
    with pytest.raises(ClaimsError, match=r"'Cover' is empty.*sheets not read: 'March'"):
        read(file)


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0 and so on"])
def test_a_zip_file_that_is_no_workbook_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "claims.xlsx").write_bytes(data)
    with pytest.raises(ClaimsError, match="a workbook that cannot be read") as problem:
        read(tmp_path / "claims.xlsx")
    assert len(problem.value.lines) == 1


def test_an_empty_sheet_is_refused(tmp_path: Path) -> None:
    write_workbook(tmp_path / "claims.xlsx", {"One": []})
    with pytest.raises(ClaimsError, match="sheet 'One' is empty"):
        read(tmp_path / "claims.xlsx")


def test_without_the_extra_the_way_to_install_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_workbook(tmp_path / "claims.xlsx", {"One": [HEADER, line(1)]})
    imported = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "fastexcel":
            raise ImportError(name)
        return imported(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ClaimsError, match=r"install cpt77092\[excel\]"):
        read(tmp_path / "claims.xlsx")


@pytest.mark.slow
def test_the_example_workbook_says_what_the_example_csv_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    message = []
    for name in ("claims.csv", "claims.xlsx"):
        with pytest.raises(SystemExit):
            main([str(EXAMPLES / name), "--as-of", "2026-11-23", "--format", "concise"])
        message.append(capsys.readouterr().out.replace(name, "claims"))
    assert message[0] == message[1]


def test_the_example_workbook_holds_the_cells_of_the_example_csv(tmp_path: Path) -> None:
    with (EXAMPLES / "claims.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    write_workbook(tmp_path / "claims.xlsx", {"Claims": rows})
    assert (tmp_path / "claims.xlsx").read_bytes() == (EXAMPLES / "claims.xlsx").read_bytes()


def test_rows_above_the_header_are_told(tmp_path: Path) -> None:
    above = [["Acct", "Code"], ["C1", "77092"]]
    write_workbook(tmp_path / "claims.xlsx", {"One": [*above, HEADER, line(1)]})
    batch = read(tmp_path / "claims.xlsx")
    assert batch.total.rows == 1
    assert "lines left out above the header: 2" in batch.notes[0]
