"""Comma, semicolon, tab and pipe separated files.

A normal file is read by Polars' lazy scan with every cell as text. A damaged one, or one in another
encoding, is read row by row (`rows`), which is slower and says so.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import polars as pl

from cpt77092.claims.headers import HeaderMatch, known_headers, match_headers, normal
from cpt77092.claims.layouts import Layout
from cpt77092.errors import ClaimsError
from cpt77092.readers.classify import (
    INDEX,
    LINE,
    POLARS_FAILURES,
    RAW,
    REJECT,
    ROW,
    SAMPLE_ROWS,
    SHORT,
    Rows,
    Scan,
    code_header,
    native_errors_silenced,
    size_of,
)
from cpt77092.readers.line_plan import LinePlan
from cpt77092.readers.text import two_pass
from cpt77092.readers.text.encoding import HEAD_BYTES, UTF8, TextSource, detect_whole, open_text
from cpt77092.readers.text.row_by_row import read_rows
from cpt77092.readers.text.two_pass import Sparse

SEPARATORS = ",;\t|"
LONGEST_HEADER = 200
MOST_TITLES = 40
"""How many lines of a report's title may stand above the header."""
# Declared columns beyond the header's catch rows with too many fields, which the fast scan would
# otherwise cut off in silence; the later ones catch `...,,spill`.
_SPILL = ("__spill_1", "__spill_2", "__spill_3", "__spill_4")
_LONE_CR = re.compile(r"\r(?!\n)")
_WHOLE_LINE = "\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a text file is laid out, read off its first megabyte."""

    separator: str
    end_of_line: str
    headers: Mapping[str, str]
    """A name for each column, and the header as it is written; two may be written alike."""
    lead: int = 0
    """Lines before the header, blank or of a report's title."""
    titles: int = 0
    """How many of them are not blank."""
    header_lines: int = 1
    careful: str = ""
    """Why only reading row by row will do, or nothing."""
    has_blank_tails: bool = False
    """Some row's last cell is blank, so that a row cut short looks like it."""

    @property
    def width(self) -> int:
        """How many fields a row must have: blank headers at the end may be bare separators."""
        return max((n for n, header in enumerate(self.headers.values(), 1) if header), default=1)


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A delimited text file whose head is read and whose rows are not."""

    path: str
    data: Path | bytes
    source: TextSource
    dialect: Dialect
    headers: HeaderMatch
    is_told: bool = False
    """The user said which encoding it is."""
    kind: str = "CSV"

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each of the file's columns."""
        return tuple(self.dialect.headers)

    def scan(self, *, needed: frozenset[str], scope: frozenset[str]) -> Scan:
        """The plan that reads the rows; a file that is not normal is read at once.

        Raises:
            ClaimsError: no column is the procedure code.
        """
        header = code_header(self)
        if self.dialect.careful or self.source.encoding != UTF8:
            return self.scan_rows(needed=needed, scope=scope, why=self.dialect.careful)
        rows = self._rows()
        has_spill = pl.any_horizontal(pl.col(name).is_not_null() for name in _SPILL)
        is_odd = pl.any_horizontal(pl.col(name) != "" for name in _SPILL)
        last = pl.col(self.names[self.dialect.width - 1])
        if not self.dialect.has_blank_tails:
            has_spill |= last.is_null()
        plan = LinePlan.of(self.headers, needed, scope, written=self.dialect.headers[header])
        # Reading row by row, which follows, says what is wrong with which line.
        odd: pl.Expr = pl.when(is_odd).then(pl.lit("too many or too few fields"))
        if not self.dialect.has_blank_tails:  # then it is a row cut short, if it is a claim line
            is_short = last.is_null() & odd.is_null()
            odd = pl.when(is_short).then(pl.lit(f"{SHORT}too few fields")).otherwise(odd)
        keep = plan.keep | (has_spill if plan.only is None else has_spill & plan.only)
        cells = (pl.col(INDEX).alias(ROW), odd.alias(REJECT), *plan.cells)
        is_plain = not (self.headers.line_columns or self.headers.row_filter)
        return Scan.of(
            self,
            kept=plan.spread(rows.filter(keep).select(cells)),
            sooner=self._sparse(keep, last, cells).read
            if is_plain and self._keeps_few(plan.keep)
            else None,
            rows=rows,
            code=plan.code,
            # The number of the last row: Polars counts rows by mapping the whole file into memory.
            total=rows.select(self._last_row() if is_plain else plan.total),
            notes=self._notes(),
            encoding=self.source.name,
            is_sound=self.is_sound,
            again=lambda: self.scan_rows(needed=needed, scope=scope, why=""),
        )

    def sample(self) -> pl.DataFrame:
        """The first rows, every cell as text; not those behind a quote that nothing closes."""
        lines = islice(self.source.lines(), self.dialect.lead, self.dialect.lead + SAMPLE_ROWS)
        clean = (line.replace("\0", "").encode("utf-8", "replace").decode() for line in lines)
        rows: list[list[str]] = []
        with suppress(csv.Error):  # a field longer than Python's reader takes
            rows.extend(csv.reader(clean, delimiter=self.dialect.separator))
        width = len(self.names)
        cells = [(row + [""] * width)[:width] for row in rows[1:]]
        return pl.DataFrame(cells, schema=dict.fromkeys(self.names, pl.String), orient="row")

    def scan_rows(self, *, needed: frozenset[str], scope: frozenset[str], why: str) -> Scan:
        """Read the file row by row, now.

        Raises:
            ClaimsError: the compressed file is cut short.
        """
        source = self.source
        if not (self.is_told or source.encoding.startswith("utf-16")):
            source = replace(source, encoding=detect_whole(source))
        written = self.dialect.headers[code_header(self)]
        plan = LinePlan.of(self.headers, needed, scope, written=written)
        is_wrong = pl.col(REJECT).is_not_null()
        counts: list[pl.DataFrame] = []
        totals: list[pl.DataFrame] = []
        day = self.headers.columns.get("claim_line_start_date")
        days = [pl.DataFrame(schema={"claim_line_start_date": pl.String})]

        def keep(block: pl.DataFrame) -> pl.DataFrame:
            counts.append(block.select(plan.code.alias("hcpcs_code")).group_by("hcpcs_code").len())
            sound = block.filter(~is_wrong)
            totals.append(sound.select(plan.total))
            if day is not None:
                days.append(sound.select(pl.col(day).unique().alias("claim_line_start_date")))
            kept = block.filter(plan.keep | is_wrong)
            return plan.spread(
                kept.select(pl.col(INDEX).alias(ROW), LINE, RAW, REJECT, *plan.cells)
            )

        read = read_rows(
            source,
            separator=self.dialect.separator,
            lead=self.dialect.lead,
            names=self.names,
            width=self.dialect.width,
            keep=keep,
        )
        told = [why] if why else []
        if source.encoding != UTF8:
            told.append(f"read as {source.name}")
        told.append("read row by row, which is slower")
        if read.nuls:
            told.append(f"NUL bytes left out: {read.nuls:,}")
        total = pl.concat(totals).sum().with_columns(pl.col("len") + read.wrong)
        every_code = pl.col("hcpcs_code").repeat_by("len").explode()
        return Scan.of(
            self,
            kept=read.kept.lazy(),
            rows=read.kept.lazy(),
            code=pl.col("hcpcs_code"),
            total=total.lazy(),
            codes=pl.concat(counts).lazy().select(every_code),
            days=pl.concat(days).lazy(),
            notes=(*self._notes(), *told),
            encoding=source.name,
            heading=source.raw(read.heading),
        )

    def _notes(self) -> tuple[str, ...]:
        titles = self.dialect.titles
        return (f"lines left out above the header: {titles}",) if titles else ()

    def _last_row(self) -> pl.Expr:
        before = self.dialect.lead + 1
        return (pl.col(INDEX).max().cast(pl.Int64) - before).fill_null(0).alias("len")

    def _rows(self) -> pl.LazyFrame:
        # The header is skipped, not read: Polars would rename headers that are blank or alike.
        return self._cells_of(self.data, skip=self.dialect.lead + 1)

    def _cells_of(self, data: Path | bytes, *, skip: int) -> pl.LazyFrame:
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

    def _keeps_few(self, keep: pl.Expr) -> bool:
        """Whether the file is large, and few of its first rows are kept."""
        return (
            size_of(self.data) >= two_pass.LEAST_BYTES
            and not self.source.packing
            and (self.sample().select(keep.mean()).item() or 0) <= two_pass.MOST_KEPT
        )

    def _sparse(self, keep: pl.Expr, last: pl.Expr, cells: Sequence[pl.Expr]) -> Sparse:
        may_be, is_short = self._shortness()
        return Sparse(
            rows=self._rows(),
            keep=keep,
            lacks_tail=last.is_null(),
            is_cut=last.str.ends_with(_WHOLE_LINE).fill_null(value=False),
            may_be_short=may_be,
            is_short=is_short,
            lines=self._lines_behind_header(),
            end_of_line=self.dialect.end_of_line,
            size=size_of(self.data),
            parse=lambda lines: self._cells_of(lines, skip=0).drop(INDEX),
            cells=lambda rows: rows.select(cells),
        )

    def is_sound(self, rows: Rows, not_data: pl.Series) -> bool:
        """Whether the scan found every row, and none cut short.

        Args:
            rows: what it found.
            not_data: those that are blank, titles or totals.
        """
        try:
            with native_errors_silenced():
                if not rows.are_lines and self._may_hold_breaks(rows.total):
                    # Some cell holds line breaks: meant to, or because a quote was left open. The
                    # scan looks at quotes only in columns that it reads, so it is made to read all.
                    self._rows().select(pl.all().null_count()).collect(engine="streaming")
                if self.dialect.has_blank_tails:
                    short = rows.short
                    if short is None:
                        short = self._short_lines().collect(engine="streaming")[INDEX]
                    return bool(short.is_in(not_data.implode()).all())
        except POLARS_FAILURES:
            return False
        return True

    def _may_hold_breaks(self, rows: int) -> bool:
        """Whether a row of those that a scan found may be several lines."""
        above = self.dialect.lead + self.dialect.header_lines
        return bool(self.headers.line_columns) or self._line_count() > rows + above

    def _line_count(self) -> int:
        """Lines of the file, whatever its quotes say."""
        # The number of the last line: Polars counts by mapping the whole file into memory.
        last = self._whole_lines(skip=0, first=1).select(pl.col(INDEX).max())
        return int(last.collect(engine="streaming").item() or 0)

    def _whole_lines(self, *, skip: int, first: int) -> pl.LazyFrame:
        """The lines behind some that are left out, as they stand; the first has this number."""
        return pl.scan_csv(
            self.data,
            separator=_WHOLE_LINE,
            quote_char=None,
            eol_char=self.dialect.end_of_line,
            has_header=False,
            skip_rows=skip,
            schema={two_pass.LINE: pl.String, two_pass.MORE: pl.String},
            missing_columns="insert",
            truncate_ragged_lines=True,
            row_index_name=INDEX,
            row_index_offset=first,
            glob=False,
        )

    def _lines_behind_header(self) -> pl.LazyFrame:
        skip = self.dialect.lead + self.dialect.header_lines
        return self._whole_lines(skip=skip, first=self.dialect.lead + 2)

    def _short_lines(self) -> pl.LazyFrame:
        """`__row` of lines that are short.

        A record over several lines counts as short; reading row by row then tells.
        """
        may_be, is_short = self._shortness()
        lines = self._lines_behind_header().filter(may_be)
        # A column of its own: Polars would put both tests together, and do both on every line.
        return lines.select(INDEX, is_short.alias(SHORT)).filter(SHORT).select(INDEX)

    def _shortness(self) -> tuple[pl.Expr, pl.Expr]:
        """Which whole lines may have too few separators, told fast; and which of those do.

        Those in quotes do not count, and a blank line is not short.
        """
        line, mark = pl.col(two_pass.LINE), self.dialect.separator
        fewest = self.dialect.width - 1
        bare = line.str.replace_all(r'"[^"]*"', "")
        return (
            (line.str.count_matches(mark, literal=True) < fewest)
            | line.str.contains('"', literal=True),
            (bare.str.count_matches(mark, literal=True) < fewest)
            & (line.str.strip_chars(f'{mark}" \t\r') != ""),
        )


def open_csv(
    path: str,
    data: Path | bytes,
    overrides: Mapping[str, str],
    *,
    encoding: str | None = None,
    layout: Layout | None = None,
) -> CsvFile:
    """Read the head of a delimited text file.

    Args:
        path: the file as the user named it.
        data: the file, or what came from standard input.
        overrides: canonical column to header.
        encoding: what the user says it is.
        layout: the user's layout.

    Raises:
        ClaimsError: the file is empty, or two headers claim one column.
    """
    source, head = open_text(path, data, encoding)
    expected = [*overrides.values()]
    if layout is not None:
        expected += [header for headers in layout.columns.values() for header in headers]
    dialect = sniff(head, path, encoding=source.encoding, expected=expected)
    headers = match_headers(dialect.headers, overrides, file=path, layout=layout)
    return CsvFile(path, data, source, dialect, headers, encoding is not None)


def sniff(head: bytes, path: str, *, encoding: str = UTF8, expected: Sequence[str] = ()) -> Dialect:
    """Read separator, line ends and headers off the start of a file.

    Args:
        head: its first megabyte, unpacked.
        path: its name, for messages.
        encoding: what the bytes are in.
        expected: headers that the user named.

    Raises:
        ClaimsError: nothing in it, or not a text file of claims.
    """
    text = head.decode(encoding, "replace").removeprefix("\ufeff")
    has_nuls = "\0" in text
    text = text.replace("\0", "")
    # A lone CR ends lines in files from old Macs and some mainframes; the scan would take such a
    # file for one long header and find no rows.
    end_of_line = "\r" if "\r" in text and "\n" not in text else "\n"
    # Where the head is cut off, it may be cut between CR and LF.
    seen = text.removesuffix("\r") if len(head) >= HEAD_BYTES else text
    is_mixed = end_of_line == "\n" and _LONE_CR.search(seen) is not None
    lines = _LONE_CR.sub("\n", text).split("\n") if "\r" in text else text.split("\n")
    if not any(line.strip() for line in lines):
        raise ClaimsError(f"{path}: the file is empty; expected a header row and claim lines")
    lead, separator = _find_header(lines, frozenset(map(normal, expected)))
    headers, header_lines = _record(lines, lead, separator)
    if not headers or any(len(header) > LONGEST_HEADER for header in headers):
        raise ClaimsError(
            f"{path}:{lead + 1}: the header row cannot be read; is a quote left open in it?"
        )
    titles = [line for line in lines[:lead] if line.strip()]
    reasons = {
        "holds NUL bytes": has_nuls,
        "its lines end in CR, LF or both": is_mixed,
        "a quote stands above the header": any('"' in title for title in titles),
    }
    careful = [reason for reason, holds in reasons.items() if holds]
    tails = (separator + mark + end for mark in ("", "\r") for end in (end_of_line,))
    return Dialect(
        separator=separator,
        end_of_line=end_of_line,
        headers=unique_names(headers),
        lead=lead,
        titles=len(titles),
        header_lines=header_lines,
        careful="; ".join(careful),
        # Where the head is cut off, it may be cut right behind a separator.
        has_blank_tails=any(tail in text for tail in tails)
        or (len(head) < HEAD_BYTES and text.endswith(separator)),
    )


def _find_header(lines: Sequence[str], expected: frozenset[str]) -> tuple[int, str]:
    """The line of the header and its separator: the first that says most headers we know.

    Where no line says two of them, the first line that is not blank.
    """
    filled = [n for n, line in enumerate(lines[: MOST_TITLES * 2]) if line.strip()][:MOST_TITLES]
    first, *later = filled or [next(n for n, line in enumerate(lines) if line.strip())]
    best = max(_fit(lines, first, mark, expected) for mark in SEPARATORS)
    for number in later if best[0] < 4 else ():
        fit = max(_fit(lines, number, mark, expected) for mark in SEPARATORS)
        if fit[0] > max(best[0], 1):
            first, best = number, fit
    return first, SEPARATORS[-best[2]]


def find_header(rows: Sequence[Sequence[str]], expected: Sequence[str]) -> int:
    """The row of a table of cells that is its header, by the headers it says that we know."""
    names = known_headers().keys() | set(map(normal, expected))
    filled = [n for n, row in enumerate(rows) if any(cell.strip() for cell in row)][:MOST_TITLES]
    known = {n: len(set(map(normal, rows[n])) & names) for n in filled}
    best = max(filled, key=lambda n: known[n])
    return best if known[best] > 1 else filled[0]


def _fit(
    lines: Sequence[str], number: int, mark: str, expected: frozenset[str]
) -> tuple[int, int, int]:
    """How well a line reads as headers: those we know, how many fields, the first separator."""
    headers = [normal(header) for header in _record(lines, number, mark)[0]]
    known = len(set(headers) & (known_headers().keys() | expected))
    return known, len(headers), -SEPARATORS.index(mark)


def _record(lines: Sequence[str], number: int, separator: str) -> tuple[list[str], int]:
    """The record that begins on a line, and how many lines it takes; nothing if it is damaged."""
    following = (f"{line}\n" for line in islice(lines, number, number + 50))
    reader = csv.reader(following, delimiter=separator, strict=True)
    try:
        record = next(reader, [])
    except csv.Error:  # a quote that nothing closes, or text behind one that does
        return [], 1
    return [field.strip() for field in record], reader.line_num


def unique_names(headers: list[str]) -> dict[str, str]:
    """A name of its own for each header, since two columns of a frame cannot share one."""
    named: dict[str, str] = {}
    for number, header in enumerate(headers, start=1):
        name = header or f"column {number}"
        copy = 2
        while name in named:
            name, copy = f"{header or 'column'} ({copy})", copy + 1
        named[name] = header
    return named
