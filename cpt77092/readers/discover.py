"""From what the user named (files, folders, patterns, `-`) to opened claim files."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from cpt77092.claims.headers import REPORT_COLUMNS
from cpt77092.claims.layouts import fitting
from cpt77092.errors import ClaimsError
from cpt77092.readers.failures import POLARS_FAILURES, native_errors_silenced
from cpt77092.readers.scan import OpenedFile, Options
from cpt77092.readers.signatures import FORMATS, PARQUET, is_parquet
from cpt77092.signals import let_interrupts_end_waiting

ENDINGS = tuple(ending for format_ in reversed(FORMATS) for ending in format_.endings)
HEAD = 512
"""Bytes that show which format a file is in."""
COMPRESSED = (".gz", ".zst")
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
    files: dict[str, str] = {}
    for name in named:
        try:
            for file in _expand(name):
                files.setdefault(file if file == STDIN else os.path.realpath(file), file)
        except (OSError, ValueError) as problem:
            why = getattr(problem, "strerror", None) or "not the name of a file"
            raise ClaimsError(f"{name[:80]}: cannot be read ({why})") from None
    return list(files.values())


def find_readable(named: Sequence[str]) -> tuple[list[str], list[str]]:
    """The same, but names without a claim file are passed over.

    Returns:
        The files, and a sentence for each name that was passed over.

    Raises:
        ClaimsError: no name has a claim file.
    """
    try:
        return find_files(named), []
    except ClaimsError:
        pass
    good: list[str] = []
    problems: list[str] = []
    for name in named:
        try:
            find_files([name])
        except ClaimsError as problem:
            problems += problem.lines
        else:
            good.append(name)
    if not good:
        raise ClaimsError(*problems)
    return find_files(good), problems


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
    """The claim files of a folder, and what cannot be listed in it: opening that says why."""
    unlisted: list[Path] = []
    files: list[Path] = []
    for place, _, names in os.walk(folder, onerror=lambda why: unlisted.append(Path(why.filename))):
        for file in (Path(place, name) for name in names):
            # A broken link is a claim file that is missing; a pipe or a device is no batch.
            is_there = file.is_file() or (file.is_symlink() and not file.exists())
            if _has_ending(file) and is_there and not file.name.startswith("."):
                files.append(file)
    return [*unlisted, *(file for file in files if not _is_report(file))]


def _has_ending(file: Path) -> bool:
    name = file.name.lower()
    for ending in COMPRESSED:
        name = name.removesuffix(ending)
    return name.endswith(ENDINGS)


def _is_report(file: Path) -> bool:
    """Whether a file in a folder is a report that an earlier run left there.

    One that cannot be read is not: reading refuses it by its name, and the others are read.
    """
    try:
        with file.open("rb") as stream:
            head = stream.read(len(REPORT_MARK))
    except OSError:
        return False
    if is_parquet(head):
        try:
            with native_errors_silenced():
                return set(pl.read_parquet_schema(file)) >= REPORT_COLUMNS
        except POLARS_FAILURES:
            return False
    return head in (REPORT_MARK, CSV_REPORT_MARK[: len(REPORT_MARK)])


def open_claims(path: str, options: Options) -> OpenedFile:
    """Open one claim file with the reader that its first bytes call for.

    Args:
        path: the file as `find_files` gives it; `-` is standard input.
        options: what the user stated about reading.

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
    format_ = next(format_ for format_ in FORMATS if format_.is_format(head))
    if path.lower().endswith((".parquet", ".pq")) and not is_parquet(head):
        raise ClaimsError(f"{path}: not a Parquet file (it does not begin with {PARQUET.decode()})")
    opened = format_.open(path, data, options)
    layout = fitting(options.saved_layouts, opened.names) if options.layout is None else None
    return format_.open(path, data, replace(options, layout=layout)) if layout else opened


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
