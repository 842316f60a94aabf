"""Error cells of a workbook (`#N/A`, `#REF!`): the library that reads sheets gives them as blanks.

A cell with an error held something, so its text is put back, for the rules to find unreadable.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from posixpath import join, normpath
from zipfile import BadZipFile, ZipFile

import polars as pl

_ERROR = re.compile(
    rb"""<(?:\w+:)?c\b([^>]*\bt=["']e["'][^>]*)>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)<""",
    re.DOTALL,
)
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
_ATTRIBUTE = re.compile(rb"""(?:\w+:)?\b(\w+)=(["'])(.*?)\2""")
_PLACE = re.compile(rb"""\br=["']([A-Z]+)([0-9]+)["']""")
_FILLED = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br=["']([A-Z]+)[0-9]+["'](?:[^>]*[^/])?>""")


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
