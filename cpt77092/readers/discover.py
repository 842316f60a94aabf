"""From what the user named (files, folders, patterns, `-`) to opened claim files."""

from __future__ import annotations

import glob
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import polars as pl

from cpt77092.claims.headers import REPORT_COLUMNS
from cpt77092.claims.layouts import fitting
from cpt77092.errors import ClaimsError
from cpt77092.lakehouse.address import (
    PARQUET_ENDINGS,
    Table,
    is_table,
    local_table,
    tables_around,
)
from cpt77092.readers import memory
from cpt77092.readers.failures import POLARS_FAILURES, native_errors_silenced
from cpt77092.readers.header_row import is_claims_header
from cpt77092.readers.scan import OpenedFile, Options
from cpt77092.readers.signatures import (
    FORMATS,
    PARQUET,
    is_parquet,
    is_text,
    is_workbook,
    is_x12,
    other_format,
)
from cpt77092.readers.text.encoding import HEAD_BYTES, head_of, plain_bytes
from cpt77092.signals import let_interrupts_end_waiting

ENDINGS = tuple(ending for format_ in reversed(FORMATS) for ending in format_.endings)
HEAD = 4096
"""Bytes that show which format a file is in."""
COMPRESSED = (".gz", ".zst")
"""Endings that may follow those of text files."""
STDIN = "-"
_LEAVINGS = re.compile(r"\.|~\$|.*(?:~|\.(?:bak|crc|part|swp|tmp|crdownload))$", re.IGNORECASE)
"""Names of what editors and engines leave in a folder: hidden, temporary, logs, checkpoints."""
REPORT_MARK = "# scrub: "
"""Begins the line that a report may have above its header."""
_CONCISE_LINE = re.compile(r"[^\n]*:[0-9]+: (?:error|warning|info) [A-Z]{2,3}[0-9]{3} ")
"""How a line of the concise report begins."""
_NAMED = 5
_HEAD_LINES = 20
"""Where the header of a table without a known ending is looked for."""
_SEPARATOR = re.compile(r"[,;\t|~^\x01\x1f]")


@dataclass(slots=True)
class FolderContents:
    """What is in a folder: the claim files, and what is not read."""

    files: list[Path] = field(default_factory=list)
    """With what cannot be listed: opening it says why."""
    passed_by: list[Path] = field(default_factory=list)
    """Files that are no claim files by their ending and how they begin."""
    reports: list[Path] = field(default_factory=list)
    """Reports that an earlier run left there."""
    tables: list[Table] = field(default_factory=list)
    """Folders that are tables, whose files are not read one by one."""
    leavings: int = 0

    def notes(self, folder: str) -> Iterator[str]:
        """What was not read, each in one line."""
        for what, files in (("no claim files", self.passed_by), ("our reports", self.reports)):
            if files:
                names = ", ".join(file.name for file in files[:_NAMED])
                more = f" and {len(files) - _NAMED:,} more" if len(files) > _NAMED else ""
                yield f"{folder}: passed by as {what}: {names}{more}"
        if self.leavings:
            yield f"{folder}: hidden or temporary files left out: {self.leavings:,}"


def find_files(named: Sequence[str]) -> list[str]:
    """Expand folders and patterns; each file once, in the order named.

    Raises:
        ClaimsError: a file does not exist, or a folder or pattern holds no claim file.
    """
    return _each_once(file for name in named for file in _expand(name, []))


def find_readable(named: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """The same, but names without a claim file are passed over.

    Returns:
        The files, a sentence for each name that was passed over, and what was passed by in folders.

    Raises:
        ClaimsError: no name has a claim file.
    """
    files: list[str] = []
    problems: list[str] = []
    notes: list[str] = []
    for name in named:
        try:
            files += _expand(name, notes)
        except ClaimsError as problem:
            problems += problem.lines
    if problems and not files:
        raise ClaimsError(*problems)
    return _each_once(files), problems, notes


def _each_once(files: Iterable[str]) -> list[str]:
    by_place: dict[str, str] = {}
    for file in files:
        by_place.setdefault(file if file == STDIN else os.path.realpath(file), file)
    return list(by_place.values())


def is_read_once(path: str) -> bool:
    """Whether a file is gone once it is read: standard input, a pipe."""
    file = Path(path)
    return path == STDIN or (file.exists() and not file.is_file() and not file.is_dir())


def _expand(name: str, notes: list[str]) -> list[str]:
    """The files that a name stands for; what is passed by in a folder is added to the notes."""
    try:
        return _expanded(name, notes)
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or "not the name of a file"
        raise ClaimsError(f"{name[:80]}: cannot be read ({why})") from None


def _expanded(name: str, notes: list[str]) -> list[str]:
    if not name:
        raise ClaimsError("a claim file's name is blank")
    if is_table(name):
        return [name]
    path = Path(name)
    if name == STDIN or path.is_file():
        _require_no_table(name, [path])
        return [name]
    if path.is_dir():
        contents = contents_of(path)
        notes += contents.notes(name) if name.isprintable() else ()
        if contents.tables:
            raise ClaimsError(*(f"{name}: {table.named_itself}" for table in contents.tables))
        _require_no_table(name, contents.files, among=[path])
        files = sorted(map(str, contents.files))
        if not files:
            raise ClaimsError(f"{name}: the folder holds no claim files ({', '.join(ENDINGS)})")
        return files
    matches = sorted(
        file
        for file in glob.glob(name, recursive=True)  # noqa: PTH207 - patterns may be absolute
        if Path(file).is_file()
    )
    if matches:
        _require_no_table(name, [Path(match) for match in matches])
        return matches
    if path.exists():
        return [name]
    if glob.has_magic(name):
        raise ClaimsError(f"{name}: no file matches the pattern")
    raise ClaimsError(f"{name}: no such file")


def _require_no_table(name: str, files: Iterable[Path], *, among: Iterable[Path] = ()) -> None:
    """Refuse Parquet files of a table that are named by another name than its own.

    Args:
        name: what the user named.
        files: the files that it stands for.
        among: folders in which they all are; every folder of theirs if blank.

    Raises:
        ClaimsError: files belong to tables.
    """
    parquet = [file for file in files if file.suffix.lower() in PARQUET_ENDINGS]
    if parquet and (tables := tables_around(among or parquet)):
        raise ClaimsError(*(f"{name}: {table.named_itself}" for table in tables))


def contents_of(folder: Path) -> FolderContents:
    """What is in a folder and the folders in it."""
    contents = FolderContents()
    for place, folders, names in os.walk(
        folder, onerror=lambda why: contents.files.append(Path(why.filename))
    ):
        if table := local_table(Path(place), folders):
            contents.tables.append(table)
            folders.clear()
            continue
        kept = [name for name in folders if not _is_leaving(name)]
        for hidden in set(folders) - set(kept):
            below = os.walk(Path(place, hidden))
            contents.leavings += sum(len(files) for _, _, files in below)
        folders[:] = kept
        for file in (Path(place, name) for name in names):
            if _is_leaving(file.name):
                contents.leavings += 1
                continue
            # A broken link is a claim file that is missing; a pipe or a device is no batch.
            if not (file.is_file() or (file.is_symlink() and not file.exists())):
                continue
            _group_of(file, contents).append(file)
    return contents


def _is_leaving(name: str) -> bool:
    is_of_engine = name.startswith("_") and "=" not in name and not name.lower().endswith(ENDINGS)
    return is_of_engine or _LEAVINGS.match(name) is not None


def _group_of(file: Path, contents: FolderContents) -> list[Path]:
    """Those among which a file of a folder belongs, by its ending or by how it begins.

    One that cannot be read is a claim file: reading refuses it by its name.
    """
    name = file.name.lower()
    for ending in COMPRESSED:
        name = name.removesuffix(ending)
    try:
        head = plain_bytes(str(file), file, HEAD)
    except (OSError, ClaimsError):
        return contents.files
    if not (name.endswith(ENDINGS) or _begins_like_claims(head)):
        return contents.passed_by
    return contents.reports if _is_report(file, head) else contents.files


def _begins_like_claims(head: bytes) -> bool:
    lines = head.decode("utf-8", "replace").splitlines()[:_HEAD_LINES]
    rows = ([cell.strip(' "') for cell in _SEPARATOR.split(line)] for line in lines)
    return is_parquet(head) or is_x12(head) or any(map(is_claims_header, rows))


def _is_report(file: Path, head: bytes) -> bool:
    """Whether a file in a folder is a report that an earlier run left there."""
    if is_parquet(head):
        try:
            with native_errors_silenced():
                return set(pl.read_parquet_schema(file)) >= REPORT_COLUMNS
        except POLARS_FAILURES:
            return False
    first, _, second = head.decode("utf-8", "replace").partition("\n")
    is_marked = first.startswith(REPORT_MARK)
    if is_marked and (not second or _CONCISE_LINE.match(second)):
        return True
    line = second.partition("\n")[0] if is_marked else first
    return set(line.strip("\ufeff\r").replace('"', "").split(",")) >= REPORT_COLUMNS


def open_claims(path: str, options: Options) -> OpenedFile:
    """Open one claim file with the reader that its first bytes call for.

    Args:
        path: the file as `find_files` gives it; `-` is standard input.
        options: what the user stated about reading.

    Raises:
        ClaimsError: it cannot be opened, or is no claim file.
    """
    if is_table(path):
        from cpt77092.readers.lake_table import open_table  # few runs read one

        return open_table(path, options)
    if not path.isprintable():
        raise ClaimsError(f"{path!a}: a file name with characters that cannot be shown; rename it")
    try:
        data = _data(path)
        head = plain_bytes(path, data, HEAD)
    except OSError as problem:
        raise ClaimsError(f"{path}: cannot be read ({problem.strerror})") from None
    if not head:
        raise ClaimsError(f"{path}: the file is empty; expected a header row and claim lines")
    format_ = next(format_ for format_ in FORMATS if format_.is_format(head))
    if format_.is_format is is_text and (other := other_format(head)):
        raise ClaimsError(
            f"{path}: {other}, which scrub does not read; save the claims as CSV, .xlsx or Parquet"
        )
    if (is_parquet(head) or is_workbook(head)) and head_of(data, 4) != head[:4]:
        raise ClaimsError(f"{path}: a compressed {format_.name}; unpack it first")
    if path.lower().endswith(PARQUET_ENDINGS) and not is_parquet(head):
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
        with Path(path).open("rb") as stream:
            return _all_of(path, stream)
    if sys.stdin is None:  # what a program without a terminal may be started with
        raise ClaimsError(f"{path}: standard input is closed; name a file")
    return _all_of(path, sys.stdin.buffer)


def _all_of(path: str, stream: IO[bytes]) -> bytes:
    """What a pipe or device gives, as long as memory holds it; nothing but NULs has no end."""
    first = stream.read(HEAD_BYTES)
    if not first.strip(b"\0"):
        return first
    free = memory.free()
    most = -1 if free is None else free // 4
    rest = stream.read(most)
    if len(rest) == most:
        raise ClaimsError(f"{path}: more than memory holds; write it to a file and name that")
    return first + rest
