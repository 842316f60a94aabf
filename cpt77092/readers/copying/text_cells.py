"""Cells of a text file: the bytes between two separators."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import IO

from cpt77092.errors import OutputError
from cpt77092.file_state import changed
from cpt77092.frozen import frozen
from cpt77092.readers.copying.cells import (
    NO_COLUMN,
    NOT_AS_READ,
    SEVERAL_LINES,
    CellEdit,
    Located,
    Values,
    by_row,
    is_as_read,
    not_expected,
)
from cpt77092.readers.text.csv import CsvFile
from cpt77092.readers.text.encoding import decompressed
from cpt77092.readers.text.row_by_row import raw_records


@frozen
class TextCells:
    """The cells of a text file."""

    opened: CsvFile

    def locate(self, wanted: Mapping[int, Values]) -> Located:
        """The cells that hold some values of some rows."""
        located, left = Located(), set(wanted)
        for row, record, raw in self._records():
            if row not in left:
                continue
            left.remove(row)
            edits = self._edits(row, wanted[row], record, self._text(raw))
            if isinstance(edits, str):
                located.refused[row] = edits
            else:
                located.edits[row] = edits
        if left:
            raise changed(self.opened.path)
        return located

    def _edits(
        self, row: int, values: Values, record: Sequence[str], text: str
    ) -> list[CellEdit] | str:
        """The edits of a row, or why there are none."""
        headers = self.opened.headers
        if headers.line_columns:
            return SEVERAL_LINES
        spans = _spans(text, self.opened.dialect.separator, record)
        if spans is None:
            return "its row cannot be taken apart by its separators"
        edits = []
        for name, (value, new) in values.items():
            header = headers.columns.get(name)
            place = -1 if header is None else self.opened.names.index(header)
            if header is None or place >= len(spans):
                return NO_COLUMN
            start, end = spans[place]
            if not is_as_read(name, [record[place]], [value]):
                return NOT_AS_READ
            cell = text[start:end]
            edits.append(CellEdit(row, header, cell, _quoted_like(cell, new)))
        return edits

    def write(self, out: IO[bytes], edits: Sequence[CellEdit]) -> None:
        """Write the file with these cells changed, and every other byte as it is.

        Raises:
            OutputError: a cell is not what its edit expects.
        """
        rows, source = by_row(edits), self.opened.source
        with decompressed(source.path, source.data, source.compression) as stream:
            for row, record, raw in self._records():
                if stream.read(len(raw)) != raw:
                    raise OutputError(
                        f"{source.path}:{row}: bytes that are not {source.name}, so that the rest "
                        f"cannot be left as it is; export the file again"
                    )
                out.write(self._edited(raw, record, rows.pop(row)) if row in rows else raw)
        if rows:
            raise not_expected(self.opened.path, next(iter(rows.values()))[0])

    def _edited(self, raw: bytes, record: Sequence[str], edits: Sequence[CellEdit]) -> bytes:
        text = self._text(raw)
        spans = _spans(text, self.opened.dialect.separator, record) or []
        places = [self.opened.names.index(edit.column) for edit in edits]
        for place, edit in sorted(zip(places, edits, strict=True), reverse=True):
            start, end = spans[place] if place < len(spans) else (0, 0)
            if text[start:end] != edit.before or place >= len(spans):
                raise not_expected(self.opened.path, edit)
            text = text[:start] + (edit.after or "") + text[end:]
        return text.encode(self.opened.source.encoding, "surrogateescape")

    def _records(self) -> Iterator[tuple[int, list[str], bytes]]:
        """Row, cells and bytes of every record, titles and header among them."""
        opened = self.opened
        records = raw_records(opened.source, opened.shape, opened.dialect.lead)
        for row, (record, raw) in enumerate(records, start=1):
            yield row, record, raw

    def _text(self, raw: bytes) -> str:
        return raw.decode(self.opened.source.encoding, "surrogateescape")


def _spans(text: str, separator: str, record: Sequence[str]) -> list[tuple[int, int]] | None:
    """Where each cell of a record begins and ends; None unless they are as the reader has them."""
    end = len(_LINE_END.sub("", text, count=1))
    spans, start = [], 0
    while True:
        match = _cell(separator).match(text, start, end)
        if match is None:
            return None
        spans.append(match.span())
        if match.end() == end:
            break
        start = match.end() + len(separator)
    cells = [_content(text[start:end]) for start, end in spans]
    read = [cell.lstrip(" ") for cell in record]
    return spans if [cell.lstrip(" ") for cell in cells] == read else None


_LINE_END = re.compile(r"(?:\r\n|\n|\r)\Z")


@cache
def _cell(separator: str) -> re.Pattern[str]:
    """A cell with what separates it from the next one, or the end, behind it."""
    mark = re.escape(separator)
    return re.compile(rf'(?: *"(?:[^"]|"")*"|(?! *")[^{mark}]*)(?={mark}|\Z)')


def _content(cell: str) -> str:
    quoted = cell.lstrip(" ")
    return quoted[1:-1].replace('""', '"') if quoted.startswith('"') else cell


def _quoted_like(cell: str, value: str) -> str:
    """A code in place of what a cell holds, in quotes where it is in quotes."""
    before, quote, _ = cell.partition('"')
    return f"{before}{quote}{value}{quote}" if quote else value
