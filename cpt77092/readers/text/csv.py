"""Comma, semicolon, tab and pipe separated files.

There are three ways to read one, and `CsvFile.read` takes the fastest that is right for the file:
two passes for a large file of which few rows are kept (`two_pass`), Polars' scan with every cell as
text, and row by row (`row_by_row`) for a damaged file or one in another encoding.
"""

from __future__ import annotations

import csv
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import polars as pl

from cpt77092.claims.headers import match_headers, names_column
from cpt77092.frozen import frozen
from cpt77092.readers.classify import ROW_KIND
from cpt77092.readers.failures import POLARS_FAILURES, native_errors_silenced
from cpt77092.readers.header_row import titles_note
from cpt77092.readers.kept import KeptRows
from cpt77092.readers.line_plan import LinePlan, Noted
from cpt77092.readers.scan import (
    INDEX,
    LINE,
    RAW,
    REJECT,
    ROW,
    SAMPLE_ROWS,
    SHORT,
    OpenedFile,
    Options,
    Rows,
    Scan,
    Selection,
)
from cpt77092.readers.text import two_pass
from cpt77092.readers.text.dialect import Dialect, first_cells, sniff
from cpt77092.readers.text.encoding import UTF8, TextSource, detect, open_text
from cpt77092.readers.text.row_shape import RowShape, every_line_is_a_record
from cpt77092.readers.text.two_pass import RowsOfLines, TwoPass

# Declared columns beyond the header's catch rows with too many fields, which the scan would
# otherwise cut off in silence; the later ones catch `...,,spill`.
_SPILL = ("__spill_1", "__spill_2", "__spill_3", "__spill_4")


@frozen
class CsvFile(OpenedFile):
    """A delimited text file whose head is read and whose rows are not."""

    source: TextSource
    dialect: Dialect
    is_encoding_stated: bool
    """The user stated the encoding."""

    def sample(self) -> pl.DataFrame:
        """The first rows, every cell as text; not those behind a quote that nothing closes."""
        lines = islice(self.source.lines(), self.dialect.lead, self.dialect.lead + SAMPLE_ROWS)
        clean = (line.replace("\0", "").encode("utf-8", "replace").decode() for line in lines)
        rows: list[list[str]] = []
        with suppress(csv.Error):  # a field longer than Python's reader takes
            rows.extend(csv.reader(clean, delimiter=self.dialect.separator, skipinitialspace=True))
        width = len(self.names)
        cells = [(row + [""] * width)[:width] for row in rows[1:]]
        return pl.DataFrame(cells, schema=dict.fromkeys(self.names, pl.String), orient="row")

    def read(self, selection: Selection) -> tuple[Scan, Rows]:
        """Read the rows, by the fastest way that is right for the file.

        Raises:
            ClaimsError: the compressed file is damaged or cut short.
        """
        plan = LinePlan.of(self, selection)
        if not self.dialect.careful and self.source.encoding == UTF8:
            with suppress(*POLARS_FAILURES), native_errors_silenced():
                if self._is_each_line_a_record():
                    rows = self._read_by_polars(plan, selection)
                    if rows is not None:
                        scan = plan.scan(self, self.scan_rows(), encoding=self.source.name)
                        return scan, rows
        return self._read_row_by_row(plan, selection)

    def all_rows(self) -> pl.LazyFrame | None:
        """Every row below the header with its number; None where they are read row by row."""
        is_plain = not self.dialect.careful and self.source.encoding == UTF8
        return self.scan_rows().drop(_SPILL) if is_plain and self._is_each_line_a_record() else None

    def to_be_copied(self) -> CsvFile:
        """The file with its byte order known, so that each row is bytes of its own."""
        return replace(self, source=self.source.in_byte_order())

    def _is_each_line_a_record(self) -> bool:
        lines = self._scan_lines(skip=0, first=1)
        separator, end = self.dialect.separator, self.dialect.end_of_line
        return every_line_is_a_record(self.source, lines, separator, end)

    def _read_by_polars(self, plan: LinePlan, selection: Selection) -> Rows | None:
        """Read by Polars, in two passes or in one; None where the file proves damaged."""
        lines, attempt = None, TwoPass(self, plan)
        if selection.only is None and attempt.is_faster():
            with suppress(*POLARS_FAILURES):
                lines = attempt.read(selection.room)
        kept = KeptRows(selection, self.headers.columns["hcpcs_code"])
        if lines is None:
            rows = self.scan_rows()
            kept.take_all(plan.lines(self.cells(rows.filter(self.keep(plan)), plan)))
            total = self._last_row() if plan.is_row_a_line else plan.total
            counts = rows.select(total).collect(engine="streaming").row(0)
        else:
            kept.take(lines.kept)
            counts = (lines.total,)
        result = kept.sorted_rows(*counts)
        return result if self._is_complete(result, lines) else None

    def _is_complete(self, rows: Rows, lines: RowsOfLines | None) -> bool:
        """Whether every row was read, and none cut short, packed or below another header.

        Args:
            rows: what was read.
            lines: the same where it was read in two passes.
        """
        if (rows.kept[ROW_KIND] == "rejected").any():
            return False
        words = rows.kept["hcpcs_code"].unique().cast(pl.String)
        words = words.filter(words.str.contains("^[A-Za-z]{2}"))
        if any(map(names_column, words.filter(words != self._code_header.upper()))):
            return False
        not_data = rows.kept.filter(pl.col(ROW_KIND) == "not data")[ROW]
        if not_data.len() and self._holds_other_rows(not_data):
            return False
        if not self.dialect.has_blank_tails:
            return True
        short = self._short_lines() if lines is None else lines.short
        return bool(short.is_in(not_data.implode()).all())

    def _holds_other_rows(self, numbers: pl.Series) -> bool:
        """Whether some of these rows may be packed, or headers with other columns."""
        text = pl.col(two_pass.TEXT)
        lower = text.str.to_lowercase().str.strip_chars()
        header = self.dialect.separator.join(self.dialect.headers.values()).lower()
        is_header = lower.str.contains(self._code_header.lower(), literal=True)
        lines = self.lines_below_header().filter(pl.col(INDEX).is_in(numbers.implode()))
        is_other = self.shape.packed(text) | (is_header & (lower != header.strip()))
        return bool(lines.select(is_other.any()).collect(engine="streaming").item())

    @property
    def _code_header(self) -> str:
        """The header of the code as it is written."""
        return self.dialect.headers[self.headers.columns["hcpcs_code"]]

    @property
    def shape(self) -> RowShape:
        """What a row looks like."""
        code = self.headers.columns.get("hcpcs_code")
        return RowShape(
            separator=self.dialect.separator,
            header=list(self.dialect.headers.values()),
            needed=self.dialect.width,
            code=self.names.index(code) if code else 0,
        )

    def _read_row_by_row(self, plan: LinePlan, selection: Selection) -> tuple[Scan, Rows]:
        """Read by Python's csv module, which says what is wrong with which line."""
        from cpt77092.readers.text.row_by_row import read_rows  # few files need it

        source = self.source
        encoding = detect(source.blocks())
        if not (self.is_encoding_stated or source.encoding.startswith("utf-16")):
            source = replace(source, encoding=encoding)
        noted, is_wrong = list[Noted](), pl.col(REJECT).is_not_null()
        cells = (pl.col(INDEX).alias(ROW), LINE, RAW, REJECT, *plan.cells)

        def note_and_keep(block: pl.DataFrame) -> pl.DataFrame:
            of_history = selection.only is not None
            noted.append(plan.noted(block, block.filter(~is_wrong), of_history=of_history))
            return plan.lines(block.filter(plan.keep | is_wrong).select(cells))

        rows_by = partial(read_rows, source, self.shape, lead=self.dialect.lead, names=self.names)
        kept = KeptRows(selection, self.headers.columns["hcpcs_code"])
        read = rows_by(keep=note_and_keep, take=lambda rows: kept.take_all(rows.lazy()))

        def rows_of_claims(numbers: pl.Series) -> pl.DataFrame:
            def keep(block: pl.DataFrame) -> pl.DataFrame:
                readable = block.filter(pl.col(REJECT).is_null())
                no_reason = pl.lit(None, pl.String).alias(REJECT)
                return plan.rows_of_claims(readable, numbers).with_columns(no_reason)

            of_claims = list[pl.DataFrame]()
            rows_by(keep=keep, take=of_claims.append)
            return pl.concat(of_claims)

        notes = {
            self.dialect.careful: bool(self.dialect.careful),
            f"read as {source.name}": source.encoding != UTF8,
            "read row by row, which is slower": True,
            f"NUL bytes left out: {read.nuls:,}": bool(read.nuls),
        }
        every = Noted.together(noted)
        total, *set_aside = every.total.row(0)
        scan = replace(
            every.scan(replace(self, source=source)),
            rows_of_claims=rows_of_claims if plan.claim_cells else None,
            notes=(*self.notes, *(note for note, holds in notes.items() if holds)),
            encoding=source.name,
            heading=source.raw(read.heading),
        )
        return scan, kept.sorted_rows(total + read.wrong, *set_aside)

    def keep(self, plan: LinePlan) -> pl.Expr:
        """Rows to keep: those that may be in scope, and those with too many or too few fields."""
        is_odd = pl.any_horizontal(pl.col(name).is_not_null() for name in _SPILL)
        if not self.dialect.has_blank_tails:
            is_odd |= self.last_cell().is_null()
        return plan.keep | (is_odd if plan.row_filter is None else is_odd & plan.row_filter)

    def cells(self, kept: pl.LazyFrame, plan: LinePlan) -> pl.LazyFrame:
        """Number, reason for rejection and canonical columns of kept rows."""
        has_spill = pl.any_horizontal(pl.col(name) != "" for name in _SPILL)
        # Reading row by row, which follows, says what is wrong with which line.
        reject: pl.Expr = pl.when(has_spill).then(pl.lit("too many or too few fields"))
        if not self.dialect.has_blank_tails:  # then it is a row cut short, if it is a claim line
            is_short = self.last_cell().is_null() & reject.is_null()
            reject = pl.when(is_short).then(pl.lit(f"{SHORT}too few fields")).otherwise(reject)
        return kept.select(pl.col(INDEX).alias(ROW), reject.alias(REJECT), *plan.cells)

    def last_cell(self) -> pl.Expr:
        """The last cell that a row must have."""
        return pl.col(self.names[self.dialect.width - 1])

    def _last_row(self) -> pl.Expr:
        # The number of the last row: Polars counts rows by mapping the whole file into memory.
        before = self.dialect.lead + 1
        return (pl.col(INDEX).max().cast(pl.Int64) - before).fill_null(0).alias("len")

    def scan_rows(self) -> pl.LazyFrame:
        """All rows by cells, with their numbers."""
        # The header is skipped, not read: Polars would rename headers that are blank or alike.
        return self.scan_cells(self.data, skip=self.dialect.lead + 1)

    def scan_cells(self, data: Path | bytes, *, skip: int) -> pl.LazyFrame:
        """Rows by cells behind some lines that are left out, with their numbers."""
        return pl.scan_csv(
            data,
            separator=self.dialect.separator,
            eol_char=self.dialect.end_of_line,
            has_header=False,
            skip_rows=skip,
            schema=dict.fromkeys([*self.names, *_SPILL], pl.String),
            missing_columns="insert",
            extra_columns="ignore",
            truncate_ragged_lines=True,
            row_index_name=INDEX,
            row_index_offset=skip + 1,
            glob=False,
        )

    def _scan_lines(self, *, skip: int, first: int) -> pl.LazyFrame:
        """The lines behind some that are left out, as they are; the first has this number."""
        return pl.scan_csv(
            self.data,
            separator=two_pass.NO_SEPARATOR,
            quote_char=None,
            eol_char=self.dialect.end_of_line,
            has_header=False,
            skip_rows=skip,
            schema={two_pass.TEXT: pl.String, two_pass.MORE: pl.String},
            missing_columns="insert",
            truncate_ragged_lines=True,
            row_index_name=INDEX,
            row_index_offset=first,
            glob=False,
        )

    def lines_below_header(self) -> pl.LazyFrame:
        """All rows as they are, if each is one line: `text`, `more` that was cut off, `INDEX`."""
        skip = self.dialect.lead + 1
        return self._scan_lines(skip=skip, first=skip + 1)

    def _short_lines(self) -> pl.Series:
        """Numbers of lines that are short."""
        may_be_short, is_short = self.shortness()
        lines = self.lines_below_header().filter(may_be_short)
        # A column of its own: Polars would put both tests together, and do both on every line.
        short = lines.select(INDEX, is_short.alias(SHORT)).filter(SHORT).select(INDEX)
        return short.collect(engine="streaming")[INDEX]

    def shortness(self) -> tuple[pl.Expr, pl.Expr]:
        """Lines that may have too few separators, by a fast test; and which of those do.

        Separators in quotes do not count, and a blank line is not short.
        """
        line, separator = pl.col(two_pass.TEXT), self.dialect.separator
        fewest = self.dialect.width - 1
        bare = line.str.replace_all(r'"[^"]*"', "")
        return (
            (line.str.count_matches(separator, literal=True) < fewest)
            | line.str.contains('"', literal=True),
            (bare.str.count_matches(separator, literal=True) < fewest)
            & (line.str.strip_chars(f'{separator}" \t\r') != ""),
        )


def open_file(path: str, data: Path | bytes, options: Options) -> CsvFile:
    """Read the head of a delimited text file.

    Args:
        path: the file as the user named it.
        data: the file, or what came from standard input.
        options: what the user stated about reading.

    Raises:
        ClaimsError: the file is empty.
    """
    source, head = open_text(path, data, options.encoding)
    dialect = sniff(head, path, encoding=source.encoding, named=options.named_headers)
    headers = match_headers(
        dialect.headers,
        options.overrides,
        file=path,
        layout=options.layout,
        cells=first_cells(head.decode(source.encoding, "replace"), dialect),
        of_history=options.of_history,
    )
    names, notes = tuple(dialect.headers), titles_note(dialect.titles)
    is_stated = options.encoding is not None
    return CsvFile(path, data, "CSV", headers, names, notes, source, dialect, is_stated)
