"""Files in another encoding, packed or damaged: read row by row, and every row accounted for."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from backports import zstd

from cpt77092.claims.columns import BY_NAME
from cpt77092.cli.main import main
from cpt77092.errors import ClaimsError, UsageError
from cpt77092.readers import Batch, Options, Tally, read_batch
from cpt77092.readers.failures import reading
from cpt77092.reference.codes import CHECKED

HEADER = "claim_id,dos,cpt,payer,note"


def line(number: int, code: str = "77092", note: str = "") -> str:
    return f"A{number},2026-03-02,{code},Medicare,{note}"


def text(*rows: str, end: str = "\n") -> str:
    return "".join(row + end for row in rows)


def read(folder: Path, data: bytes, *, encoding: str | None = None) -> Batch:
    file = folder / "claims.csv"
    file.write_bytes(data)
    options = Options(encoding=encoding)
    return read_batch([str(file)], needed=frozenset(BY_NAME), scope=CHECKED, options=options)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    return int(str(stop.value.code))


FILLER = [line(1, "99213")] * 40_000
"""Rows that fill more than the first megabyte, which is all that is looked at before the scan."""


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("cp1252", "Windows-1252"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_an_encoding_is_found_out_and_told(codec: str, name: str, tmp_path: Path) -> None:
    data = text(HEADER, line(1, note="café"), line(2, "99213"), end="\r\n").encode(codec)
    batch = read(tmp_path, data)
    assert (batch.total.in_scope, batch.total.out_of_scope) == (1, 1)
    assert batch.scans[0].encoding == name
    assert f"read as {name}" in batch.notes[0]


def test_bytes_that_windows_leaves_undefined_make_it_latin_1(tmp_path: Path) -> None:
    batch = read(tmp_path, text(HEADER, line(1, note="\x81\xe9")).encode("latin-1"))
    assert batch.scans[0].encoding == "Latin-1"
    assert batch.total.in_scope == 1


@pytest.mark.parametrize("where", ["payer", "note"])
def test_a_strange_byte_beyond_the_first_megabyte_loses_no_row(where: str, tmp_path: Path) -> None:
    last = line(2, note="é") if where == "note" else line(2).replace("Medicare", "Santé")
    batch = read(tmp_path, text(HEADER, *FILLER, last).encode("cp1252"))
    assert batch.total == Tally(rows=40_001, in_scope=1, no_code=0, not_data=0, rejected=0)
    if where == "payer":
        assert batch.lines["payer"].to_list() == ["Santé"]


def test_one_damaged_row_of_a_utf8_file_is_rejected_and_not_the_file(tmp_path: Path) -> None:
    good = text(HEADER, line(1, note="café à la crème")).encode()
    batch = read(tmp_path, good + b"A2,2026-03-02,77092,Medicare,caf\xe9\n" + line(3).encode())
    assert batch.total == Tally(rows=3, in_scope=2, no_code=0, not_data=0, rejected=1)
    assert batch.rejects.drop("source").rows() == [
        (3, 3, "a byte that is not UTF-8 (0xe9)", b"A2,2026-03-02,77092,Medicare,caf\xe9\n")
    ]


def test_an_encoding_that_is_said_is_used(tmp_path: Path) -> None:
    data = text(HEADER, line(1).replace("Medicare", "Santé")).encode("cp850")
    lines = read(tmp_path, data, encoding="cp850").lines
    assert lines["payer"].to_list() == ["Santé"]


def test_an_encoding_that_is_said_wrongly_rejects_what_it_cannot_read(tmp_path: Path) -> None:
    data = text(HEADER, line(1, note="é"), line(2)).encode("cp1252")
    batch = read(tmp_path, data, encoding="utf-8")
    assert (batch.total.in_scope, batch.total.rejected) == (1, 1)


@pytest.mark.parametrize("encoding", ["utf-9", "zip", "hex", "punycode", "idna", "undefined"])
def test_an_encoding_that_does_not_exist_is_refused(encoding: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"--encoding {encoding}: there is no such encoding"):
        read(tmp_path, b"x", encoding=encoding)


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_packed_file_is_read_like_any_other(pack: object, codec: str, tmp_path: Path) -> None:
    assert callable(pack)
    data = text(HEADER, line(1), line(2, "99213"), line(3) + ",spill").encode(codec)
    batch = read(tmp_path, pack(data))
    assert batch.total == Tally(rows=3, in_scope=1, no_code=0, not_data=0, rejected=1)


@pytest.mark.slow
@pytest.mark.parametrize("kept", [0.3, 0.9])
@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
def test_a_packed_file_cut_short_is_refused(pack: object, kept: float, tmp_path: Path) -> None:
    assert callable(pack)
    data = pack(text(HEADER, *(line(n) for n in range(300_000))).encode())
    with pytest.raises(ClaimsError, match="cut short") as problem:
        read(tmp_path, data[: int(len(data) * kept)])
    assert len(problem.value.lines) == 1


def test_nul_bytes_are_left_out_and_told(tmp_path: Path) -> None:
    data = text(HEADER, line(1), line(2)).encode().replace(b"A1", b"A\x001")
    batch = read(tmp_path, data)
    assert batch.lines["claim_id"].to_list() == ["A1", "A2"]
    assert "NUL bytes left out: 1" in batch.notes[0]


@pytest.mark.slow
def test_a_code_behind_a_nul_byte_deep_in_a_file_is_not_lost(tmp_path: Path) -> None:
    batch = read(tmp_path, text(HEADER, *FILLER, line(2, "\x0077092")).encode())
    assert batch.total.in_scope == 1


def test_titles_repeated_headers_and_totals_are_no_data(tmp_path: Path) -> None:
    rows = [line(1), HEADER, line(2), HEADER.upper(), line(3, "99213"), "Total,,,,45.00", "3 rows"]
    data = text("Claims of March", "Printed 2026-03-31, page 1", "", HEADER, *rows).encode()
    batch = read(tmp_path, data)
    assert batch.total == Tally(rows=7, in_scope=2, no_code=0, not_data=4, rejected=0)
    assert batch.lines["source_row"].to_list() == [5, 7]
    assert "lines left out above the header: 2" in batch.notes[0]


@pytest.mark.parametrize("where", ["first", "last"])
@pytest.mark.parametrize("note", ["", "x"])
def test_a_short_row_is_rejected_wherever_it_stands(where: str, note: str, tmp_path: Path) -> None:
    short = "A2,2026-03-02 99213,Medicare,x"  # the separator before the code is lost
    normal = [line(1, note=note)] * 30_000
    rows = [short, *normal] if where == "first" else [*normal, short]
    batch = read(tmp_path, text(HEADER, *rows).encode())
    assert batch.total == Tally(rows=30_001, in_scope=30_000, no_code=0, not_data=0, rejected=1)


def test_a_normal_file_is_not_read_row_by_row(tmp_path: Path) -> None:
    rows = [line(1, note='"a, b"'), line(2), line(3, note='""'), "", "Total", ",,,,"]
    assert read(tmp_path, text(HEADER, *rows).encode()).notes == []


def test_a_quote_left_open_costs_its_own_line_only(tmp_path: Path) -> None:
    rows = [line(1), line(2, note='"open'), line(3), line(4, note='6" scar'), line(5)]
    batch = read(tmp_path, text(HEADER, *rows).encode())
    assert batch.lines["claim_id"].to_list() == ["A1", "A3", "A4", "A5"]
    assert batch.rejects.select("source_line", "reject_reason").rows() == [
        (3, "a quote is left open, or text follows a closing one")
    ]


@pytest.mark.slow
def test_rejects_are_written_as_they_were_and_read_again(tmp_path: Path) -> None:
    file, rejects = tmp_path / "claims.csv", tmp_path / "rejects.csv"
    bad = line(2, note="é") + ",spill\r\n"
    file.write_bytes(text(HEADER, line(1), end="\r\n").encode() + bad.encode("cp1252"))
    assert run(str(file), "--rejects", str(rejects), "--fail-on", "never") == 2
    assert rejects.read_bytes() == f"{HEADER}\r\n{bad}".encode("cp1252")
    allowed = ("--allow-rejects", "--without", "modifiers", "--fail-on", "never")
    assert run(str(file), *allowed) == 0


def test_a_file_without_rejects_leaves_an_empty_rejects_file(tmp_path: Path) -> None:
    file, rejects = tmp_path / "claims.csv", tmp_path / "rejects.csv"
    file.write_text(text(HEADER, line(1)), encoding="utf-8")
    run(str(file), "--rejects", str(rejects))
    assert rejects.read_bytes() == b""
    assert run(str(file), "--rejects", str(file)) == 2


@pytest.mark.slow
def test_encoding_and_rejects_stand_in_the_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "claims.csv"
    file.write_bytes(text(HEADER, line(1, note="é"), line(2) + ",spill").encode("cp1252"))
    run(str(file), "--format", "json")
    report = json.loads(capsys.readouterr().out)
    assert report["manifest"]["inputs"][0]["encoding"] == "Windows-1252"
    assert report["rejects"][0]["source_line"] == 3
    assert "6 fields" in report["rejects"][0]["reason"]


@pytest.mark.parametrize("name", ["quotes.csv", "utf-8.csv", "encrypted.csv"])
def test_why_a_file_cannot_be_read_is_not_taken_from_its_name(name: str) -> None:
    with pytest.raises(ClaimsError) as refusal, reading(name):
        raise PermissionError(13, "Permission denied", name)
    assert str(refusal.value) == f"{name}: cannot be read (Permission denied)"


def test_a_file_that_memory_does_not_hold_is_not_called_damaged() -> None:
    with pytest.raises(ClaimsError) as refusal, reading("june.835"):
        raise MemoryError
    assert str(refusal.value) == "june.835: cannot be read (memory does not hold it)"
