"""Files as CMS and NCHS publish them, taken out of their zips: their names, digests and rows."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo, is_zipfile

import polars as pl

from cpt77092.errors import UsageError
from cpt77092.frozen import frozen
from cpt77092.readers.excel import cells_of

HEAD_ROWS = 60
"""Titles, notices and headers end before this row in every file that was seen."""
_HEAD_BYTES = 50_000
_MOST_BYTES = 1 << 30
_WORKBOOKS = (".xlsx", ".xlsm", ".xls")
_ENDINGS = (".csv", ".txt", *_WORKBOOKS)
"""Which of the copies of one table in a zip is read: the first."""


@frozen(slots=False)
class CmsFile:
    """One file, not yet recognized."""

    path: str
    """The file that the user named: it, or the zip it is in."""
    name: str
    content: bytes

    @property
    def label(self) -> str:
        """`rvu26c.zip, PPRRVU2026_Jul_nonQPP.csv`: its name, after that of its zip."""
        return self.name if self.outer == self.name else f"{self.outer}, {self.name}"

    @property
    def outer(self) -> str:
        """The name of the zip it is in, or its own."""
        return Path(self.path).name

    @property
    def sha256(self) -> str:
        """Its digest, in hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()

    def lines(self) -> Iterator[str]:
        """Its lines, if it is text."""
        return iter(()) if self._is_workbook else io.StringIO(self._text())

    def head_lines(self) -> list[str]:
        """The first lines, if it is text."""
        if self._is_workbook:
            return []
        return list(islice(io.StringIO(self._text(_HEAD_BYTES)), HEAD_ROWS))

    def cells(self) -> Iterator[list[str]]:
        """Its rows of cells: those of a sheet, or split at tabs or commas."""
        if self._is_workbook:
            return (list(row) for row in self._sheet.iter_rows())
        return _split(self._text())

    @cached_property
    def head(self) -> list[list[str]]:
        """The first rows, where the titles and the headers are."""
        cells = self.cells() if self._is_workbook else _split(self._text(_HEAD_BYTES))
        try:
            return list(islice(cells, HEAD_ROWS))
        except csv.Error:
            return []

    @property
    def _is_workbook(self) -> bool:
        return self.name.lower().endswith(_WORKBOOKS)

    @cached_property
    def _sheet(self) -> pl.DataFrame:
        return cells_of(self.path, self.content, None)

    def _text(self, most: int | None = None) -> str:
        content = self.content[:most]
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("cp1252", errors="replace")


def _split(text: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text), delimiter="\t" if "\t" in text[:_HEAD_BYTES] else ",")


def open_files(path: Path) -> list[CmsFile]:
    """Open a file, and of a zip each table in it once, as CSV before text before a workbook.

    Raises:
        UsageError: it cannot be read, or unpacks to more than a gigabyte.
    """
    try:
        is_zip = is_zipfile(path) and path.suffix.lower() not in _WORKBOOKS
        if not is_zip:
            _require_size(path, path.stat().st_size)
            return [CmsFile(str(path), path.name, path.read_bytes())]
        with ZipFile(path) as archive:
            members: dict[str, list[ZipInfo]] = {}
            for member in archive.infolist():
                name = PurePosixPath(member.filename)
                if name.suffix.lower() in _ENDINGS:
                    members.setdefault(name.with_suffix("").as_posix().lower(), []).append(member)
            chosen = [min(copies, key=_rank) for copies in members.values()]
            for one in chosen:
                _require_size(path, one.file_size)
            return [
                CmsFile(str(path), PurePosixPath(one.filename).name, archive.read(one))
                for one in chosen
            ]
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read ({problem.strerror})") from None
    except (BadZipFile, RuntimeError, NotImplementedError, EOFError) as problem:
        raise UsageError(f"{path}: the zip file cannot be read ({problem})") from None


def _rank(member: ZipInfo) -> int:
    return _ENDINGS.index(PurePosixPath(member.filename).suffix.lower())


def _require_size(path: Path, size: int) -> None:
    if size > _MOST_BYTES:
        raise UsageError(f"{path}: larger than 1 GB; no file that CMS publishes for this is")
