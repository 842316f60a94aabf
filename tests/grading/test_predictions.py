"""Reports are read as they were written, and alike after somebody edited them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cpt77092.errors import UsageError
from cpt77092.findings.schema import CHECKED_LINE, FINDING
from cpt77092.grading.predictions import Predictions, read_predictions

MANIFEST = {"as_of": "2026-06-15", "policies": {"folders": ["packaged"]}, "inputs": []}
TEXTS = ('"rule":"x"', ',"message":', "\\", "\n]", '"carc":"",', "},{", "\u00e9\u2028", '\\"')
"""What could be taken for the end of a text, a column or a row."""
DENIAL: dict[str, Any] = {"severity": "error", "group_code": "CO", "carc": "16", "rarc": "N822"}


def row(number: int | None, row_id: str | None = None, **values: Any) -> dict[str, Any]:
    day = {"claim_line_start_date": "2026-03-02"}
    return {"source_file": "a.csv", "source_row": number, "row_id": row_id, **day, **values}


def written(flagged: list[dict[str, Any]], lines: list[dict[str, Any]] | None) -> bytes:
    """A report as `scrub check` writes it."""
    tables = {"findings": (FINDING, flagged), "checked_lines": (CHECKED_LINE, lines)}
    text = f'{{"manifest": {json.dumps(MANIFEST)},\n"totals": {{}}'
    for name, (schema, rows) in tables.items():
        if rows is not None:
            encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
            as_text = [encoder.encode({n: r.get(n) for n in schema}) for r in rows]
            text += f',\n"{name}": [' + ",\n".join(["\n" + as_text[0], *as_text[1:]]) + "\n]"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f'{text},\n"sha256": "{digest}"}}\n'.encode()


def read(folder: Path, content: bytes) -> Predictions:
    report = folder / "report.json"
    report.write_bytes(content)
    return read_predictions([str(report)])


@pytest.mark.parametrize("lists_lines", [True, False])
@pytest.mark.parametrize("texts", [TEXTS[:4], TEXTS[4:]])
def test_a_report_is_read_alike_by_lines_and_as_a_whole(
    tmp_path: Path, texts: Sequence[str], lists_lines: bool
) -> None:
    claim, payer, message, title = texts
    line: dict[str, Any] = {"claim_id": claim, "payer_name": payer, "charge_amount": 45.1}
    finding: dict[str, Any] = {"rule": "MO001", "message": message, "source_title": title}
    flagged = [
        row(2, **line, **finding, **DENIAL),
        row(3, **line, **finding, severity="info", group_code="", carc="", rarc=""),
        row(3, **line, **finding, **DENIAL),
    ]
    content = written(flagged, [row(number, **line) for number in (2, 3)] if lists_lines else None)
    whole = read(tmp_path, content)
    edited = read(tmp_path, content.replace(b'"totals": {', b'"totals": { '))
    assert (whole.notes, len(edited.notes)) == ((), 1)
    assert whole.predicted.equals(edited.predicted)
    assert whole.predicted["line"].to_list() == [0, 1]
    assert whole.lines.equals(edited.lines)
    assert whole.lines["claim_id"].to_list() == [claim, claim]
    assert whole.has_all_lines == lists_lines


def test_rows_of_a_table_are_told_apart_by_their_id(tmp_path: Path) -> None:
    lines = [row(None, row_id) for row_id in ("7", "8")]
    flagged = [row(None, "8", rule="MO001", **DENIAL)]
    predictions = read(tmp_path, written(flagged, lines))
    assert (predictions.lines.height, predictions.predicted["line"].to_list()) == (2, [1])
    for ids in ((None, None), ("7", "7")):
        with pytest.raises(UsageError, match="--row-id COLUMN"):
            read(tmp_path, written(flagged, [row(None, row_id) for row_id in ids]))


@pytest.mark.parametrize("column", ["carc", "severity"])
def test_a_report_without_a_column_that_is_graded_is_refused(tmp_path: Path, column: str) -> None:
    content = written([row(2, rule="MO001", **DENIAL)], [row(2)])
    with pytest.raises(UsageError, match="not a JSON report"):
        read(tmp_path, content.replace(f'"{column}":'.encode(), b'"other":'))


@pytest.mark.parametrize("name", ["-", "s3://bucket/claims/", "postgresql://?service=claims"])
def test_claims_that_are_no_files_are_refused(tmp_path: Path, name: str) -> None:
    report = tmp_path / "report.json"
    report.write_bytes(written([row(2, rule="MO001", **DENIAL)], None))
    with pytest.raises(UsageError, match="not a file, so its rows may have changed"):
        read_predictions([str(report)], [name])
