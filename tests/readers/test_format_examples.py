"""The example files of other formats say what they are examples of."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpt77092.claims.columns import BY_NAME
from cpt77092.claims.layouts import load_layout
from cpt77092.cli.main import main
from cpt77092.readers import Batch, Options, Tally, read_batch
from cpt77092.reference.codes import CHECKED

EXAMPLES = Path(__file__).parents[2] / "examples"


def read(name: str) -> Batch:
    needed = frozenset(BY_NAME)
    return read_batch([str(EXAMPLES / name)], needed=needed, scope=CHECKED, options=Options())


def test_the_packed_example_is_the_plain_one() -> None:
    packed, plain = read("claims.csv.gz"), read("claims.csv")
    assert packed.lines.equals(plain.lines)
    assert packed.total == plain.total


def test_the_wide_example_holds_three_claims_of_two_lines() -> None:
    batch = read("claims-wide.csv")
    assert batch.total == Tally(rows=6, in_scope=3, no_code=0, not_data=1, rejected=0)
    columns = ("claim_id", "claim_line_number", "hcpcs_code", "hcpcs_modifier_1")
    assert batch.lines.select(columns).rows() == [
        ("W-1", 1, "77080", ""),
        ("W-1", 2, "77092", "26"),
        ("W-2", 1, "77092", "26"),
    ]
    assert batch.lines["diagnosis_code_2"].to_list() == ["Z78.0", "Z78.0", ""]
    assert "lines left out above the header: 1" in batch.notes[0]


def test_the_damaged_example_loses_no_row() -> None:
    batch = read("claims-damaged.csv")
    assert batch.total == Tally(rows=7, in_scope=2, no_code=0, not_data=2, rejected=3)


@pytest.mark.slow
def test_the_rejects_of_the_damaged_example_are_written(tmp_path: Path) -> None:
    file, rejects = EXAMPLES / "claims-damaged.csv", tmp_path / "rejects.csv"
    with pytest.raises(SystemExit) as stop:
        main([str(file), "--as-of", "2026-11-23", "--rejects", str(rejects)])
    assert stop.value.code == 2
    written = file.read_bytes().splitlines(keepends=True)
    assert rejects.read_bytes() == b"".join(written[n] for n in (0, 2, 3, 5))


def test_the_example_layout_is_read() -> None:
    layout = load_layout(str(EXAMPLES / "layout.yaml"))
    assert layout.columns["hcpcs_code"] == ("Service",)
    assert layout.rows == {"Kind": ("CHARGE",)}
