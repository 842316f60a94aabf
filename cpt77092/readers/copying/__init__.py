"""Rows of claim files, to be copied to another file as they are.

Rows of a text file are copied byte for byte, those of a Parquet file with their values and types,
claims of an 837P segment by segment under envelopes with their counts made right, and rows of a
workbook as CSV. Files are read once more for it, in blocks, so that memory does not follow their
size. A module is imported for the kind of file that a run has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from cpt77092.readers.copying.rows import UNIT, RowSource, Run
from cpt77092.readers.scan import OpenedFile
from cpt77092.readers.text.encoding import compressed

__all__ = ["UNIT", "RowSource", "Run", "copy_rows", "rows_of"]


def rows_of(opened: OpenedFile) -> RowSource:
    """The rows of an opened file."""
    if opened.kind == "CSV":
        from cpt77092.readers.copying import text

        return text.rows_of(opened)
    if opened.kind == "X12 837P":
        from cpt77092.readers.copying import x12

        return x12.rows_of(opened)
    from cpt77092.readers.copying import table

    return table.rows_of(opened)


def copy_rows(
    stream: IO[bytes],
    name: str,
    files: Sequence[tuple[RowSource, Sequence[Run]]],
    destination: int,
) -> None:
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
