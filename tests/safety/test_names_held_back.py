"""A name in a cell that is not for names is in no message, no log, and no summary."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

HEADER = (
    "claim_id,claim_line_number,person_id,payer,claim_line_start_date,place_of_service_code,"
    "hcpcs_code,hcpcs_modifier_1,service_unit_quantity,charge_amount,diagnosis_code_1,"
    "claim_frequency_code,rendering_npi,billing_npi,patient_birth_date"
)
LINE = "C1,1,P1,medicare,2026-03-02,11,77092,26,1,45.00,M81.0,1,1555000011,1555001019,"
NAME = "OKONKWO"
AS_OF = ("--as-of", "2026-11-23")
PLACES = HEADER.split(",")
HELD_BACK = [name for name in PLACES if name not in ("claim_id", "person_id", "payer")]
Scrub = Callable[..., tuple[int, str, str]]


def batch_with(tmp_path: Path, cell: str, *columns: str) -> str:
    """Two lines for each of the columns, with the cell in that column, and one without it."""
    rows = []
    for column in columns:
        cells = LINE.split(",")
        cells[PLACES.index(column)] = cell
        rows += [",".join(f'"{one}"' for one in cells)] * 2
    (tmp_path / "claims.csv").write_text("\n".join([HEADER, *rows, LINE, ""]))
    return "claims.csv"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["concise", "table", "json", "csv"])
def test_a_name_is_nowhere(scrub: Scrub, tmp_path: Path, form: str) -> None:
    file = batch_with(tmp_path, NAME, *HELD_BACK)
    code, out, err = scrub(file, *AS_OF, "--format", form, "-v")
    assert code in (1, 2)
    assert NAME not in out + err


@pytest.mark.slow
@pytest.mark.parametrize("column", ["claim_id", "payer"])
def test_messages_do_not_repeat_the_name_of_a_line(
    scrub: Scrub, tmp_path: Path, column: str
) -> None:
    file = batch_with(tmp_path, f"{NAME}, ADA", column)
    _, out, err = scrub(file, *AS_OF, "--format", "json")
    messages = [finding["message"] + finding["fix"] for finding in json.loads(out)["findings"]]
    assert NAME not in " ".join(messages) + err
    if column == "claim_id":
        assert any("(row 2)" in message for message in messages)


@pytest.mark.slow
def test_a_log_has_nothing_of_a_claim(scrub: Scrub, tmp_path: Path) -> None:
    file = batch_with(tmp_path, NAME, *PLACES)
    options = (*AS_OF, "--log-format", "json", "--strict", "--flagged-to", "held.csv")
    code, _, err = scrub(file, *options, "-o", "report.csv", "--format", "csv")
    assert code in (1, 2)
    assert NAME not in err


@pytest.mark.slow
def test_show_phi_shows_it(scrub: Scrub, tmp_path: Path) -> None:
    file = batch_with(tmp_path, NAME, "hcpcs_modifier_1")
    _, out, _ = scrub(file, *AS_OF, "--format", "json", "--show-phi", "-o", "report.json")
    assert any(NAME in finding["message"] for finding in json.loads(out)["findings"])
    assert scrub("verify", "report.json")[0] == 0
    _, out, _ = scrub(file, *AS_OF, "--format", "json")
    assert NAME not in out
