"""The columns of findings and lines, which other programs rely on: they only grow at the end."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cpt77092 import findings
from cpt77092.cli import main
from cpt77092.engine import Result
from cpt77092.findings import lines, schema
from cpt77092.run import Request, run

EXAMPLES = Path(__file__).parents[2] / "examples"
AS_OF = date(2026, 11, 23)
HEADER = "claim_id,line,line control number,payer,dos,cpt,mod1,mod2,mod3,units,claim freq,charge"
VERSION_1 = {
    "line": (
        "source_file source_row row_id claim_id claim_line_number line_control_number hcpcs_code "
        "modifiers service_unit_quantity claim_frequency_code claim_line_start_date payer "
        "payer_name"
    ),
    "finding": (
        "rule name severity message fix fix_kind group_code carc rarc charge_amount "
        "expected_payment source_title source_at source_url in_force_from confidence"
    ),
}
VERSION_2 = ("question", "since")
"""Columns that version 2 appended to the findings."""


def checked(*paths: Path) -> Result:
    return run(Request(paths=[str(path) for path in paths], as_of=AS_OF))


def written(folder: Path, *rows: str, header: str = HEADER) -> Path:
    file = folder / "claims.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def scrub(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main.main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


def test_columns_of_earlier_versions_stay_where_they_are() -> None:
    line, finding = (VERSION_1[name].split() for name in ("line", "finding"))
    assert list(schema.LINE)[: len(line)] == line
    assert list(schema.FINDING) == [*line, *finding, *VERSION_2]
    assert list(schema.CHECKED_LINE)[: len(line)] == line
    assert list(schema.FLAGGED_LINE)[: len(line)] == line
    assert schema.FINDING["source_row"] == pl.Int64
    assert findings.FINDINGS_SCHEMA_VERSION == 2


def test_a_line_is_named_as_billed(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "A,1,0007,MEDICARE ,2026-03-02,77092,GA,,26,2,7,45.00",
        "A,2,,Medicare,2026-03-02,77092,,,,x,,45.00",
    )
    table = findings.as_table(checked(file)).select(*schema.LINE).unique().sort("source_row")
    first, second = table.rows(named=True)
    assert first == {
        "source_file": str(file),
        "source_row": 2,
        "row_id": None,
        "claim_id": "A",
        "claim_line_number": 1,
        "line_control_number": "0007",
        "hcpcs_code": "77092",
        "modifiers": "GA 26",
        "service_unit_quantity": 2.0,
        "claim_frequency_code": "7",
        "claim_line_start_date": date(2026, 3, 2),
        "payer": "medicare",
        "payer_name": "MEDICARE",
    }
    blank = ("line_control_number", "modifiers", "service_unit_quantity", "claim_frequency_code")
    assert [second[name] for name in blank] == ["", "", None, ""]


def test_a_column_that_the_file_lacks_is_null(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "A,Medicare,2026-03-02,77092,0",
        header="claim_id,payer,dos,cpt,charge",
    )
    row = findings.as_table(checked(file), limit=1).row(0, named=True)
    absent = ("line_control_number", "modifiers", "service_unit_quantity", "claim_frequency_code")
    assert [row[name] for name in absent] == [None] * 4


@pytest.mark.slow
def test_all_checked_lines_come_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    result = checked(EXAMPLES / "claims.csv", EXAMPLES / "visits.csv")
    monkeypatch.setattr(lines, "LINES_AT_ONCE", 7)
    pieces = list(findings.checked_lines(result))
    assert max(piece.height for piece in pieces) == 7
    table = pl.concat(pieces)
    assert table.schema == schema.CHECKED_LINE
    assert table.height == findings.totals(result).checked_lines
    assert table.select("source_file", "source_row").is_unique().all()
    flagged = findings.as_table(result).select(*schema.CHECKED_LINE).unique()
    assert flagged.join(table, on=table.columns, how="anti", nulls_equal=True).is_empty()
    assert flagged.height < table.height


@pytest.mark.slow
def test_json_lists_checked_lines_on_request_and_other_formats_refuse(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    plain, report = tmp_path / "plain.json", tmp_path / "report.json"
    arguments = (EXAMPLES / "claims.csv", "--as-of", AS_OF, "-q")
    assert scrub(*arguments, "-o", plain) == scrub(*arguments, "--checked-lines", "-o", report) == 1
    without: dict[str, Any] = json.loads(plain.read_text(encoding="utf-8"))
    record: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    assert record.pop("sha256") != without.pop("sha256")
    listed = record.pop("checked_lines")
    assert record == without, "nothing else changes"
    assert len(listed) == record["totals"]["checked_lines"]
    assert list(listed[0]) == list(schema.CHECKED_LINE)
    assert listed[0]["charge_amount"] == 45.0
    capfd.readouterr()
    assert scrub(*arguments, "--checked-lines", "-o", tmp_path / "out.csv") == 2
    assert "--checked-lines: only JSON lists them; add" in capfd.readouterr().err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.slow
def test_every_typed_report_carries_the_version(tmp_path: Path) -> None:
    names = [tmp_path / "report.json", tmp_path / "report.parquet"]
    outputs = [part for name in names for part in ("-o", name)]
    assert scrub(EXAMPLES / "claims.csv", "--as-of", AS_OF, "-q", *outputs) == 1
    assert json.loads(names[0].read_text(encoding="utf-8"))["manifest"]["schema"] == 2
    assert pl.read_parquet_metadata(names[1])["cpt77092.schema"] == "2"
