"""Rows of claim files, to be copied to another file as they are.

Rows of a text file are copied byte for byte, those of a Parquet file with their values and types.
Files are read once more for it, in blocks, so that memory does not follow their size.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import IO, NamedTuple

import polars as pl

from cpt77092.claims import columns
from cpt77092.claims.cells import plain_codes, source_cell
from cpt77092.errors import ClaimsError, OutputError
from cpt77092.readers.excel_damage import restore_numbers
from cpt77092.readers.failures import POLARS_FAILURES, native_errors_silenced
from cpt77092.readers.parquet import ParquetFile, scan_table
from cpt77092.readers.scan import INDEX, ROW, OpenedFile
from cpt77092.readers.text.csv import CsvFile
from cpt77092.readers.text.encoding import HEAD_BYTES, compressed, decompressed
from cpt77092.readers.text.row_by_row import raw_records

BLOCK = 100_000
"""Rows looked at together."""


class Run(NamedTuple):
    """Consecutive rows with the same destination."""

    destination: int
    rows: int
    size: int
    """Bytes; 0 in a Parquet file."""


@dataclass(slots=True)
class TextRows:
    """The rows of a text file, with the bytes that they take."""

    opened: CsvFile
    heading_size: int = 0
    """Bytes down to the end of the header; known once the blocks are read, as is `missing_end`."""
    _header_end: bytes = b""
    _last: bytes = b""

    def blocks(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """All rows: `source_row`, `size` in bytes, and these canonical columns, if it has them."""
        dialect = self.opened.dialect
        records = raw_records(self.opened.source, self.opened.shape, dialect.lead)
        for _, raw in islice(records, dialect.lead + 1):
            self.heading_size += len(raw)
            self._header_end = next((end for end in self._ends() if raw.endswith(end)), b"")
        keys = _keys(self.opened, names)
        headers = list(dict.fromkeys(name for key in keys for name in key.meta.root_names()))
        rows = self._sized_cells(records, [self.opened.names.index(header) for header in headers])
        number = dialect.lead + 2
        while block := list(islice(rows, BLOCK)):
            sizes, *cells = zip(*block, strict=True)
            frame = pl.DataFrame({h: _texts(c) for h, c in zip(headers, cells, strict=True)})
            numbers = pl.Series(ROW, range(number, number + len(block)), dtype=pl.UInt32)
            sized = pl.DataFrame([numbers, pl.Series("size", sizes, dtype=pl.Int64)])
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

    def claim_ids(self, rejected: pl.Series) -> pl.Series:
        """The claim numbers of rejected rows, as far as they can be read."""
        index = self.opened.names.index(self.opened.headers.columns["claim_id"])
        codec = self.opened.source.encoding
        codec = "utf-8" if codec.startswith("utf-16") else codec  # as `TextSource.raw` keeps it
        separator = self.opened.dialect.separator
        records = [_record(row.decode(codec, "replace"), separator) for row in rejected]
        cells = _texts([record[index] for record in records if index < len(record)])
        restored = restore_numbers(cells.str.strip_chars().alias("claim_id").to_frame())[0]
        return restored.filter(pl.col("claim_id") != "")["claim_id"].unique()

    def difference(self, other: RowSource) -> str:
        """In what another file differs that is to share one file with this; nothing if in none."""
        if not isinstance(other, TextRows):
            return "format"
        ours, theirs = self.opened.dialect, other.opened.dialect
        if list(ours.headers.values()) != list(theirs.headers.values()):
            return "header"
        if ours.separator != theirs.separator:
            return "separator"
        if ours.end_of_line != theirs.end_of_line:
            return "line ends"
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

    def is_ascii(self) -> bool:
        """Whether the file is plain ASCII throughout."""
        source = self.opened.source
        with decompressed(source.path, source.data, source.compression) as stream:
            return all(block.isascii() for block in iter(lambda: stream.read(HEAD_BYTES), b""))


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of a Parquet file."""

    opened: ParquetFile

    def blocks(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """All rows: `source_row`, a `size` of 0, and these canonical columns, if it has them.

        Raises:
            ClaimsError: the file has changed since it was read.
        """
        keys = _keys(self.opened, names)
        size = pl.lit(0).alias("size")
        plan = self.opened.rows.select(pl.col(INDEX).alias(ROW), size, *keys)
        height = 0
        try:
            with native_errors_silenced():
                for block in plan.collect_batches(chunk_size=BLOCK, maintain_order=True):
                    height += block.height
                    if block.height:
                        yield restore_numbers(block)[0]
                # Where a file breaks the reader, the blocks end early and in silence.
                is_whole = height == plan.select(pl.len()).collect(engine="streaming").item()
        except POLARS_FAILURES:
            is_whole = False
        if not is_whole:
            raise changed(self.opened.path)

    def difference(self, other: RowSource) -> str:
        """In what another file differs that is to share one file with this; nothing if in none."""
        if not isinstance(other, TableRows):
            return "format"
        is_alike = list(self.opened.types.items()) == list(other.opened.types.items())
        return "" if is_alike else "columns"


RowSource = TextRows | TableRows


def rows_of(opened: OpenedFile) -> RowSource | None:
    """The rows of an opened file; None where they cannot be copied as they are."""
    if isinstance(opened, CsvFile):
        return TextRows(replace(opened, source=opened.source.in_byte_order()))
    return TableRows(opened) if isinstance(opened, ParquetFile) else None


def copy_rows(
    stream: IO[bytes],
    name: str,
    files: Sequence[tuple[RowSource, Sequence[Run]]],
    destination: int,
) -> None:
    """Write the rows of files of one kind that have one destination.

    The ending of the name of the file written says how it is compressed.

    Raises:
        ClaimsError: a file cannot be read again, or has changed since it was read.
        OutputError: the rows cannot be written.
    """
    texts = [(source, runs) for source, runs in files if isinstance(source, TextRows)]
    if texts:
        with compressed(name, stream) as out:
            _copy_texts(out, texts, destination)
        return
    # One scan of all files: many in one plan wait for each other's threads.
    tables = [source.opened.data for source, _ in files if isinstance(source, TableRows)]
    rows = _chosen([run for _, runs in files for run in runs], destination)
    try:
        with native_errors_silenced():
            chosen = scan_table(tables).filter(pl.col(INDEX).is_in(rows))
            chosen.drop(INDEX).sink_parquet(stream)
    except OSError:
        raise
    except POLARS_FAILURES:
        raise OutputError(f"{name}: the rows cannot be written as Parquet") from None


def _chosen(runs: Sequence[Run], destination: int) -> pl.Series:
    """The numbers of the rows for one destination, as one list."""
    lengths = pl.Series([run.rows for run in runs], dtype=pl.UInt32)
    is_chosen = pl.Series([run.destination == destination for run in runs], dtype=pl.Boolean)
    mask = pl.select(pl.lit(is_chosen).repeat_by(pl.lit(lengths)).explode()).to_series()
    return (mask.arg_true() + 1).cast(pl.UInt32).implode()


def _copy_texts(
    out: IO[bytes], files: Sequence[tuple[TextRows, Sequence[Run]]], destination: int
) -> None:
    """The chosen rows of all files, under the heading of the first."""
    missing_end = b""
    for number, (source, runs) in enumerate(files):
        for block in source.chosen_bytes(runs, destination, with_heading=number == 0):
            out.write(missing_end)
            out.write(block)
            missing_end = b""
        if runs[-1].destination == destination:
            missing_end = source.missing_end


def changed(path: str) -> ClaimsError:
    """The refusal of a file that is not what it was when it was checked."""
    return ClaimsError(f"{path}: it changed while it was checked; run again on a copy")


def _keys(opened: OpenedFile, names: Sequence[str]) -> list[pl.Expr]:
    """Canonical columns of a file, as far as it has them."""
    types = opened.types if isinstance(opened, ParquetFile) else {}
    headers = opened.headers.columns
    return [
        _key(headers[name], columns.BY_NAME[name], types.get(headers[name], pl.String()))
        for name in names
        if name in headers
    ]


def _key(header: str, column: columns.Column, dtype: pl.DataType) -> pl.Expr:
    """A cell as the lines that were checked have it."""
    cell = source_cell(header, column, dtype)
    if column.kind is not columns.Kind.CODE:
        return cell
    read = partial(plain_codes, column.name)
    return cell.map_batches(read, return_dtype=pl.String, is_elementwise=True)


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
