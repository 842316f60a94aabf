"""Sheets of `.xlsb`, the binary workbooks of Excel, by the records of MS-XLSB."""

from __future__ import annotations

from collections.abc import Iterator
from zipfile import ZipFile

from cpt77092.readers.sheets.survey import Survey
from cpt77092.readers.sheets.xlsx import target_of

_ROW, _SHEET = 0x00, 0x9C
_BLANK, _LAST_CELL = 0x01, 0x0B
_ERRORS = (0x03, 0x0B)
"""A cell that is an error, and one whose formula gave it."""


def survey(book: ZipFile, sheet: str) -> Survey:
    """Look over a sheet of a workbook.

    Raises:
        KeyError: the workbook does not have it.
        ValueError: it is damaged.
    """
    import xlrd  # the errors have the same codes in .xls

    texts = {**xlrd.error_text_from_code, 0x2B: "#GETTING_DATA"}
    columns, rows, left, row = 0, 0, None, 0
    errors = []
    for kind, record in _records(book.read(_part(book, sheet))):
        if kind == _ROW:
            row = _number(record, 0) + 1
        elif _BLANK <= kind <= _LAST_CELL:
            column = _number(record, 0) + 1
            columns, rows = max(columns, column), max(rows, row)
            if kind != _BLANK:
                left = column if left is None else min(left, column)
            if kind in _ERRORS:
                errors.append((column, row, texts.get(int.from_bytes(record[8:9]), "#")))
    return Survey(columns, rows, left or 1, errors)


def _part(book: ZipFile, sheet: str) -> str:
    """The file of a sheet in its workbook."""
    names = {}
    for kind, record in _records(book.read("xl/workbook.bin")):
        if kind == _SHEET:
            relation, end = _text(record, 8)
            names[_text(record, end)[0]] = relation
    return target_of(book, "xl/_rels/workbook.bin.rels", names[sheet])


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The kind and bytes of each record; kind and length are written in sevens of bits.

    Raises:
        ValueError: the last record is cut off.
    """
    place = 0
    while place < len(content):
        kind, place = _sevens(content, place)
        length, place = _sevens(content, place)
        if place + length > len(content):
            raise ValueError("the last record is cut off")
        yield kind, content[place : place + length]
        place += length


def _sevens(content: bytes, place: int) -> tuple[int, int]:
    """A number whose bytes say in their highest bit whether another follows, and where it ends."""
    number = 0
    for n, byte in enumerate(content[place : place + 4]):
        number |= (byte & 0x7F) << (7 * n)
        if byte < 0x80:
            return number, place + n + 1
    raise ValueError("a record's length is cut off")


def _text(record: bytes, place: int) -> tuple[str, int]:
    """A text that is written with its length, and where it ends."""
    end = place + 4 + 2 * _number(record, place)
    return record[place + 4 : end].decode("utf-16-le"), end


def _number(record: bytes, place: int) -> int:
    return int.from_bytes(record[place : place + 4], "little")
