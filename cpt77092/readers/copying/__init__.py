"""Rows of claim files, to be copied to another file as they are.

Rows of a text file are copied byte for byte, those of a Parquet file with their values and types,
claims of an 837P segment by segment under envelopes with their counts made right, and rows of a
workbook as CSV. Files are read once more for it, in blocks, so that memory does not follow their
size. A module is imported for the kind of file that a run has.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import IO, cast

from cpt77092.errors import OutputError
from cpt77092.readers.copying.cells import CellEditor
from cpt77092.readers.copying.rows import UNIT, Files, RowSource, Run
from cpt77092.readers.scan import OpenedFile
from cpt77092.readers.text.encoding import compressed

__all__ = ["UNIT", "RowSource", "Run", "copy_rows", "editor_of", "rows_of"]

_SOURCES = {
    "CSV": ("text", "TextRows"),
    "X12 837P": ("x12", "ClaimRows"),
    "Parquet": ("table", "TableRows"),
    "Excel": ("table", "SheetRows"),
}
"""The module and the class with the rows of each kind of file."""
_EDITORS = {
    "CSV": ("text_cells", "TextCells"),
    "X12 837P": ("x12_cells", "ClaimCells"),
    "Parquet": ("table_cells", "TableCells"),
}


def _of(opened: OpenedFile, kinds: Mapping[str, tuple[str, str]]) -> object:
    module, name = kinds[opened.kind]
    of_kind = getattr(import_module(f"cpt77092.readers.copying.{module}"), name)
    return of_kind(opened.to_be_copied())


def rows_of(opened: OpenedFile) -> RowSource:
    """The rows of an opened file.

    Raises:
        OutputError: a Parquet file has columns that cannot be written.
    """
    return cast("RowSource", _of(opened, _SOURCES))


def editor_of(opened: OpenedFile) -> CellEditor:
    """What edits an opened file that was read.

    Raises:
        OutputError: it is a workbook, or a Parquet file with columns that cannot be written.
    """
    if opened.kind not in _EDITORS:
        raise OutputError(
            f"{opened.path}: a workbook is not changed cell by cell; save the sheet as CSV and fix "
            f"that"
        )
    return cast("CellEditor", _of(opened, _EDITORS))


def copy_rows(stream: IO[bytes], name: str, files: Files, destination: int) -> None:
    """Write the rows of files of one kind that have one destination.

    The ending of the name of the file written says how text is compressed.

    Raises:
        ClaimsError: a file cannot be read again, or has changed since it was read.
        OutputError: the rows cannot be written.
    """
    first = files[0][0]
    if first.format == "Parquet":
        first.write(stream, files, destination)
        return
    with compressed(name, stream) as out:
        first.write(out, files, destination)
