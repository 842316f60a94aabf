"""A batch in two parts for submission: the rows that may go out, and those to look at first.

A row is flagged if its line has a finding that counts for `--fail-on`, or (unless single lines were
asked for) if any line of its claim has one: a claim is all rows of all files with one claim number
and payer, whatever their procedure code, so rows of other services and rows without a code go with
their claim. A claim of which some row could not be read is held as well, since it is not whole.
Every other row is clean: blank rows, totals and rows without a claim number too, unless their own
line has a finding. So is a line on which some rule could not be checked, unless `not-checked` is
what counts; the run says how many there are. Rows that could not be read go to neither part;
`--rejects` writes them.

Rows of a text file are copied as they stand, byte for byte, under the first file's header and what
stands above it; those of a Parquet file keep their values and types. Files are read a second time
for it, in blocks; what is kept in memory are the flagged claims, and where each part begins anew.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO

import polars as pl

from cpt77092.claims import columns
from cpt77092.claims.headers import HeaderMatch
from cpt77092.engine import Result
from cpt77092.errors import ClaimsError, OutputError
from cpt77092.findings import lines_with
from cpt77092.policies.payer_names import Matcher
from cpt77092.readers import OpenedFile, Scan
from cpt77092.readers.excel_damage import restore_numbers
from cpt77092.readers.failures import POLARS_FAILURES, native_errors_silenced
from cpt77092.readers.parquet import ParquetFile, scan_table
from cpt77092.readers.scan import INDEX, RAW, ROW
from cpt77092.readers.text.csv import CsvFile
from cpt77092.readers.text.encoding import HEAD_BYTES, compressed, decompressed
from cpt77092.readers.text.row_by_row import raw_records
from cpt77092.rule import Severity

HEADING, CLEAN, FLAGGED, REJECTED = range(4)
"""What becomes of a piece of a file: a heading stands above both parts."""
BLOCK = 100_000
"""Rows looked at together."""
PARQUET = (".parquet", ".pq")
WORKBOOKS = (".xlsx", ".xls")
KEY = ("claim_id", "payer", "payer_id")
"""What says of which claim a row is."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows that stand one after the other and go to the same part."""

    part: int
    rows: int
    size: int
    """Bytes; nothing in a Parquet file."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How one file falls into parts."""

    opened: CsvFile | ParquetFile
    pieces: tuple[Piece, ...]
    end: bytes = b""
    """The end of a line, where the last line of the file lacks it."""


def require_splittable(files: Sequence[OpenedFile], named: Sequence[tuple[str, str]]) -> None:
    """Refuse, before a long run, files whose rows cannot be written back as they are.

    Args:
        files: the claim files, opened.
        named: option and file name of each part.

    Raises:
        OutputError: it says which file, why, and what to do instead.
    """
    for opened in files:
        if isinstance(opened, CsvFile | ParquetFile):
            continue
        raise OutputError(f"{named[0][0]}: {opened.path}: {_why_not(opened.kind)}")
    for option, name in named:
        for opened in files[:1]:
            ending = Path(name).suffix.lower()
            is_other = (ending in PARQUET) != isinstance(opened, ParquetFile)
            if is_other or ending in WORKBOOKS:
                kind = "Parquet" if isinstance(opened, ParquetFile) else "text"
                raise OutputError(
                    f"{option} {name}: {opened.path} is {kind}, and its rows are written as they "
                    f"are; give the file a name that says so"
                )
    # A file without a header that is known holds no claims, as the run will tell.
    _require_alike([file for file in files if file.headers.columns])


def _why_not(kind: str) -> str:
    """Why a file of a kind is not split, and what to do instead."""
    if kind == "Excel":
        return "a workbook cannot be cut; save the sheet as CSV and check that"
    return (
        "claims cannot be cut out of an interchange without new envelopes; hold back the claims "
        "that -o FILE.csv lists, where they were made"
    )


def _require_alike(files: Sequence[OpenedFile]) -> None:
    for other in files[1:]:
        if said := _difference(files[0], other):
            raise OutputError(
                f"{files[0].path} and {other.path} have not the same {said}, so their rows cannot "
                f"be written to one file; check them one by one"
            )


def _difference(one: OpenedFile, other: OpenedFile) -> str:
    """In what two files differ that would have to stand in one."""
    if one.kind != other.kind:
        return "format"
    if isinstance(one, ParquetFile) and isinstance(other, ParquetFile):
        return "" if list(one.types.items()) == list(other.types.items()) else "columns"
    if isinstance(one, CsvFile) and isinstance(other, CsvFile):
        ours, theirs = one.dialect, other.dialect
        if list(ours.headers.values()) != list(theirs.headers.values()):
            return "header"
        if ours.separator != theirs.separator:
            return "separator"
        if ours.end_of_line != theirs.end_of_line:
            return "line ends"
        encodings = [file.source.in_byte_order().encoding for file in (one, other)]
        if encodings[0] != encodings[1]:
            # A file of plain ASCII is the same bytes in all of them but UTF-16.
            is_wide = any(encoding.startswith("utf-16") for encoding in encodings)
            return "encoding" if is_wide or not (_is_ascii(one) or _is_ascii(other)) else ""
    return ""


def _is_ascii(opened: CsvFile) -> bool:
    source = opened.source
    with decompressed(source.path, source.data, source.compression) as stream:
        return all(block.isascii() for block in iter(lambda: stream.read(HEAD_BYTES), b""))


@dataclass(frozen=True)
class Split:
    """A finished run as two parts."""

    result: Result
    severities: tuple[Severity, ...]
    """Findings that flag a line."""
    with_unchecked: bool = False
    """Whether a line is flagged by a rule that could not be checked on it."""
    whole_claims: bool = True
    one_payer: bool = False
    """Whether all claims were read as one payer's, whatever they say."""

    def write(self, stream: IO[bytes], name: str, part: int) -> None:
        """Write one part.

        Args:
            stream: the file, opened.
            name: its name, of which the ending says how it is packed.
            part: `CLEAN` or `FLAGGED`.

        Raises:
            ClaimsError: a file cannot be read again, or is not what it was.
            OutputError: the files cannot stand in one.
        """
        if isinstance(self.cuts[0].opened, ParquetFile):
            self._write_table(stream, name, part)
            return
        with compressed(name, stream) as out:
            ending = b""
            for number, cut in enumerate(self.cuts):
                wanted = {part} if number else {HEADING, part}
                for block in _chosen(cut, wanted):
                    out.write(ending)
                    out.write(block)
                    ending = b""
                if cut.pieces[-1].part in wanted:
                    ending = cut.end

    def count(self, part: int) -> int:
        """How many rows a part has."""
        return sum(p.rows for cut in self.cuts for p in cut.pieces if p.part == part)

    @property
    def held_with_claim(self) -> int:
        """How many flagged rows are so for their claim's sake alone."""
        own = sum(self._rows(number)[0].len() for number in range(len(self.cuts)))
        return self.count(FLAGGED) - own

    @cached_property
    def unsure(self) -> int:
        """Clean lines on which a rule that flags lines could not be checked."""
        result = self.result
        codes = [rule.code for rule in result.rules if rule.severity in self.severities]
        is_unsure = result.outcomes.select(
            pl.any_horizontal(pl.lit(False), pl.col(codes).is_null())  # noqa: FBT003 - no such rule
        ).to_series()
        lines = result.lines.filter(is_unsure & ~self._flags)
        return lines.height - int(self._claims.holds(lines.select(KEY)).sum())

    @cached_property
    def cuts(self) -> tuple[Cut, ...]:
        """Where each file is to be cut: it is read for that once more."""
        scans = self.result.batch.scans
        files = [_as_read(scan) for scan in scans]
        _require_alike(files)  # once more: only now is the encoding known for certain
        try:
            return tuple(self._cut(number, opened) for number, opened in enumerate(files))
        except OSError as problem:
            told = f"{problem.filename or 'a claim file'}: cannot be read again"
            raise ClaimsError(f"{told} ({problem.strerror})") from None

    @cached_property
    def _flags(self) -> pl.Series:
        flags = lines_with(self.result, self.severities)
        if self.with_unchecked:
            unchecked = pl.any_horizontal(pl.all().is_null())
            flags |= self.result.outcomes.select(unchecked).to_series()
        return flags

    @cached_property
    def _claims(self) -> _Claims:
        held = _Claims(None if self.one_payer else Matcher.of(self.result.policies))
        if self.whole_claims:
            held.hold(self.result.lines.filter(self._flags).select(KEY).unique())
            held.numbers = pl.concat([held.numbers, *map(_rejected_claims, self._rejected())])
        return held

    def _rejected(self) -> Iterator[tuple[CsvFile, pl.Series]]:
        """The rejected rows of each text file, as they stand."""
        for number, scan in enumerate(self.result.batch.scans):
            opened = _as_read(scan)
            rows = self.result.batch.rejects.filter(pl.col("source") == number)[RAW].drop_nulls()
            if isinstance(opened, CsvFile) and rows.len():
                yield opened, rows

    def _rows(self, number: int) -> tuple[pl.Series, pl.Series]:
        """The rows of a file with a line that is flagged itself, and those rejected."""
        of_it = pl.col("source") == number
        flagged = self.result.lines.filter(self._flags).filter(of_it)[ROW]
        rejected = self.result.batch.rejects.filter(of_it)[ROW]
        return flagged.cast(pl.UInt32).unique().sort(), rejected.cast(pl.UInt32).unique().sort()

    def _cut(self, number: int, opened: CsvFile | ParquetFile) -> Cut:
        flagged, rejected = self._rows(number)
        text = None
        if isinstance(opened, ParquetFile):
            blocks = _table_blocks(opened)
        else:
            text = _Text(opened)
            blocks = text.blocks()
        pieces: list[Piece] = []
        last = 0
        for keys, rows in blocks:
            first, last = rows[ROW][0], rows[ROW][-1]
            part = (
                pl.when(pl.col(ROW).is_in(_between(rejected, first, last)))
                .then(REJECTED)
                .when(pl.col(ROW).is_in(_between(flagged, first, last)) | self._claims.holds(keys))
                .then(FLAGGED)
                .otherwise(CLEAN)
            )
            runs = (
                rows.select("size", part=part)
                .group_by(pl.col("part").rle_id().alias("run"), "part", maintain_order=True)
                .agg(pl.len().alias("rows"), pl.col("size").sum())
            )
            pieces += [Piece(*run) for run in runs.select("part", "rows", "size").iter_rows()]
        scan, tally = self.result.batch.scans[number], self.result.batch.tallies[number]
        is_whole = scan.headers.line_columns or sum(piece.rows for piece in pieces) == tally.rows
        if not is_whole or any(named.len() and named[-1] > last for named in (flagged, rejected)):
            raise _changed(opened.path)
        if text is None:
            return Cut(opened, tuple(pieces))
        heading = Piece(HEADING, 0, text.heading)
        return Cut(opened, (heading, *pieces), text.missing_end)

    def _write_table(self, stream: IO[bytes], name: str, part: int) -> None:
        tables = []
        for cut in self.cuts:
            lengths = pl.Series([piece.rows for piece in cut.pieces], dtype=pl.UInt32)
            wanted = pl.Series([piece.part == part for piece in cut.pieces], dtype=pl.Boolean)
            mask = pl.select(pl.lit(wanted).repeat_by(pl.lit(lengths)).explode()).to_series()
            rows = (mask.arg_true() + 1).cast(pl.UInt32)
            tables.append(
                scan_table(cut.opened.data).filter(pl.col(INDEX).is_in(rows.implode())).drop(INDEX)
            )
        try:
            with native_errors_silenced():
                pl.concat(tables).sink_parquet(stream)
        except OSError:
            raise
        except POLARS_FAILURES:
            raise OutputError(f"{name}: the rows cannot be written as Parquet") from None


def _as_read(scan: Scan) -> CsvFile | ParquetFile:
    """The file with the encoding in which it was read in the end."""
    opened = scan.opened
    if isinstance(opened, CsvFile):
        return replace(opened, source=opened.source.in_byte_order())
    if isinstance(opened, ParquetFile):
        return opened
    raise OutputError(f"{scan.path}: {_why_not(scan.kind)}")


def _between(rows: pl.Series, first: int, last: int) -> pl.Series:
    """Those of sorted row numbers that are in a block."""
    start, stop = rows.search_sorted(first, "left"), rows.search_sorted(last, "right")
    return rows[start:stop].implode()


def _changed(path: str) -> ClaimsError:
    return ClaimsError(f"{path}: it changed while it was checked; run again on a copy")


def _keys(headers: HeaderMatch, types: dict[str, pl.DataType] | None = None) -> list[pl.Expr]:
    """What says of which claim a row is, as `claims.cell` reads it."""
    chosen = [(name, headers.columns[name]) for name in KEY if name in headers.columns]
    return [
        columns.cell(header, columns.BY_NAME[name], types[header] if types else pl.String)
        for name, header in chosen
    ]


@dataclass
class _Claims:
    """The claims to be held back, by claim number and payer."""

    matcher: Matcher | None
    """None where all claims are one payer's."""
    numbers: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    """Claim numbers to be held whoever pays."""
    _held: pl.DataFrame | None = None
    _payers: dict[tuple[str, str], str] = field(default_factory=dict)

    def hold(self, keys: pl.DataFrame) -> None:
        """Hold these claims; a blank number is no claim."""
        self._held = self._named(keys).unique()

    def holds(self, keys: pl.DataFrame) -> pl.Series:
        """Which rows are of a held claim."""
        if self._held is None or not (self._held.height or self.numbers.len()):
            return pl.Series([False]).new_from_index(0, keys.height)
        named = self._named(restore_numbers(keys)[0])
        held = self._held.with_columns(is_held=pl.lit(value=True))
        found = named.join(held, on=named.columns, how="left", maintain_order="left")
        by_number = pl.col("claim_id").is_in(self.numbers.implode())
        is_named = pl.col("claim_id") != ""
        is_held = pl.col("is_held").fill_null(value=False)
        return found.select(is_named & (is_held | by_number)).to_series()

    def _named(self, keys: pl.DataFrame) -> pl.DataFrame:
        """Claim number, and the payer by what all its spellings share."""
        texts = keys.select(
            pl.col(name).fill_null("") if name in keys.columns else pl.lit("").alias(name)
            for name in KEY
        )
        spellings = texts.select("payer_id", "payer").unique()
        for spelling in spellings.iter_rows():
            if spelling not in self._payers:
                self._payers[spelling] = self.matcher.same_payer(*spelling) if self.matcher else ""
        same = [self._payers[spelling] for spelling in spellings.iter_rows()]
        spellings = spellings.with_columns(pl.Series("same_payer", same, dtype=pl.String))
        on = ["payer_id", "payer"]
        return texts.join(spellings, on=on, how="left", maintain_order="left").select(
            "claim_id", "same_payer"
        )


@dataclass
class _Text:
    """A text file read for where its records begin."""

    opened: CsvFile
    heading: int = 0
    """Bytes down to the end of the header."""
    end: bytes = b""
    """How the header's line ends."""
    last: bytes = b""
    """The last record."""

    def blocks(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """The claims of some thousand rows, and the numbers and sizes of the rows."""
        dialect = self.opened.dialect
        records = raw_records(self.opened.source, dialect.separator)
        for _, raw in islice(records, dialect.lead + 1):
            self.heading += len(raw)
            self.end = next((end for end in self._ends() if raw.endswith(end)), b"")
        keys = _keys(self.opened.headers)
        headers = list(dict.fromkeys(name for key in keys for name in key.meta.root_names()))
        indexes = [self.opened.names.index(header) for header in headers]
        rows = self._rows(records, indexes)
        number = dialect.lead + 2
        while block := list(islice(rows, BLOCK)):
            sizes, *cells = zip(*block, strict=True)
            columns = {h: _column(c) for h, c in zip(headers, cells, strict=True)}
            numbers = pl.Series(ROW, range(number, number + len(block)), dtype=pl.UInt32)
            told = pl.DataFrame([numbers, pl.Series("size", sizes, dtype=pl.Int64)])
            yield pl.DataFrame(columns).select(keys), told
            number += len(block)

    @property
    def missing_end(self) -> bytes:
        """The end of a line, if the last one lacks it."""
        return b"" if self.last.endswith(self._ends()) else self.end

    def _rows(
        self, records: Iterator[tuple[list[str], bytes]], indexes: Sequence[int]
    ) -> Iterator[tuple[int | str, ...]]:
        """The size of each record, then its cells that say the claim."""
        width = len(self.opened.names)
        for record, raw in records:
            self.last = raw
            if len(record) < width:
                record.extend([""] * (width - len(record)))
            yield (len(raw), *[record[n] for n in indexes])

    def _ends(self) -> tuple[bytes, ...]:
        return tuple(end.encode(self.opened.source.encoding) for end in ("\r\n", "\n", "\r"))


def _column(cells: Sequence[str]) -> pl.Series:
    if not all(map(str.isascii, cells)):  # a lone surrogate is no text for Polars
        cells = [cell.encode("utf-8", "replace").decode() for cell in cells]
    return pl.Series(cells, dtype=pl.String)


def _rejected_claims(rejected: tuple[CsvFile, pl.Series]) -> pl.Series:
    """The claim numbers of rejected rows, as far as they can be read."""
    opened, rows = rejected
    index = opened.names.index(opened.headers.columns["claim_id"])
    codec = opened.source.encoding
    codec = "utf-8" if codec.startswith("utf-16") else codec  # as `TextSource.raw` keeps it
    records = [_cells(row.decode(codec, "replace"), opened.dialect.separator) for row in rows]
    cells = _column([record[index] for record in records if index < len(record)])
    cells = cells.str.strip_chars()
    numbers = restore_numbers(cells.alias("claim_id").to_frame())[0]["claim_id"]
    return numbers.filter(numbers != "").unique()


def _cells(text: str, separator: str) -> list[str]:
    """The cells of a record that may be damaged."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), [])
    except csv.Error:
        return text.rstrip("\r\n").split(separator)


def _table_blocks(opened: ParquetFile) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    keys = _keys(opened.headers, dict(opened.types))
    plan = opened.rows.select(pl.col(INDEX).alias(ROW), pl.lit(0).alias("size"), *keys)
    found = 0
    try:
        with native_errors_silenced():
            for block in plan.collect_batches(chunk_size=BLOCK, maintain_order=True):
                found += block.height
                if block.height:
                    yield block.drop(ROW, "size"), block.select(ROW, "size")
            # Where a file breaks the reader, the blocks end early and in silence.
            is_whole = found == plan.select(pl.len()).collect(engine="streaming").item()
    except POLARS_FAILURES:
        is_whole = False
    if not is_whole:
        raise _changed(opened.path)


def _chosen(cut: Cut, wanted: set[int]) -> Iterator[bytes]:
    """The bytes of the wanted pieces of a text file."""
    source = cut.opened.source if isinstance(cut.opened, CsvFile) else None
    if source is None:
        return
    with decompressed(source.path, source.data, source.compression) as stream:
        for piece in cut.pieces:
            left = piece.size
            while left:
                block = stream.read(min(left, HEAD_BYTES))
                if not block:
                    raise _changed(source.path)
                if piece.part in wanted:
                    yield block
                left -= len(block)
