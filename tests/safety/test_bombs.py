"""Small files that unpack to large ones, and inputs without an end, are refused in one line."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cpt77092.errors import ClaimsError
from cpt77092.readers import memory
from cpt77092.readers.text import encoding
from tests.readers.test_excel import HEADER, line, read
from tests.readers.workbooks import write_workbook

EXAMPLE = (Path(__file__).parents[2] / "examples" / "claims.csv").read_bytes()
AS_OF = ("--as-of", "2026-11-23")
Scrub = Callable[..., tuple[int, str, str]]


def is_one_line(answer: tuple[int, str, str], *words: str) -> bool:
    code, out, err = answer
    assert (code, out, err.count("\n")) == (2, "", 1), answer
    assert all(word in err for word in words), err
    return True


def far_cell(file: Path, place: str) -> None:
    write_workbook(file, {"One": [HEADER, line(1)]})
    with zipfile.ZipFile(file) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    row = place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    cell = f'<row r="{row}"><c r="{place}"><v>1</v></c></row></sheetData>'
    parts[sheet] = parts[sheet].replace(b"</sheetData>", cell.encode())
    with zipfile.ZipFile(file, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)


def test_a_cell_at_the_far_corner_of_a_sheet(scrub: Scrub, tmp_path: Path) -> None:
    far_cell(tmp_path / "claims.xlsx", "XFD1048576")
    assert is_one_line(scrub("claims.xlsx", *AS_OF), "row 1,048,576", "save the sheet as CSV")
    far_cell(tmp_path / "claims.xlsx", "Z2000")
    assert read(tmp_path / "claims.xlsx").total.rows


def test_a_workbook_that_unpacks_to_more_than_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_workbook(tmp_path / "claims.xlsx", {"One": [HEADER, line(1)]})
    monkeypatch.setattr(memory, "free", lambda: 1000)
    with pytest.raises(ClaimsError, match="more than memory holds; save the sheet as CSV"):
        read(tmp_path / "claims.xlsx")


@pytest.mark.slow
@pytest.mark.parametrize("head", [EXAMPLE, b""])
@pytest.mark.parametrize("piece", [b"x", b"\0", b",", b'"'])
def test_a_line_without_an_end(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: bytes, piece: bytes
) -> None:
    monkeypatch.setattr(encoding, "LONGEST_LINE", 3 << 20)
    with gzip.open(tmp_path / "claims.csv.gz", "wb") as out:
        out.write(head + piece * (8 << 20))
    assert is_one_line(scrub("claims.csv.gz", *AS_OF), "claims.csv.gz")


@pytest.mark.parametrize("piece", [b"\n", b",,,,\n", b'"\n'])
def test_a_small_file_that_unpacks_to_a_large_one(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: bytes
) -> None:
    monkeypatch.setattr(encoding, "_MOST_UNPACKED", 1 << 20)
    with gzip.open(tmp_path / "claims.csv.gz", "wb") as out:
        out.write(EXAMPLE + piece * (1 << 23))
    assert is_one_line(scrub("claims.csv.gz", *AS_OF), "more than 200 times its size")


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
KEYS = "".join(f"key{number}: x\n" for number in range(700_000))
DEEP = "payer: " + "[" * 100_000


@pytest.mark.parametrize("text", [LAUGHS, KEYS, DEEP], ids=["laughs", "keys", "deep"])
@pytest.mark.parametrize("kind", ["scrub.yaml", "--policies", "--layout", "--payers"])
def test_yaml_that_grows_without_end(scrub: Scrub, tmp_path: Path, text: str, kind: str) -> None:
    (tmp_path / "claims.csv").write_bytes(EXAMPLE)
    name = "scrub.yaml" if kind == "scrub.yaml" else "own/aetna.yaml"
    (tmp_path / "own").mkdir()
    (tmp_path / name).write_text(text)
    options = {"scrub.yaml": (), "--policies": (kind, "own")}.get(kind, (kind, name))
    began = time.monotonic()
    code, out, err = scrub("claims.csv", *AS_OF, *options)
    assert (code, out) == (2, "")
    assert 1 <= err.count("\n") <= 20
    assert len(err) < 10_000
    assert time.monotonic() - began < 20


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero")
@pytest.mark.parametrize("option", ["--layout", "--payers", "--settings", ""])
def test_dev_zero_has_no_end(tmp_path: Path, option: str) -> None:
    (tmp_path / "claims.csv").write_bytes(EXAMPLE)
    names = ["claims.csv", option, "/dev/zero"] if option else ["/dev/zero"]
    done = subprocess.run(
        [sys.executable, "-m", "cpt77092", *names, *AS_OF],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr


@pytest.mark.slow
def test_one_bomb_in_a_folder_leaves_the_others_checked(scrub: Scrub, tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "a.csv").write_bytes(EXAMPLE)
    far_cell(folder / "b.xlsx", "XFD1048576")
    (folder / "c.parquet").write_bytes(b"PAR1" + os.urandom(200) + b"PAR1")
    code, out, err = scrub("inbox", *AS_OF)
    assert code == 2
    assert "a.csv" in out
    assert "Not read: inbox/b.xlsx" in err
    assert "Not read: inbox/c.parquet" in err


def test_the_limit_is_that_of_the_group_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "slice" / "own"
    own.mkdir(parents=True)
    monkeypatch.setattr(memory, "OWN_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(memory, "MACHINE", tmp_path / "none")
    monkeypatch.setattr(memory, "GROUPS", ((tmp_path, "max", "now", "inactive_file"),) * 2)
    (own / "max").write_text("5000")
    (own / "now").write_text("1000")
    (tmp_path / "groups").write_text("4:memory:/elsewhere\n0::/slice/own\n")
    assert memory.free() == 4000
    (own.parent / "max").write_text("1500")
    (own.parent / "now").write_text("1000")
    assert memory.free() == 500
