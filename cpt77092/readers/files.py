"""From what the user named (files, folders, patterns, `-`) to opened claim files."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from cpt77092.errors import ClaimsError
from cpt77092.readers.csv import open_csv
from cpt77092.readers.parquet import MAGIC, open_parquet
from cpt77092.readers.scan import POLARS_FAILURES, REPORT_COLUMNS, OpenedFile

ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".pq")
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


def _expand(name: str) -> list[str]:
    if not name:
        raise ClaimsError("a claim file's name is blank")
    path = Path(name)
    if name == STDIN or path.is_file():
        return [name]
    if path.is_dir():
        files = sorted(
            str(file)
            for file in path.rglob("*")
            if file.suffix.lower() in ENDINGS
            and file.is_file()
            and not file.name.startswith(".")
            and not _is_report(file)
        )
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


def _is_report(file: Path) -> bool:
    """Whether a file found in a folder is a report that an earlier run left there."""
    with file.open("rb") as stream:
        head = stream.read(len(REPORT_MARK))
    if head[:4] == MAGIC:
        try:
            return set(pl.read_parquet_schema(file)) >= REPORT_COLUMNS
        except POLARS_FAILURES:
            return False  # damaged: let it be refused by name
    return head in (REPORT_MARK, CSV_REPORT_MARK[: len(REPORT_MARK)])


def open_claims(path: str, overrides: Mapping[str, str]) -> OpenedFile:
    """Open one claim file with the reader that its first bytes call for.

    Raises:
        ClaimsError: it cannot be opened, or is no claim file.
    """
    if not path.isprintable():
        raise ClaimsError(f"{path!a}: a file name with characters that cannot be shown; rename it")
    try:
        data = _data(path)
        head = data[:4] if isinstance(data, bytes) else _first_bytes(data)
    except OSError as problem:
        raise ClaimsError(f"{path}: cannot be read ({problem.strerror})") from None
    if not head:
        raise ClaimsError(f"{path}: the file is empty; expected a header row and claim lines")
    if head == MAGIC:
        return open_parquet(path, data, overrides)
    if path.lower().endswith((".parquet", ".pq")):
        raise ClaimsError(f"{path}: not a Parquet file (it does not begin with {MAGIC.decode()})")
    return open_csv(path, data, overrides)


def _data(path: str) -> Path | bytes:
    """The file, or its bytes where it can be read only once (standard input, a pipe)."""
    if path == STDIN:
        return sys.stdin.buffer.read()
    file = Path(path)
    is_pipe = file.exists() and not file.is_file() and not file.is_dir()
    return file.read_bytes() if is_pipe else file


def _first_bytes(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(4)
