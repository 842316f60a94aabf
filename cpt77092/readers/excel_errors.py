"""Where the library that reads sheets fails: error cells and far cells.

A cell with an error (`#N/A`, `#REF!`) comes as a blank; it held something, so its text is put back,
for the rules to find unreadable. A single cell at the far corner of a sheet makes the library take
memory for all cells before it, which ends the process; such a sheet is refused before it is read.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from posixpath import join, normpath
from zipfile import BadZipFile, ZipFile

import polars as pl

from cpt77092.errors import ClaimsError
from cpt77092.readers import memory

_ERROR = re.compile(
    rb"""<(?:\w+:)?c\b([^>]*\bt=["']e["'][^>]*)>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)<""",
    re.DOTALL,
)
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
_ATTRIBUTE = re.compile(rb"""(?:\w+:)?\b(\w+)=(["'])(.*?)\2""")
_PLACE = re.compile(rb"""\br=["']([A-Z]+)([0-9]+)["']""")
_FILLED = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br=["']([A-Z]+)[0-9]+["'](?:[^>]*[^/])?>""")


_BLOCK = 1 << 20
_CELL_BYTES = 100
"""Of memory per cell of a sheet, filled or not, while it is read: 24 by the library, then text."""


def require_room(path: str, data: Path | bytes, sheet: str) -> None:
    """Refuse a sheet for whose cells memory would not do, filled or not.

    Raises:
        ClaimsError: it says how far the sheet goes.
    """
    free = memory.free() or 1 << 33
    try:
        with ZipFile(io.BytesIO(data) if isinstance(data, bytes) else data) as book:
            unpacked = sum(member.file_size for member in book.infolist())
            if unpacked > free // 2:
                raise ClaimsError(
                    f"{path}: the workbook unpacks to {unpacked / memory.GIGABYTE:,.0f} GB, more "
                    f"than memory holds; save the sheet as CSV"
                )
            columns, rows = _extent(book, _part(book, sheet))
    except (BadZipFile, KeyError, OSError, zlib.error):  # reading it says what is wrong
        return
    if columns * rows * _CELL_BYTES > free:
        raise ClaimsError(
            f"{path}: sheet {sheet!r} goes to column {columns:,} and row {rows:,}, more cells than "
            f"memory holds; delete the empty columns and rows, or save the sheet as CSV"
        )


def _extent(book: ZipFile, part: str) -> tuple[int, int]:
    """The last column and row of a sheet in which a cell says its place."""
    columns, last, tail = {b""}, 0, b""
    with book.open(part) as stream:
        while block := stream.read(_BLOCK):
            places = _PLACE.findall(tail + block)
            columns |= {letters for letters, _ in places}
            last = max(last, *(int(row) for _, row in places), 0)
            tail = block[-30:]
    return max(map(_number, columns)), last


def with_errors(cells: pl.DataFrame, data: Path | bytes, sheet: str) -> pl.DataFrame:
    """The cells of a sheet, with the texts of errors where they stand.

    Args:
        cells: every cell as text, from the first row and the first filled column of the sheet.
        data: the workbook; one that is no `.xlsx` or `.xlsm` stays as it is.
        sheet: its name.
    """
    try:
        with ZipFile(io.BytesIO(data) if isinstance(data, bytes) else data) as book:
            xml = book.read(_part(book, sheet))
    except (BadZipFile, KeyError):
        return cells
    errors = list(_errors(xml)) if _ERROR.search(xml) else []
    if not errors:
        return cells
    left = min(map(_number, set(_FILLED.findall(xml))))
    for column, row, text in errors:
        if left <= column < left + cells.width and row <= cells.height:
            of_column = cells.to_series(column - left).clone()
            cells = cells.with_columns(of_column.scatter(row - 1, text))
    return cells


def _errors(xml: bytes) -> Iterator[tuple[int, int, str]]:
    """Column and row, from 1, and text of each cell with an error."""
    for attributes, text in _ERROR.findall(xml):
        if place := _PLACE.search(attributes):
            yield _number(place[1]), int(place[2]), text.decode("utf-8", "replace")


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _part(book: ZipFile, sheet: str) -> str:
    """The file of a sheet in its workbook; `KeyError` where the workbook has none."""
    relations = map(_attributes, _RELATION.findall(book.read("xl/_rels/workbook.xml.rels")))
    targets = {relation["Id"]: relation["Target"] for relation in relations}
    sheets = map(_attributes, _SHEET.findall(book.read("xl/workbook.xml")))
    relation = {attributes["name"]: attributes["id"] for attributes in sheets}[sheet]
    return normpath(join("/xl", targets[relation])).lstrip("/")


def _attributes(element: bytes) -> dict[str, str]:
    """The attributes of an element by their names, without the part before a colon."""
    return {
        name.decode(): unescape(value.decode("utf-8", "replace"))
        for name, _, value in _ATTRIBUTE.findall(element)
    }
