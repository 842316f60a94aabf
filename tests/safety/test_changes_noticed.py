"""A file that changes while it is checked is noticed, whatever of it is read once more."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cpt77092.file_state import FileState
from cpt77092.readers import batch
from cpt77092.reports.check import json as json_report
from cpt77092.split import Split

EXAMPLE = Path(__file__).parents[2] / "examples" / "claims.csv"
AS_OF = ("--as-of", "2026-11-23")
Scrub = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    content = EXAMPLE.read_bytes()
    for name in ("claims.csv", "history.csv"):
        (tmp_path / name).write_bytes(content)
    pl.read_csv(EXAMPLE, infer_schema=False).write_parquet(tmp_path / "claims.parquet")
    return tmp_path


def edit_in_secret(file: Path) -> None:
    """Write a byte, which in text is another, and set back the time of it."""
    before = file.stat()
    with file.open("r+b") as stream:
        stream.seek(-2, os.SEEK_END)
        byte = stream.read(1)
        stream.seek(-2, os.SEEK_END)
        stream.write(bytes([byte[0] ^ (file.suffix == ".csv")]))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def before(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, edit: Callable[[], None]
) -> None:
    """Let something happen before a function of the program runs."""
    run = getattr(owner, name)

    def edited(*arguments: Any, **named: Any) -> Any:
        edit()
        return run(*arguments, **named)

    monkeypatch.setattr(owner, name, edited)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["claims.csv", "claims.parquet"])
@pytest.mark.parametrize(
    ("owner", "function", "output"),
    [
        (batch, "lines_of", ()),
        (json_report, "write", ("-o", "report.json")),
        (Split, "write", ("--flagged-to", "flagged{}")),
    ],
)
def test_a_file_that_changes_is_noticed(
    scrub: Scrub,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    owner: Any,
    function: str,
    output: tuple[str, ...],
) -> None:
    before(monkeypatch, owner, function, lambda: edit_in_secret(folder / name))
    options = [option.format(Path(name).suffix) for option in output]
    code, _, err = scrub(name, *AS_OF, "-q", *options)
    assert (code, err) == (
        2,
        f"scrub: {name}: it changed while it was checked; run again on a copy\n",
    )
    assert {file.name for file in folder.iterdir()} == {
        "claims.csv",
        "claims.parquet",
        "history.csv",
    }


@pytest.mark.slow
def test_a_file_of_earlier_claims_that_changes_is_noticed(
    scrub: Scrub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(monkeypatch, json_report, "write", lambda: edit_in_secret(folder / "history.csv"))
    code, _, err = scrub(
        "claims.csv", *AS_OF, "-q", "--history", "history.csv", "-o", "report.json"
    )
    assert code == 2
    assert err.startswith("scrub: history.csv: it changed")


@pytest.mark.slow
def test_the_digest_is_that_of_the_bytes_read(scrub: Scrub, folder: Path) -> None:
    scrub("claims.csv", *AS_OF, "-q", "--history", "history.csv", "-o", "report.json")
    manifest = json.loads((folder / "report.json").read_text())["manifest"]
    expected = hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    (claims,), (history,) = manifest["inputs"], manifest["history"]["files"]
    assert (claims["sha256"], history["sha256"]) == (expected, expected)


def test_reading_a_file_leaves_its_state(folder: Path) -> None:
    file = folder / "claims.csv"
    state = FileState.of(file)
    assert state is not None
    file.read_bytes()
    assert FileState.of(file) == state
    edit_in_secret(file)
    assert FileState.of(file) != state
    assert FileState.of(folder) is None
    assert FileState.of(folder / "nothing.csv") is None
