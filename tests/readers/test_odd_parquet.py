"""Parquet columns that few readers know: they stop a file only where they are needed, by name."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest
import yaml

from cpt77092.readers.parquet_footer import repair, uuid_columns

FILES: Mapping[str, Mapping[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "odd_parquet.yaml").read_text()
)
Scrub = Callable[..., tuple[int, str, str]]
NOT_NEEDED = [
    "decimal of 256 bits",
    "encrypted note",
    "interval",
    "name twice",
    "variant",
    "zone",
]
NEEDED = {
    "charge of 256 bits": "column 'charge_amount': cannot be read",
    "code twice": "'hcpcs_code', 'hcpcs_code (2)' all claim hcpcs_code",
    "date of a zone": "column 'claim_line_start_date' has times of a time zone that is not known",
    "encrypted footer": "an encrypted Parquet file",
    "encrypted modifier": "column 'hcpcs_modifier_1': cannot be read (it is encrypted",
    "modifier of an interval": "column 'hcpcs_modifier_1' has a type that scrub does not read",
}
OPTIONS = ("--as-of", "2026-11-23", "--format", "concise")


@pytest.fixture
def odd(tmp_path: Path) -> Callable[[str], str]:
    def write(name: str) -> str:
        (tmp_path / "claims.parquet").write_bytes(base64.b64decode(FILES[name]["bytes"]))
        return "claims.parquet"

    return write


def test_every_file_is_tried() -> None:
    assert {*NOT_NEEDED, *NEEDED, "uuid", "duration", "bytes"} == FILES.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", NOT_NEEDED)
def test_a_column_that_nobody_needs_stops_nothing(
    scrub: Scrub, odd: Callable[[str], str], name: str
) -> None:
    code, out, _ = scrub(odd(name), *OPTIONS)
    assert (code, "MO001 C1/- 77092" in out) == (1, True)
    code, out, _ = scrub("columns", odd(name))
    assert code == 0
    assert "note" in out.partition("Not used:")[2]


@pytest.mark.parametrize("name", NEEDED)
def test_one_that_is_needed_is_named_in_one_line(
    scrub: Scrub, odd: Callable[[str], str], name: str
) -> None:
    code, out, err = scrub(odd(name), *OPTIONS)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert NEEDED[name] in err
    assert scrub("columns", odd(name))[0] == (2 if name == "encrypted footer" else 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["name twice", "variant", "zone", "encrypted note"])
@pytest.mark.parametrize("command", [("check", "--flagged-to"), ("fix", "-o")])
def test_rows_are_not_written_without_a_column(
    scrub: Scrub, odd: Callable[[str], str], tmp_path: Path, name: str, command: tuple[str, str]
) -> None:
    verb, option = command
    code, _, err = scrub(verb, odd(name), option, "copy.parquet", "--as-of", "2026-11-23")
    assert code == 2
    assert "written" in err
    assert not (tmp_path / "copy.parquet").exists()


def test_a_uuid_is_shown_as_people_write_it(scrub: Scrub, odd: Callable[[str], str]) -> None:
    code, out, _ = scrub(odd("uuid"), *OPTIONS)
    assert (code, "MO001 6f1c2b3a-0d4e-4f50-8a6b-7c8d9eff0011/-" in out) == (1, True)


@pytest.mark.parametrize(("name", "finding"), [("duration", "IN001"), ("bytes", "MO007")])
def test_a_value_of_a_type_that_fits_nothing_is_a_finding(
    scrub: Scrub, odd: Callable[[str], str], name: str, finding: str
) -> None:
    code, out, _ = scrub(odd(name), *OPTIONS)
    assert (code, finding in out) == (1, True)


@pytest.mark.parametrize("cells", [[b"C1", b"\xff", None], [b"C1", b"C2", b"\xe2\x82\xac"]])
def test_bytes_are_text_or_hexadecimal_cell_by_cell(
    scrub: Scrub, tmp_path: Path, cells: list[bytes | None]
) -> None:
    lines = {
        "claim_id": pl.Series(cells, dtype=pl.Binary),
        "payer": ["medicare"] * 3,
        "claim_line_start_date": ["2026-03-02"] * 3,
        "hcpcs_code": pl.Series([b"77092"] * 3, dtype=pl.Binary),
        "hcpcs_modifier_1": ["26"] * 3,
    }
    pl.DataFrame(lines).write_parquet(tmp_path / "claims.parquet")
    _, out, _ = scrub("claims.parquet", "--as-of", "2026-11-23", "--format", "csv")
    claims = pl.read_csv(out.encode()).filter(rule="MO001")["claim_id"].to_list()
    assert claims == ["C1", *(["ff", ""] if cells[2] is None else ["C2", "€"])]


def test_values_stay_under_their_names_where_a_name_stands_twice() -> None:
    content = base64.b64decode(FILES["name twice"]["bytes"])
    copy = repair(content, lambda _: True, "hcpcs_code")
    assert copy is not None
    names = [*copy.renamed]
    assert names[-3:] == ["hcpcs_modifier_1", "note", "note (2)"]
    assert [*copy.renamed.values()][-2:] == ["note", "note"]
    assert "hcpcs_code (2)" in names  # a name that is taken is no column's
    rows = pl.read_parquet(io.BytesIO(copy.content))
    assert rows.row(0) == ("C1", "medicare", "2026-03-02", "77092", "26", 1, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*FILES])
def test_a_damaged_footer_is_no_bug(name: str) -> None:
    content = base64.b64decode(FILES[name]["bytes"])
    for at in range(len(content) - 400, len(content), 7):
        for byte in (0, 0x19, 0x7F, 0xFF):
            damaged = content[:at] + bytes([byte]) + content[at + 1 :]
            repair(damaged, lambda _: True, "")
            uuid_columns(damaged)
