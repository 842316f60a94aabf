"""Where the library that reads sheets fails: error cells and far cells.

A cell with an error (`#N/A`, `#REF!`) comes as a blank; it held something, so its text is put back,
for the rules to find unreadable. A single cell at the far corner of a sheet makes the library take
memory for all cells before it, which ends the process; such a sheet is refused before it is read.
"""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import polars as pl

from cpt77092.errors import ClaimsError
from cpt77092.readers import memory
from cpt77092.readers.sheets import ods, xls, xlsb, xlsx
from cpt77092.readers.sheets.survey import Survey

_CELL_BYTES = 100
"""Of memory per cell of a sheet, filled or not, while it is read: 24 by the library, then text."""
_KINDS = {
    "xl/workbook.xml": xlsx.survey,
    "xl/workbook.bin": xlsb.survey,
    "content.xml": ods.survey,
}
"""Kinds of zipped workbooks, by a file that each has."""


def survey(path: str, data: Path | bytes, sheet: str) -> Survey | None:
    """Look over a sheet before the library reads it; None where the workbook is damaged.

    Args:
        path: for messages.
        data: the workbook.
        sheet: its name.

    Raises:
        ClaimsError: memory would not do for its cells, filled or not; it says how far it goes.
    """
    free = memory.free() or 1 << 33
    try:
        surveyed = _survey(path, data, sheet, free)
    except (BadZipFile, KeyError, OSError, ValueError, zlib.error):
        return None
    if surveyed.columns * surveyed.rows * _CELL_BYTES > free:
        raise ClaimsError(
            f"{path}: sheet {sheet!r} goes to column {surveyed.columns:,} and row "
            f"{surveyed.rows:,}, more cells than memory holds; delete the empty columns and "
            f"rows, or save the sheet as CSV"
        )
    return surveyed


def _survey(path: str, data: Path | bytes, sheet: str, free: int) -> Survey:
    """The survey of a sheet; `ValueError` where the workbook is of no kind that has one."""
    stream = io.BytesIO(data) if isinstance(data, bytes) else data.open("rb")
    with stream:
        if stream.read(len(xls.SIGNATURE)) == xls.SIGNATURE:
            return xls.survey(xls.SIGNATURE + stream.read(), sheet)
        book = ZipFile(stream)
        unpacked = sum(member.file_size for member in book.infolist())
        if unpacked > free // 2:
            raise ClaimsError(
                f"{path}: the workbook unpacks to {unpacked / memory.GIGABYTE:,.0f} GB, more "
                f"than memory holds; save the sheet as CSV"
            )
        (kind,) = set(book.namelist()).intersection(_KINDS)
        return _KINDS[kind](book, sheet)


def with_errors(cells: pl.DataFrame, surveyed: Survey) -> pl.DataFrame:
    """The cells of a sheet, with the texts of errors where they stand.

    Args:
        cells: every cell as text, from the first row and the first filled column of the sheet.
        surveyed: its survey.
    """
    columns: dict[int, dict[int, str]] = {}
    for column, row, text in surveyed.errors:
        if surveyed.left <= column < surveyed.left + cells.width and row <= cells.height:
            columns.setdefault(column - surveyed.left, {})[row - 1] = text
    return cells.with_columns(
        cells.to_series(place).clone().scatter(list(texts), list(texts.values()))
        for place, texts in columns.items()
    )
