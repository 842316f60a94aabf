"""Comma, semicolon, tab and pipe separated files, by Polars' lazy scan with every cell as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cpt77092.errors import ClaimsError
from cpt77092.headers import HeaderMatch, known_headers, match_headers, normal
from cpt77092.readers.scan import (
    INDEX,
    REJECT,
    ROW,
    Scan,
    canonical,
    code_header,
    may_be_in_scope,
)

HEAD_BYTES = 1 << 20
SEPARATORS = ",;\t|"
LONGEST_HEADER = 200
# Declared columns beyond the header's catch rows with too many fields, which the fast scan would
# otherwise cut off in silence; the later ones catch `...,,spill`.
_SPILL = ("__spill_1", "__spill_2", "__spill_3", "__spill_4")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file is laid out, read off its first megabyte."""

    separator: str
    end_of_line: str
    blank_lines: int
    """Blank lines before the header."""
    headers: Mapping[str, str]
    """A name for each column, and the header as it is written; two may be written alike."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A delimited text file whose head is read and whose rows are not."""

    path: str
    data: Path | bytes
    dialect: Dialect
    headers: HeaderMatch
    kind: str = "CSV"

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each of the file's columns."""
        return tuple(self.dialect.headers)

    def scan(self, *, needed: frozenset[str], scope: frozenset[str]) -> Scan:
        """The plan that reads the rows.

        Raises:
            ClaimsError: no column is the procedure code.
        """
        code = pl.col(code_header(self))
        rows = self._rows()
        spilled = pl.any_horizontal(pl.col(name).fill_null("") != "" for name in _SPILL)
        has_spill = pl.any_horizontal(pl.col(name).is_not_null() for name in _SPILL)
        too_many = f"more fields than the {len(self.names)} headers: a stray separator or quote?"
        kept = rows.filter(may_be_in_scope(code, scope) | has_spill).select(
            pl.col(INDEX).alias(ROW),
            pl.when(spilled).then(pl.lit(too_many)).alias(REJECT),
            *canonical(self.headers, needed),
        )
        return Scan.of(self, kept=kept, rows=rows, code=code)

    def _rows(self) -> pl.LazyFrame:
        return pl.scan_csv(
            self.data,
            separator=self.dialect.separator,
            eol_char=self.dialect.end_of_line,
            # The header is skipped, not read: Polars would rename headers that are blank or alike.
            has_header=False,
            skip_rows=self.dialect.blank_lines + 1,
            schema=dict.fromkeys([*self.names, *_SPILL], pl.String),
            missing_columns="insert",
            extra_columns="ignore",
            truncate_ragged_lines=True,
            row_index_name=INDEX,
            row_index_offset=self.dialect.blank_lines + 2,
            glob=False,
        )


def open_csv(path: str, data: Path | bytes, overrides: Mapping[str, str]) -> CsvFile:
    """Read the head of a delimited text file.

    Raises:
        ClaimsError: the file is empty, is not UTF-8, or two headers claim one column.
    """
    dialect = sniff(data[:HEAD_BYTES] if isinstance(data, bytes) else _head(data), path)
    return CsvFile(path, data, dialect, match_headers(dialect.headers, overrides, file=path))


def sniff(head: bytes, path: str) -> Dialect:
    """Read separator, line ends and headers off the start of a file.

    Raises:
        ClaimsError: nothing in it, or not UTF-8 text.
    """
    text = _decode(head, path)
    if text.startswith("ISA"):
        raise ClaimsError(f"{path}: an X12 file; this version reads CSV and Parquet")
    # A lone CR ends lines in files from old Macs and some mainframes; the scan would take such a
    # file for one long header and find no rows.
    end_of_line = "\r" if "\r" in text and "\n" not in text else "\n"
    lines = text.split(end_of_line)
    blank_lines = next((n for n, line in enumerate(lines) if line.strip()), None)
    if blank_lines is None:
        raise ClaimsError(f"{path}: the file is empty; expected a header row and claim lines")
    if "\r" in lines[blank_lines].rstrip("\r"):  # the header would swallow the lines behind it
        raise ClaimsError(
            f"{path}: the header ends in CR alone and other lines in LF; save it with one kind"
        )
    body = end_of_line.join(lines[blank_lines:])
    separator = max(SEPARATORS, key=lambda mark: _familiar(_first_record(body, mark)))
    headers = _first_record(body, separator)
    if not headers or any(len(header) > LONGEST_HEADER for header in headers):
        raise ClaimsError(
            f"{path}:{blank_lines + 1}: the header row cannot be read; is a quote left open in it?"
        )
    return Dialect(separator, end_of_line, blank_lines, _unique(headers))


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(HEAD_BYTES)


def _decode(head: bytes, path: str) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ClaimsError(f"{path}: the file is UTF-16; save it as UTF-8 (CSV UTF-8 in Excel)")
    if head.startswith(b"PK\x03\x04"):
        raise ClaimsError(f"{path}: an Excel workbook or zip file; save the sheet as CSV UTF-8")
    if head.startswith(b"\x1f\x8b"):
        raise ClaimsError(f"{path}: the file is gzip-compressed; unpack it first")
    try:
        # The cut at HEAD_BYTES may fall inside a character: only the last three bytes may fail.
        return head.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as problem:
        if problem.start >= HEAD_BYTES - 4:
            return head[: problem.start].decode("utf-8")
        line = head[: problem.start].count(b"\n") + 1
        raise ClaimsError(
            f"{path}:{line}: the file is not UTF-8 text (byte {head[problem.start]:#04x}); "
            f"save it as UTF-8 (CSV UTF-8 in Excel)"
        ) from None


def _first_record(text: str, separator: str) -> list[str]:
    try:
        record = next(
            csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), []
        )
    except csv.Error:  # a quote that nothing closes, or text behind one that does
        return []
    return [field.strip() for field in record]


def _familiar(headers: list[str]) -> tuple[int, int]:
    """How well a split fits: fields that are headers we know, then how many fields."""
    return sum(normal(header) in known_headers() for header in headers), len(headers)


def _unique(headers: list[str]) -> dict[str, str]:
    """A name of its own for each header, since two columns of a frame cannot share one."""
    named: dict[str, str] = {}
    for number, header in enumerate(headers, start=1):
        name = header or f"column {number}"
        copy = 2
        while name in named:
            name, copy = f"{header or 'column'} ({copy})", copy + 1
        named[name] = header
    return named
