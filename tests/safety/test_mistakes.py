"""What the system or a file refuses is one line and exit 2; exit 3 is for bugs of ours alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.exceptions import PanicException

from cpt77092.cli import main
from cpt77092.readers.text.csv import CsvFile

EXAMPLE = Path(__file__).parents[2] / "examples" / "claims.csv"
LONG = "a" * 300
AS_OF = ("--as-of", "2026-11-23")
Scrub = Callable[..., tuple[int, str, str]]

PLACES = [
    ("check", [LONG]),
    ("check", [f"{LONG}.csv"]),
    *(("check", ["claims.csv", option, LONG]) for option in ("--layout", "--policies", "--payers")),
    *(("check", ["claims.csv", option, LONG]) for option in ("--history", "--rejects")),
    *(("check", ["claims.csv", option, f"{LONG}.csv"]) for option in ("-o", "--clean-to")),
    *(("check", ["claims.csv", option, "loop"]) for option in ("--layout", "--rejects")),
    *(("check", ["claims.csv", option, "loop"]) for option in ("--history", "--policies")),
    ("check", ["./loop"]),
    ("check", ["claims.csv", "-o", "loop/x.csv"]),
    ("check", ["claims.csv", "-o", "claims.csv/x.csv"]),
    ("check", ["claims.csv/x.csv"]),
    ("check", ["claims.csv", "--rejects", "."]),
    ("check", ["claims.csv", "--settings", "folder"]),
    ("check", ["claims.csv", "--settings", LONG]),
    ("check", ["b\udcff.csv"]),
    ("check", ["odd"]),
    ("check", ["a\0b.csv"]),
    ("check", ["claims.csv", "--history", "a\0b"]),
    ("check", ["claims.csv", "--rejects", "a\0b"]),
    ("check", ["claims.csv", "--layout", "a\0b"]),
    *(("check", ["claims.csv", "--encoding", name]) for name in ("zip", "idna", "undefined")),
    *(("check", ["claims.csv", "--encoding", name]) for name in ("cp037", "utf-16", "utf-32")),
    ("profile", ["claims.csv", "-o", f"{LONG}.html"]),
    ("brief", ["medicare", "-o", f"{LONG}.html"]),
    ("columns", ["claims.csv", "--save", LONG]),
    ("columns", ["./loop"]),
    ("verify", [LONG]),
    ("verify", ["folder"]),
    ("policies", ["check", LONG]),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("claims.csv").write_bytes(EXAMPLE.read_bytes())
    Path("loop").symlink_to("loop")
    Path("folder").mkdir()
    Path("odd").mkdir()
    Path("odd/b\udcff.csv").write_bytes(EXAMPLE.read_bytes())
    return tmp_path


def is_one_line(answer: tuple[int, str, str]) -> None:
    code, out, err = answer
    assert (code, out, err.count("\n")) == (2, "", 1), answer
    assert "bug in scrub" not in err


@pytest.mark.parametrize(("command", "arguments"), PLACES)
def test_a_mistake_is_one_line(
    scrub: Scrub, folder: Path, command: str, arguments: list[str]
) -> None:
    assert folder.is_dir()
    is_one_line(scrub(command, *arguments))
    assert Path("loop").is_symlink()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cpt77092", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(EXAMPLE.parents[1])} | environment,
        check=False,
    )


@pytest.mark.slow
def test_a_working_folder_that_is_gone(folder: Path) -> None:
    gone = folder / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    try:
        done = run("claims.csv")
    finally:
        os.chdir(folder)
    is_one_line((done.returncode, done.stdout, done.stderr))


@pytest.mark.slow
def test_python_without_docstrings_is_refused(folder: Path) -> None:
    assert folder.is_dir()
    done = run("claims.csv", PYTHONOPTIMIZE="2")
    is_one_line((done.returncode, done.stdout, done.stderr))


@pytest.mark.slow
@pytest.mark.parametrize("columns", ["0", "-5", "x", "1", "9" * 25, ""])
def test_any_width_will_do(folder: Path, columns: str) -> None:
    assert folder.is_dir()
    assert run("claims.csv", *AS_OF, "--format", "table", COLUMNS=columns).returncode == 1


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(
    ("arguments", "streams", "code"),
    [
        ("claims.csv -q", "2>/dev/full", 1),
        ("nothing.csv", "2>/dev/full", 2),
        ("claims.csv", ">/dev/full", 2),
        ("claims.csv", ">/dev/full 2>&1", 2),
        ("claims.csv", ">&- 2>&-", 1),
        ("claims.csv", "<&-", 1),
        ("-", "<&-", 2),
    ],
)
def test_streams_that_are_full_or_closed(
    folder: Path, arguments: str, streams: str, code: int
) -> None:
    command = f"{sys.executable} -m cpt77092 {arguments} {' '.join(AS_OF)} {streams}"
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "failure", [PermissionError(13, "Permission denied"), PanicException("x"), MemoryError()]
)
@pytest.mark.parametrize("place", ["read", "run"])
def test_whatever_reading_ends_in_is_one_line(
    scrub: Scrub, folder: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException, place: str
) -> None:
    def fail(*_: object) -> None:
        raise failure

    if place == "read":
        monkeypatch.setattr(CsvFile, "read", fail)
    else:
        monkeypatch.setattr(main, "with_command", fail)
    assert folder.is_dir()
    is_one_line(scrub("claims.csv"))


def test_a_file_that_vanishes_while_it_is_read(
    scrub: Scrub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = CsvFile.read

    def vanish(opened: CsvFile, *rest: Any) -> Any:
        (folder / "claims.csv").unlink(missing_ok=True)
        return read(opened, *rest)

    monkeypatch.setattr(CsvFile, "read", vanish)
    is_one_line(scrub("claims.csv"))


def test_a_table_that_breaks_while_it_is_read(scrub: Scrub, folder: Path) -> None:
    pl.read_csv(EXAMPLE, infer_schema=False).write_parquet(folder / "a.parquet")
    content = bytearray((folder / "a.parquet").read_bytes())
    content[50:600] = b"\xff" * 550
    (folder / "a.parquet").write_bytes(content)
    code, _, err = scrub("a.parquet", "--clean-to", "clean.parquet")
    assert (code, err.count("\n")) == (2, 1)


ODD: tuple[Any, ...] = (None, 5, {}, [None], "a\0b")


@pytest.mark.slow
def test_a_damaged_manifest_is_one_line(scrub: Scrub, folder: Path) -> None:
    scrub("claims.csv", *AS_OF, "-q", "-o", "report.json")
    whole = json.loads((folder / "report.json").read_text())
    manifest = whole["manifest"]
    places: list[tuple[dict[str, Any], str]] = [
        *((whole, key) for key in ("manifest", "findings", "totals")),
        *((manifest, key) for key in ("as_of", "policies", "inputs", "history", "options")),
        *((manifest["inputs"][0], key) for key in ("file", "sha256")),
        *((manifest["options"], key) for key in ("map", "payers", "select", "layout", "by")),
    ]
    for holder, key in places:
        value = holder.get(key)
        for odd in ODD:
            holder[key] = odd
            (folder / "report.json").write_text(json.dumps(whole))
            code, _, err = scrub("verify", "report.json", "-q")
            assert code in (0, 1, 2), (key, odd, err)
            assert err.count("\n") == (code == 2), (key, odd, err)
        holder[key] = value
