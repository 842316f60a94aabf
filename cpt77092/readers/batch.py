"""All claim files of a run, collected together: typed lines in scope, rejects, tallies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from cpt77092.claims import columns
from cpt77092.claims.dates import told_of
from cpt77092.claims.layouts import Layout
from cpt77092.errors import ClaimsError
from cpt77092.readers import memory
from cpt77092.readers.classify import (
    KIND,
    LINE,
    POLARS_FAILURES,
    RAW,
    REJECT,
    ROW,
    OpenedFile,
    Rows,
    Scan,
    Tally,
    classify,
    native_errors_silenced,
    reason,
)
from cpt77092.readers.discover import is_read_once, open_claims
from cpt77092.readers.excel_damage import mend_numbers
from cpt77092.readers.multi_value_cells import split_sets

SOURCE = "source"
"""Index of the file in `Batch.scans`."""
COMMONEST = 5
ROW_BYTES = 800
"""Of memory per kept row, at the peak of reading: 0.75 GB for a million of 49 columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user said about reading."""

    overrides: Mapping[str, str] = field(default_factory=dict)
    """Canonical column to header (`--map`)."""
    payer: str | None = None
    """Read every line as this payer's (`--payer`)."""
    lenient: bool = False
    """Read past counts that are off in an X12 file (`--lenient`)."""
    encoding: str | None = None
    """Of text files (`--encoding`); detected where it is not said."""
    sheet: str | None = None
    """Of workbooks (`--sheet`); the first where it is not said."""
    layout: Layout | None = None
    """Which headers mean what (`--layout`), beside what is known of headers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Every in-scope line of the run and an account of every other row."""

    lines: pl.DataFrame
    """One row per in-scope line: `claims.typed` columns, `source`, `source_row`, `damaged_code`."""
    rejects: pl.DataFrame
    """`source, source_row, source_line, reject_reason, raw` of rows that could not be read."""
    scans: tuple[Scan, ...]
    tallies: tuple[Tally, ...]
    cell_notes: tuple[str, ...] = ()
    """How doubtful cells were read, each after the name of its file."""
    commonest_codes: tuple[tuple[str, int], ...] = ()
    """Where nothing is in scope: the commonest codes instead, with how many rows each."""
    unreadable: tuple[str, ...] = ()
    """Files that could not be read, among others that could: a sentence for each."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What is off in files that were read all the same, with file and segment."""
        return tuple(f"{scan.path}:{fault}" for scan in self.scans for fault in scan.faults)

    @property
    def notes(self) -> list[str]:
        """What a person should know about how each file was read."""
        scans = [f"{scan.path}: {'; '.join(scan.notes)}" for scan in self.scans if scan.notes]
        return [*scans, *self.cell_notes]

    def rejected_rows(self) -> Iterator[bytes]:
        """The rejected rows as they stand in their files, under the header of each file."""
        for (number,), rows in self.rejects.group_by("source", maintain_order=True):
            raw = [row for row in rows[RAW] if row is not None]
            for line in [self.scans[int(str(number))].heading, *raw] if raw else ():
                yield line if line.endswith((b"\n", b"\r")) else line + b"\n"

    @property
    def total(self) -> Tally:
        """The tallies of all files added up."""
        return Tally(
            rows=sum(t.rows for t in self.tallies),
            in_scope=sum(t.in_scope for t in self.tallies),
            no_code=sum(t.no_code for t in self.tallies),
            not_data=sum(t.not_data for t in self.tallies),
            rejected=sum(t.rejected for t in self.tallies),
        )


def read_readable(
    paths: Sequence[str],
    *,
    lost: Sequence[str] = (),
    needed: frozenset[str],
    scope: frozenset[str],
    options: Options,
) -> Batch:
    """Read all files, or where some cannot be read all others, and say which those are.

    Args:
        paths: as of `read_batch`.
        lost: a sentence for each file that is known to be unreadable before any is read.
        needed: as of `read_batch`.
        scope: as of `read_batch`.
        options: as of `read_batch`.

    Raises:
        ClaimsError: no file can be read; a sentence for each.
    """
    told, readable = list(lost), list(paths)
    try:
        batch = read_batch(paths, needed=needed, scope=scope, options=options)
    except ClaimsError:
        # Only after a failure is each file tried alone. What is read once cannot be tried.
        if (len(paths) == 1 and not lost) or any(is_read_once(path) for path in paths):
            raise
        for path in paths:
            try:
                read_batch([path], needed=needed, scope=scope, options=options)
            except ClaimsError as problem:
                readable.remove(path)
                told += problem.lines
        if not readable:
            raise ClaimsError(*told) from None
        batch = read_batch(readable, needed=needed, scope=scope, options=options)
    return replace(batch, unreadable=tuple(told))


def read_batch(
    paths: Sequence[str], *, needed: frozenset[str], scope: frozenset[str], options: Options
) -> Batch:
    """Read the in-scope lines of all files in one collect.

    Args:
        paths: claim files as `find_files` gives them; `-` is standard input.
        needed: canonical columns that somebody will read.
        scope: procedure codes to keep.
        options: header overrides and the payer, from the command line.

    Returns:
        The batch, with the lines in the order of files and rows.

    Raises:
        ClaimsError: a file cannot be read, lacks a required column, or holds no rows.
    """
    scans = [open_file(path, options).scan(needed=needed, scope=scope) for path in paths]
    for scan in scans:
        require_columns(scan, options)
    read = collect(scans, scope)
    parts, rejects, tallies = [], [], []
    told: list[str] = []
    for number, (scan, rows) in enumerate(read):
        if not rows.total:
            raise ClaimsError(f"{scan.path}: the file has a header and no rows; nothing to check")
        sorted_out = rows.kept.with_columns(pl.lit(number, pl.UInt32).alias(SOURCE))
        tallies.append(_tally(sorted_out, rows))
        rejects.append(rejects_of(sorted_out))
        lines, notes = lines_of(sorted_out, needed, scan.path, options)
        told += [f"{scan.path}: {note}" for note in notes]
        parts.append(lines)
    found = tuple(scan for scan, _ in read)
    return Batch(
        lines=pl.concat(parts, how="diagonal", rechunk=True),
        rejects=pl.concat(rejects),
        scans=found,
        tallies=tuple(tallies),
        cell_notes=tuple(told),
        commonest_codes=() if any(t.in_scope for t in tallies) else _commonest(found),
    )


def lines_of(
    sorted_out: pl.DataFrame, needed: frozenset[str], path: str, options: Options
) -> tuple[pl.DataFrame, list[str]]:
    """The in-scope lines among the classified rows of a file, typed, with their payer.

    Returns:
        The lines, and what a person should know about how their cells were read.
    """
    is_line = sorted_out[KIND] == "in scope"
    lines = sorted_out if is_line.all() else sorted_out.filter(is_line)
    lines = lines.drop(KIND, REJECT, LINE, RAW, strict=False)
    if options.payer is not None:
        lines = lines.with_columns(payer=pl.lit(options.payer), payer_id=pl.lit(""))
    _require_payers(lines, path)
    lines, cut = mend_numbers(split_sets(lines))
    return _typed(lines, needed, path), [*cut, *_date_notes(lines, needed)]


def open_file(path: str, options: Options) -> OpenedFile:
    """Open one claim file as the user said files are to be read."""
    return open_claims(
        path,
        options.overrides,
        lenient=options.lenient,
        encoding=options.encoding,
        sheet=options.sheet,
        layout=options.layout,
    )


def collect(scans: Sequence[Scan], scope: frozenset[str]) -> list[tuple[Scan, Rows]]:
    """Read the rows of all files together, and say what each is.

    A file that proves damaged is read once more, row by row: its scan is then that one.

    Raises:
        ClaimsError: a file cannot be read in any way.
    """
    return [_sorted_out(scan, rows, scope) for scan, rows in _collect(scans)]


def _sorted_out(scan: Scan, rows: Rows, scope: frozenset[str]) -> tuple[Scan, Rows]:
    """The kept rows with what they are; of a damaged file, once it is read row by row."""
    kept = classify(columns.coded(rows.kept), scope, scan.headers.columns.get("hcpcs_code", ""))
    if scan.again is not None:
        not_data = kept.filter(pl.col(KIND) == "not data")[ROW]
        is_sound = not (kept[KIND] == "rejected").any() and (
            scan.is_sound is None or scan.is_sound(rows, not_data)
        )
        if not is_sound:
            careful = scan.again()
            return _sorted_out(careful, _collected([careful])[0], scope)
    return scan, replace(rows, kept=kept)


def rejects_of(sorted_out: pl.DataFrame) -> pl.DataFrame:
    """The rejected rows among classified ones: file, row, line, reason, and the row as it stood."""
    rejected = sorted_out.filter(pl.col(KIND) == "rejected")
    if LINE not in rejected.columns:
        nothing = pl.lit(None, pl.Binary).alias(RAW)
        rejected = rejected.with_columns(pl.col(ROW).cast(pl.UInt32).alias(LINE), nothing)
    return rejected.select(SOURCE, pl.col(ROW).cast(pl.UInt32), LINE, REJECT, RAW)


def _date_notes(lines: pl.DataFrame, needed: frozenset[str]) -> Iterator[str]:
    for column in columns.COLUMNS:
        name = column.name
        if column.kind is columns.Kind.DATE and name in needed and name in lines.columns:
            cells = lines[name]
            if cells.dtype in (pl.String, pl.Categorical) and (note := told_of(cells)):
                yield f"{name}: {note}"


def _require_payers(lines: pl.DataFrame, path: str) -> None:
    """A file without a payer column must name the payer of every line by its id."""
    if "payer" in lines.columns or not lines.height:
        return
    unnamed = int((lines["payer_id"] == "").sum())
    if unnamed:
        raise ClaimsError(
            f"{path}: no payer column, and {unnamed} of {lines.height} lines have no payer id; "
            f"name the column: --map payer=HEADER, or say whose they are: --payer medicare"
        )


def _typed(lines: pl.DataFrame, needed: frozenset[str], path: str) -> pl.DataFrame:
    try:
        return columns.typed(lines, needed)
    except POLARS_FAILURES as problem:
        raise ClaimsError(f"{path}: cannot be read ({reason(problem)})") from None


def require_columns(scan: Scan, options: Options) -> None:
    """Refuse a file that lacks a column without which nothing can be checked.

    Raises:
        ClaimsError: it says which, and how to name it.
    """
    for column in columns.COLUMNS:
        if not column.required or column.name in scan.headers.columns:
            continue
        if column.name == "payer":
            if options.payer is not None or "payer_id" in scan.headers.columns:
                continue
            raise ClaimsError(
                f"{scan.path}: no payer column; say whose claims these are with --payer medicare "
                f"(or another payer), or name the column: --map payer=HEADER"
            )
        raise ClaimsError(
            f"{scan.path}: no column for {column.name}; name it: --map {column.name}=HEADER "
            f"(scrub columns {scan.path} shows the headers)"
        )


def _collect(scans: Sequence[Scan]) -> list[tuple[Scan, Rows]]:
    """Collect all scans together; where that fails, those that break it are read row by row."""
    try:
        return list(zip(scans, _collected(scans), strict=True))
    except POLARS_FAILURES:
        pass
    found = []
    for scan in scans:
        tried = scan
        try:
            rows = _collected([scan])[0]
        except POLARS_FAILURES as problem:
            if scan.again is None:
                raise ClaimsError(f"{scan.path}: cannot be read ({reason(problem)})") from None
            tried = scan.again()
            rows = _collected([tried])[0]
        found.append((tried, rows))
    return found


def _collected(scans: Sequence[Scan]) -> list[Rows]:
    gather = _gathering()
    with native_errors_silenced():
        # Each with a count of its own: what gives up half-way holds no memory.
        sooner = [scan.sooner and scan.sooner(_gathering()) for scan in scans]
        others = [scan for scan, rows in zip(scans, sooner, strict=True) if rows is None]
        # One after the other: the totals need next to no cells, and together both hold more memory.
        kept = [gather(scan.kept) for scan in others]
        totals = pl.collect_all([scan.total for scan in others], engine="streaming")
    whole = (Rows(rows, *t.row(0)) for rows, t in zip(kept, totals, strict=True))
    return [rows or next(whole) for rows in sooner]


def _gathering() -> Callable[[pl.LazyFrame], pl.DataFrame]:
    """What collects the rows of one plan after the other, as long as there is room for them all."""
    room, rows = memory.free(), 0

    def gather(plan: pl.LazyFrame) -> pl.DataFrame:
        parts = [pl.DataFrame(schema=plan.collect_schema())]

        def take(part: pl.DataFrame) -> None:
            nonlocal rows
            parts.append(part)
            rows += part.height
            memory.require(rows * ROW_BYTES, rows, room)

        # Not `collect_batches`, which ends early and in silence where a file breaks the reader.
        plan.sink_batches(take, maintain_order=True, engine="streaming")
        return pl.concat(parts)

    return gather


def _tally(kept: pl.DataFrame, rows: Rows) -> Tally:
    counts = dict(kept[KIND].value_counts(sort=False).iter_rows())
    return Tally(
        rows=rows.total,
        in_scope=counts.get("in scope", 0),
        no_code=counts.get("no code", 0),
        not_data=counts.get("not data", 0) + rows.set_aside,
        rejected=counts.get("rejected", 0),
    )


def _commonest(scans: Sequence[Scan]) -> tuple[tuple[str, int], ...]:
    codes = pl.concat([scan.codes for scan in scans])
    counts = (
        codes.filter(pl.col("hcpcs_code").fill_null("") != "")
        .group_by("hcpcs_code")
        .len()
        .sort(["len", "hcpcs_code"], descending=[True, False])
        .head(COMMONEST)
        .collect(engine="streaming")
    )
    return tuple(counts.iter_rows())
