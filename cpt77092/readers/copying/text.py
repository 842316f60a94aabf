"""The rows of a text file, copied byte for byte."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO

import polars as pl

from cpt77092.file_state import changed
from cpt77092.readers.copying import rows as blocks
from cpt77092.readers.copying.rows import SIZE, Files, RowSource, Run, key_cells
from cpt77092.readers.excel_damage import restore_numbers
from cpt77092.readers.scan import RAW, ROW
from cpt77092.readers.text.csv import CsvFile
from cpt77092.readers.text.encoding import HEAD_BYTES, decompressed
from cpt77092.readers.text.row_by_row import raw_records


@dataclass(slots=True)
class TextRows(RowSource):
    """The rows of a text file, with the bytes that they take."""

    opened: CsvFile
    heading_size: int = 0
    """Bytes down to the end of the header; known once the blocks are read, as is `missing_end`."""
    _header_end: bytes = b""
    _last: bytes = b""
    format = "text"

    @property
    def traits(self) -> dict[str, object]:
        """What of the file stands between the bytes of its cells."""
        dialect = self.opened.dialect
        return {
            "header": list(dialect.headers.values()),
            "separator": dialect.separator,
            "line ends": dialect.end_of_line,
        }

    def blocks(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """All rows: `source_row`, `size` in bytes, and these canonical columns, if it has them."""
        dialect = self.opened.dialect
        records = raw_records(self.opened.source, self.opened.shape, dialect.lead)
        for _, raw in islice(records, dialect.lead + 1):
            self.heading_size += len(raw)
            self._header_end = next((end for end in self._ends() if raw.endswith(end)), b"")
        keys = key_cells(self.opened, names)
        headers = list(dict.fromkeys(name for key in keys for name in key.meta.root_names()))
        rows = self._sized_cells(records, [self.opened.names.index(header) for header in headers])
        number = dialect.lead + 2
        while block := list(islice(rows, blocks.BLOCK)):
            sizes, *cells = zip(*block, strict=True)
            frame = pl.DataFrame({h: _texts(c) for h, c in zip(headers, cells, strict=True)})
            numbers = pl.Series(ROW, range(number, number + len(block)), dtype=pl.UInt32)
            sized = pl.DataFrame([numbers, pl.Series(SIZE, sizes, dtype=pl.Int64)])
            yield sized.hstack(restore_numbers(frame.select(keys))[0])
            number += len(block)

    @property
    def missing_end(self) -> bytes:
        """The end of a line, if the last one lacks it."""
        return b"" if self._last.endswith(self._ends()) else self._header_end

    def _ends(self) -> tuple[bytes, ...]:
        return tuple(end.encode(self.opened.source.encoding) for end in ("\r\n", "\n", "\r"))

    def _sized_cells(
        self, records: Iterator[tuple[list[str], bytes]], indexes: Sequence[int]
    ) -> Iterator[tuple[int | str, ...]]:
        """The size of each record, then its cells at some indexes; no more of it is kept."""
        width = len(self.opened.names)
        for record, raw in records:
            self._last = raw
            if len(record) < width:
                record.extend([""] * (width - len(record)))
            yield (len(raw), *[record[index] for index in indexes])

    def keys_of_rejected(self, names: Sequence[str], rejects: pl.DataFrame) -> pl.DataFrame:
        """The claim numbers of rejected rows, as far as they can be read, and nothing else."""
        del names
        index = self.opened.names.index(self.opened.headers.columns["claim_id"])
        codec = self.opened.source.encoding
        codec = "utf-8" if codec.startswith("utf-16") else codec  # as `TextSource.raw` keeps it
        separator = self.opened.dialect.separator
        raw = rejects[RAW].drop_nulls()
        records = [_record(row.decode(codec, "replace"), separator) for row in raw]
        cells = _texts([record[index] for record in records if index < len(record)])
        return restore_numbers(cells.str.strip_chars().alias("claim_id").to_frame())[0]

    def difference(self, other: RowSource) -> str:
        """In what another file differs that is to share one file with this; nothing if in none."""
        if (difference := RowSource.difference(self, other)) or not isinstance(other, TextRows):
            return difference
        encodings = {rows.opened.source.encoding for rows in (self, other)}
        if len(encodings) == 1:
            return ""
        # A file of plain ASCII is the same bytes in all encodings but UTF-16.
        is_wide = any(encoding.startswith("utf-16") for encoding in encodings)
        return "encoding" if is_wide or not (self.is_ascii() or other.is_ascii()) else ""

    def chosen_bytes(
        self, runs: Sequence[Run], destination: int, *, with_heading: bool
    ) -> Iterator[bytes]:
        """The rows for one destination, perhaps below the heading of the file.

        Raises:
            ClaimsError: the file has changed since it was read.
        """
        source = self.opened.source
        chosen = ((run.destination == destination, run.size) for run in runs)
        with decompressed(source.path, source.data, source.compression) as stream:
            for is_chosen, size in ((with_heading, self.heading_size), *chosen):
                left = size
                while left:
                    block = stream.read(min(left, HEAD_BYTES))
                    if not block:
                        raise changed(source.path)
                    if is_chosen:
                        yield block
                    left -= len(block)

    def write(self, out: IO[bytes], files: Files, destination: int) -> None:
        """Write the rows for one destination of all files, under the heading of the first.

        Raises:
            ClaimsError: a file has changed since it was read.
        """
        missing_end = b""
        for number, (source, runs) in enumerate(files):
            if not isinstance(source, TextRows):
                continue
            for block in source.chosen_bytes(runs, destination, with_heading=number == 0):
                out.write(missing_end)
                out.write(block)
                missing_end = b""
            if runs[-1].destination == destination:
                missing_end = source.missing_end

    def is_ascii(self) -> bool:
        """Whether the file is plain ASCII throughout."""
        source = self.opened.source
        with decompressed(source.path, source.data, source.compression) as stream:
            return all(block.isascii() for block in iter(lambda: stream.read(HEAD_BYTES), b""))


def _texts(cells: Sequence[str]) -> pl.Series:
    if not all(map(str.isascii, cells)):  # a lone surrogate is no text for Polars
        cells = [cell.encode("utf-8", "replace").decode() for cell in cells]
    return pl.Series(cells, dtype=pl.String)


def _record(text: str, separator: str) -> list[str]:
    """The cells of a record that may be damaged."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), [])
    except csv.Error:
        return text.rstrip("\r\n").split(separator)
