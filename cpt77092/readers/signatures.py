"""The formats of claim files, known by how a file begins, and the module that reads each."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from cpt77092.frozen import frozen
from cpt77092.readers.scan import OpenedFile, Options

PARQUET = b"PAR1"
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How an .xlsx (a zip file) and an old .xls begin."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
AROUND_X12 = b" \t\r\n\x00\x1a"
"""What may be around an interchange: blanks, line ends, and the end marks of old systems."""
# A file that starts inside an interchange is known as X12 too: it would pass for a strange CSV.
_HEADLESS = re.compile(rb"GS([^\w\s,;|]|\|)[A-Z]{2}\1|ST([^\w\s,;|]|\|)\d{3}\2")
_ISA = re.compile(rb"ISA[^0-9A-Za-z_ ]")
MAIL_HEADERS = re.compile(rb"\A(?:[A-Za-z][A-Za-z-]*:[^\n]*\n(?:[ \t][^\n]*\n)*)+\s*\n(?=ISA)")
"""What a mail program or a web service writes above an interchange."""


def is_parquet(head: bytes) -> bool:
    """Whether a file that begins so is Parquet."""
    return head.startswith(PARQUET)


def is_x12(head: bytes) -> bool:
    """Whether a file that begins so is X12, or a part of such a file."""
    head = MAIL_HEADERS.sub(b"", head.removeprefix(BYTE_ORDER_MARK).lstrip(AROUND_X12))
    return head == b"ISA" or bool(_ISA.match(head) or _HEADLESS.match(head))


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins so is an Excel workbook."""
    return head.startswith(WORKBOOKS)


def is_text(head: bytes) -> bool:
    """Whether a file may be delimited text, as any that is nothing else."""
    return bool(head)


OTHER_FORMATS = (
    (re.compile(rb"(?i)\s*<\?xml[^>]*>\s*(?:<\?mso|<(?:\w+:)?Workbook)"), "an XML spreadsheet"),
    (re.compile(rb"(?i)\s*(?:<\?xml|<[a-z]+:?[a-z]*[\s/>])"), "a web page or XML"),
    (re.compile(rb"(?i)\s*<!doctype"), "a web page or XML"),
    (re.compile(rb"\s*[{\[]\s*[\"{\[]"), "JSON"),
    (re.compile(rb"%PDF"), "a PDF"),
    (re.compile(rb"PARE"), "an encrypted Parquet file"),
)
"""How a file begins that is text, but no table that can be read, and what it is."""


def other_format(head: bytes) -> str:
    """What a file is that begins so and is none of `FORMATS`; nothing where it may be one."""
    head = head.removeprefix(BYTE_ORDER_MARK)
    return next((name for begin, name in OTHER_FORMATS if begin.match(head)), "")


@frozen
class Format:
    """One format of claim files."""

    name: str

    is_format: Callable[[bytes], bool]
    """Whether a file that begins with these bytes is one."""
    module: str
    """The module of this room that reads it: imported once such a file is opened."""
    endings: tuple[str, ...]
    """Endings of its files; in a folder, a file with another one is read if it begins so."""

    def open(self, path: str, data: Path | bytes, options: Options) -> OpenedFile:
        """Read the head of a file.

        Raises:
            ClaimsError: the file is damaged or is no claim file.
        """
        module = import_module(f"cpt77092.readers.{self.module}")
        return cast("OpenedFile", module.open_file(path, data, options))


WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
FORMATS = (
    Format("Parquet file", is_parquet, "parquet", (".parquet", ".pq")),
    Format("X12 file", is_x12, "x12", (".837", ".837p", ".x12", ".edi", ".clm")),
    Format("workbook", is_workbook, "excel", WORKBOOK_ENDINGS),
    Format(
        "text",
        is_text,
        "text.csv",
        (".csv", ".tsv", ".tab", ".psv", ".txt", ".dat", ".prn", ".out", ".asc", ".rpt"),
    ),
)
"""The first format that fits reads the file."""
