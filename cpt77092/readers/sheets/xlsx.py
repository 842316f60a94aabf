"""Sheets of `.xlsx` and `.xlsm`, the workbooks of Excel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from posixpath import join, normpath
from xml.etree.ElementTree import Element, ParseError, iterparse
from zipfile import ZipFile

from cpt77092.readers.sheets.survey import Survey

_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
_ATTRIBUTE = re.compile(rb"""(?:\w+:)?\b(\w+)=(["'])(.*?)\2""")
_PLACE = re.compile(rb"""\br=["']([A-Z]+)([0-9]+)["']""")
_ERROR = re.compile(rb"""\bt=["']e["']""")
_UNSAVED = re.compile(
    rb"""(?:</(?:\w+:)?f|<(?:\w+:)?f\b[^>]*/)>\s*(?:</|<(?:\w+:)?v\s*(?:/>|></))"""
)
"""The end of a formula whose value the program that wrote it did not save."""
_BLOCK = 1 << 20


def survey(book: ZipFile, sheet: str) -> Survey:
    """Look over a sheet of a workbook.

    Raises:
        KeyError: the workbook does not have it.
        ValueError: it is damaged.
    """
    part = _part(book, sheet)
    columns, rows, has_errors = _extent(book, part)
    if not has_errors:
        return Survey(columns, rows)
    left, errors, shared = None, [], dict[str, str]()
    try:
        for column, row, cell in _filled(book, part):
            left = column if left is None else min(left, column)
            value, formula = cell.findtext("{*}v", ""), _formula(cell, shared)
            # A formula with "" in it may have an empty text as its value.
            is_text = formula is None or '""' in formula or cell.get("t") == "str"
            is_unsaved = not value and not is_text
            if cell.get("t") == "e" or is_unsaved:
                errors.append((column, row, value or "#VALUE!"))
    except ParseError as problem:
        raise ValueError(str(problem)) from None
    return Survey(columns, rows, left or 1, errors)


def _extent(book: ZipFile, part: str) -> tuple[int, int, bool]:
    """The last column and row in which a cell says its place, and whether there is an error.

    Cells that do not say their place stand side by side, so they are no more than the file has.
    """
    columns, last, tail, has_errors = {b""}, 0, b"", False
    with book.open(part) as stream:
        while block := stream.read(_BLOCK):
            text = tail + block
            places = _PLACE.findall(text)
            columns |= {letters for letters, _ in places}
            last = max(last, *(int(row) for _, row in places), 0)
            has_errors = has_errors or _has_error(text)
            tail = block[-30:]
    return max(map(_number, columns)), last, has_errors


def _has_error(text: bytes) -> bool:
    """Whether some cells have an error, or a formula without its value; most have no formula."""
    has_formula = b"<f" in text or b":f" in text
    return bool(_ERROR.search(text) or (has_formula and _UNSAVED.search(text)))


def _formula(cell: Element, shared: dict[str, str]) -> str | None:
    """The formula of a cell; one that several cells share stands in the first of them."""
    own = cell.find("{*}f")
    if own is None:
        return None
    number, text = own.get("si"), own.text or ""
    return text if number is None else shared.setdefault(number, text)


def _filled(book: ZipFile, part: str) -> Iterator[tuple[int, int, Element]]:
    """Column and row, from 1, of each cell that holds something, and the cell."""
    column = row = 0
    with book.open(part) as stream:
        # Expat itself bounds what entities may grow to.
        for event, element in iterparse(stream, events=("start", "end")):  # noqa: S314
            name = element.tag.rpartition("}")[2]
            if event == "start" and name == "row":
                column, row = 0, int(element.get("r", row + 1))
            elif event == "start" and name == "c":
                letters = element.get("r", "").rstrip("0123456789")
                column = _number(letters.encode()) if letters else column + 1
            elif event == "end" and name == "c" and len(element):
                yield column, row, element
            elif event == "end" and name == "row":
                element.clear()


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _part(book: ZipFile, sheet: str) -> str:
    """The file of a sheet in its workbook; `KeyError` where the workbook has none."""
    sheets = map(_attributes, _SHEET.findall(book.read("xl/workbook.xml")))
    relation = {attributes["name"]: attributes["id"] for attributes in sheets}[sheet]
    return target_of(book, "xl/_rels/workbook.xml.rels", relation)


def target_of(book: ZipFile, relations: str, wanted: str) -> str:
    """The file of a workbook that a relation names; `KeyError` where there is none such."""
    every = map(_attributes, _RELATION.findall(book.read(relations)))
    targets = {relation["Id"]: relation["Target"] for relation in every}
    return normpath(join("/xl", targets[wanted])).lstrip("/")


def _attributes(element: bytes) -> dict[str, str]:
    """The attributes of an element by their names, without the part before a colon."""
    return {
        name.decode(): unescape(value.decode("utf-8", "replace"))
        for name, _, value in _ATTRIBUTE.findall(element)
    }
