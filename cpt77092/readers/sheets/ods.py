"""Sheets of `.ods`, the workbooks of LibreOffice."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, iterparse
from zipfile import ZipFile

from cpt77092.readers.sheets.survey import Survey

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_KIND = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"
_ERROR_KIND = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"


def survey(book: ZipFile, sheet: str) -> Survey:
    """Look over a sheet of a workbook.

    Raises:
        KeyError: the workbook has no content.
        ValueError: it is damaged.
    """
    columns, rows, left = 0, 0, None
    errors = []
    try:
        for row, above in _rows(book, sheet):
            for cell, before in _filled(row):
                columns, rows = max(columns, before + _repeated(cell, "columns")), above + 1
                left = before if left is None else min(left, before)
                if cell.get(_ERROR_KIND) == "error":
                    errors.append((before + 1, above + 1, "".join(cell.itertext()) or "#"))
    except ParseError as problem:
        raise ValueError(str(problem)) from None
    return Survey(columns, rows, (left or 0) + 1, errors)


def _rows(book: ZipFile, sheet: str) -> Iterator[tuple[Element, int]]:
    """Each row of a sheet that is written, and how many are above it."""
    above, is_in = 0, False
    with book.open("content.xml") as stream:
        # Expat itself bounds what entities may grow to.
        for event, element in iterparse(stream, events=("start", "end")):  # noqa: S314
            if element.tag == f"{_TABLE}table":
                is_in = event == "start" and element.get(f"{_TABLE}name") == sheet
            elif event == "end" and element.tag == f"{_TABLE}table-row":
                if is_in:
                    yield element, above
                    above += _repeated(element, "rows")
                element.clear()


def _filled(row: Element) -> Iterator[tuple[Element, int]]:
    """Each cell of a row that holds something, and how many are before it."""
    before = 0
    for cell in row:
        if cell.tag in _CELLS:
            if cell.get(_KIND):
                yield cell, before
            before += _repeated(cell, "columns")


def _repeated(element: Element, what: str) -> int:
    return int(element.get(f"{_TABLE}number-{what}-repeated", "1"))
