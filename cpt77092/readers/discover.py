"""From what the user named (files, folders, patterns, `-`) to opened claim files."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from cpt77092.claims.layouts import Layout
from cpt77092.errors import ClaimsError
from cpt77092.readers.classify import (
    POLARS_FAILURES,
    REPORT_COLUMNS,
    OpenedFile,
    native_errors_silenced,
)
from cpt77092.readers.signatures import PARQUET, WORKBOOKS, is_x12
from cpt77092.signals import let_interrupts_end_waiting

ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".xlsx", ".837", ".x12", ".edi")
HEAD = 512
"""Bytes that tell what kind of file it is."""
PACKED = (".gz", ".zst")
"""Endings that may follow those of text files."""
STDIN = "-"
REPORT_MARK = b"# scrub: "
"""How a report in plain text begins."""
CSV_REPORT_MARK = b"source_file,source_row,"


def find_files(named: Sequence[str]) -> list[str]:
    """Expand folders and patterns; each file once, in the order named.

    Raises:
        ClaimsError: a file does not exist, or a folder or pattern holds no claim file.
    """
    found: dict[str, str] = {}
    for name in named:
        try:
            for file in _expand(name):
                found.setdefault(file if file == STDIN else os.path.realpath(file), file)
        except (OSError, ValueError) as problem:
            told = getattr(problem, "strerror", None) or "no name of a file"
            raise ClaimsError(f"{name[:80]}: cannot be read ({told})") from None
    return list(found.values())


def find_readable(named: Sequence[str]) -> tuple[list[str], list[str]]:
    """The same, passing by names of which nothing comes: the files, and a sentence for each name.

    Raises:
        ClaimsError: nothing comes of any name.
    """
    try:
        return find_files(named), []
    except ClaimsError:
        pass
    found: list[str] = []
    lost: list[str] = []
    for name in named:
        try:
            find_files([name])
        except ClaimsError as problem:
            lost += problem.lines
        else:
            found.append(name)
    if not found:
        raise ClaimsError(*lost)
    return find_files(found), lost


def is_read_once(path: str) -> bool:
    """Whether a file is gone once it is read: standard input, a pipe."""
    file = Path(path)
    return path == STDIN or (file.exists() and not file.is_file() and not file.is_dir())


def _expand(name: str) -> list[str]:
    if not name:
        raise ClaimsError("a claim file's name is blank")
    path = Path(name)
    if name == STDIN or path.is_file():
        return [name]
    if path.is_dir():
        files = sorted(map(str, _within(path)))
        if not files:
            raise ClaimsError(f"{name}: the folder holds no claim files ({', '.join(ENDINGS)})")
        return files
    matches = sorted(
        file
        for file in glob.glob(name, recursive=True)  # noqa: PTH207 - patterns may be absolute
        if Path(file).is_file()
    )
    if matches:
        return matches
    if path.exists():
        return [name]
    if glob.has_magic(name):
        raise ClaimsError(f"{name}: no file matches the pattern")
    raise ClaimsError(f"{name}: no such file")


def _within(folder: Path) -> list[Path]:
    """The claim files of a folder, and what of it cannot be looked into: opening that tells why."""
    unlisted: list[Path] = []
    found: list[Path] = []
    for place, _, names in os.walk(folder, onerror=lambda why: unlisted.append(Path(why.filename))):
        for file in (Path(place, name) for name in names):
            # A link to nowhere is claims that are not there; a pipe or a device is no batch.
            is_there = file.is_file() or (file.is_symlink() and not file.exists())
            if _has_ending(file) and is_there and not file.name.startswith("."):
                found.append(file)
    return [*unlisted, *(file for file in found if not _is_report(file))]


def _has_ending(file: Path) -> bool:
    name = file.name.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    return name.endswith(ENDINGS)


def _is_report(file: Path) -> bool:
    """Whether a file found in a folder is a report that an earlier run left there.

    One that cannot be read is not: it is refused by its name, and the others are read.
    """
    try:
        with file.open("rb") as stream:
            head = stream.read(len(REPORT_MARK))
    except OSError:
        return False
    if head[:4] == PARQUET:
        try:
            with native_errors_silenced():
                return set(pl.read_parquet_schema(file)) >= REPORT_COLUMNS
        except POLARS_FAILURES:
            return False
    return head in (REPORT_MARK, CSV_REPORT_MARK[: len(REPORT_MARK)])


def open_claims(
    path: str,
    overrides: Mapping[str, str],
    *,
    lenient: bool = False,
    encoding: str | None = None,
    sheet: str | None = None,
    layout: Layout | None = None,
) -> OpenedFile:
    """Open one claim file with the reader that its first bytes call for.

    Args:
        path: the file as `find_files` gives it; `-` is standard input.
        overrides: canonical column to header, from `--map`.
        lenient: read past counts that are off in an X12 file.
        encoding: of a text file, where the user says it.
        sheet: of a workbook; the first if it is not said.
        layout: the user's layout.

    Raises:
        ClaimsError: it cannot be opened, or is no claim file.
    """
    if not path.isprintable():
        raise ClaimsError(f"{path!a}: a file name with characters that cannot be shown; rename it")
    try:
        data = _data(path)
        head = data[:HEAD] if isinstance(data, bytes) else _first_bytes(data)
    except OSError as problem:
        raise ClaimsError(f"{path}: cannot be read ({problem.strerror})") from None
    if not head:
        raise ClaimsError(f"{path}: the file is empty; expected a header row and claim lines")
    if head.startswith(PARQUET):
        from cpt77092.readers.parquet import open_parquet

        return open_parquet(path, data, overrides, layout=layout)
    if is_x12(head):
        from cpt77092.readers.x12 import open_x12

        return open_x12(path, data, overrides, lenient=lenient)
    if path.lower().endswith((".parquet", ".pq")):
        raise ClaimsError(f"{path}: not a Parquet file (it does not begin with {PARQUET.decode()})")
    if head.startswith(WORKBOOKS):
        from cpt77092.readers.excel import open_excel

        return open_excel(path, data, overrides, sheet=sheet, layout=layout)
    from cpt77092.readers.text.csv import open_csv

    return open_csv(path, data, overrides, encoding=encoding, layout=layout)


def _data(path: str) -> Path | bytes:
    """The file, or its bytes where it can be read only once (standard input, a pipe)."""
    if not is_read_once(path):
        return Path(path)
    let_interrupts_end_waiting()
    if path != STDIN:
        return Path(path).read_bytes()
    if sys.stdin is None:  # what a program without a terminal may be started with
        raise ClaimsError(f"{path}: standard input is closed; name a file")
    return sys.stdin.buffer.read()


def _first_bytes(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(HEAD)
