"""All claim files of a run as one batch: typed lines in scope, rejected rows, tallies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from itertools import chain

import polars as pl

from cpt77092.claims.cells import read_day_first, with_types
from cpt77092.claims.columns import DIAGNOSES, MODIFIERS, OF_HISTORY
from cpt77092.claims.headers import Question
from cpt77092.errors import ClaimsError, NoRoomError
from cpt77092.file_state import FileState, require_unchanged
from cpt77092.frozen import frozen
from cpt77092.lakehouse.address import is_table
from cpt77092.readers.claim_diagnoses import claim_diagnoses, with_claim_diagnoses
from cpt77092.readers.classify import ROW_KIND
from cpt77092.readers.code_cells import DAMAGED, codes_of_other_systems
from cpt77092.readers.date_orders import (
    Orders,
    Shown,
    decided,
    looked_up,
    order_notes,
    shown_by_rows,
    together,
)
from cpt77092.readers.discover import is_read_once, open_claims
from cpt77092.readers.excel_damage import notes_on_lost_digits, restore_numbers
from cpt77092.readers.failures import POLARS_FAILURES, reading
from cpt77092.readers.file_lines import FileLines, LinesOnDisk
from cpt77092.readers.frame import Frame, read_frame
from cpt77092.readers.multi_value_cells import split_sets, take_modifiers_off_codes
from cpt77092.readers.pieces import Placing
from cpt77092.readers.required_columns import require_columns
from cpt77092.readers.scan import (
    LINE,
    RAW,
    REJECT,
    ROW,
    SOURCE,
    OpenedFile,
    Options,
    Rows,
    Scan,
    Selection,
    Tally,
)
from cpt77092.text import count

COMMONEST = 5
_CODE_FORM = "^[A-Za-z]?[0-9]{3,4}[0-9A-Za-z]?$"
"""Of a procedure or revenue code: anything else in its column may name a patient."""
ROWS_SHOWN = 5
_CLAIMS_AT_ONCE = 500_000
"""Claims without diagnoses whose rows are looked up together, where the lines are on disk."""
_PLACE = {SOURCE: pl.UInt32, ROW: pl.UInt32}
REJECTED = pl.Schema({**_PLACE, LINE: pl.UInt32, REJECT: pl.String, RAW: pl.Binary})
"""Rows that could not be read."""
_NAMES = ("claim_id", "payer", "payer_id", "person_id", "billing_npi")
UNREAD_CODE = pl.Schema({**_PLACE, **dict.fromkeys(_NAMES, pl.String)})
"""Claim rows whose code cannot be read."""


@frozen(kw_only=True)
class Batch:
    """Every in-scope line of the run and an account of every other row."""

    lines: pl.DataFrame
    """One row per in-scope line: typed columns, `source`, `source_row`, `damaged_code`."""
    rejects: pl.DataFrame
    """Rows that could not be read, as in `REJECTED`."""
    unread_codes: pl.DataFrame
    """Claim rows whose code cell is filled and holds no code that can be read (`UNREAD_CODE`)."""
    scans: tuple[Scan, ...]
    tallies: tuple[Tally, ...]
    cell_notes: tuple[str, ...] = ()
    """How doubtful cells were read, each after the name of its file."""
    commonest_codes: tuple[tuple[str, int], ...] = ()
    """Where nothing is in scope: the commonest codes instead, with how many rows each."""
    folder_notes: tuple[str, ...] = ()
    """What was passed by in folders."""
    unreadable: tuple[str, ...] = ()
    """Files that could not be read, among others that could: a sentence for each."""
    dates: Shown = field(default_factory=dict)
    """What the files show of the order of month and day."""
    on_disk: LinesOnDisk | None = None
    """The lines in scope that `lines` lacks, where they are on disk."""

    @classmethod
    def of_lines(cls, lines: pl.DataFrame) -> Batch:
        """A batch of typed lines alone, whose files were read elsewhere."""
        rejects, unread = pl.DataFrame(schema=REJECTED), pl.DataFrame(schema=UNREAD_CODE)
        return cls(lines=lines, rejects=rejects, unread_codes=unread, scans=(), tallies=())

    def in_memory(self) -> Batch:
        """The batch with all of its lines in memory."""
        assert self.on_disk is not None  # noqa: S101 - asked of a batch that was just read
        lines = pl.concat(self.on_disk.every(), how="diagonal", rechunk=True)
        return replace(self, lines=lines, on_disk=None)

    def values(self, *names: str) -> pl.DataFrame:
        """The different texts of some columns, under the name of the first."""
        frames = [self.lines] if self.on_disk is None else self.on_disk.columns(names)
        different = pl.DataFrame(schema={names[0]: pl.String})
        for lines in frames:
            texts = [
                lines.select(pl.col(name).cast(pl.String).alias(names[0])).unique()
                for name in names
                if name in lines.columns
            ]
            different = pl.concat([different, *texts]).unique()
        return different

    @property
    def day_first(self) -> Batch | None:
        """The batch in the other reading of its dates; None where they have but one."""
        lines = read_day_first(self.lines)
        return None if lines is None else replace(self, lines=lines)

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with files that were read all the same, with file and segment."""
        return tuple(f"{scan.path}:{fault}" for scan in self.scans for fault in scan.faults)

    @property
    def notes(self) -> list[str]:
        """What a person should know about how each file was read."""
        scans = [f"{scan.path}: {'; '.join(scan.notes)}" for scan in self.scans if scan.notes]
        headers = [f"{scan.path}: {n}" for scan in self.scans for n in scan.opened.headers.notes]
        return [*self.folder_notes, *scans, *headers, *self.cell_notes]

    @property
    def total(self) -> Tally:
        """The tallies of all files added up."""
        return Tally.total(self.tallies)

    def require_unchanged(self) -> None:
        """Refuse files that are not what they were before they were read.

        Raises:
            ClaimsError: a file is another now.
        """
        for scan in self.scans:
            if scan.file is not None:
                require_unchanged(scan.file, scan.state)

    def rejected_rows(self) -> Iterator[bytes]:
        """The rejected rows as they are in their files, under the header of each file.

        Those of a workbook or a Parquet file, which has no rows of text, as CSV.

        Raises:
            ClaimsError: a file has changed since it was read.
        """
        for (number,), rows in self.rejects.group_by("source", maintain_order=True):
            scan = self.scans[int(str(number))]
            raw = [row for row in rows[RAW] if row is not None]
            if (cells := scan.opened.texts(rows[ROW])) is not None:
                yield cells.write_csv().encode()
            for line in [scan.heading, *raw] if raw else ():
                yield line if line.endswith((b"\n", b"\r")) else line + b"\n"
        self.require_unchanged()


def read_readable(
    paths: Sequence[str],
    read: Callable[..., Batch],
    *,
    not_found: Sequence[str] = (),
    passed_by: Sequence[str] = (),
    past: Sequence[str | Frame] = (),
) -> Batch:
    """Read all files, or where some cannot be read all others, and say which those are.

    Args:
        paths: as of `read_batch`.
        read: `read_batch` with all that it is given besides `paths` and `past`.
        not_found: a sentence for each name for which there is no file to read.
        passed_by: what was not read in folders, as `find_readable` says it.
        past: as of `read_batch`.

    Raises:
        ClaimsError: no file can be read; a sentence for each.
    """
    problems, readable = list(not_found), list(paths)
    try:
        batch = read(paths, past=past)
    except NoRoomError:
        raise
    except ClaimsError:
        # Only after a failure is each file tried alone. What is read once cannot be tried.
        if (len(paths) == 1 and not not_found) or any(is_read_once(path) for path in paths):
            raise
        for path in paths:
            try:
                read([path])
            except ClaimsError as problem:
                readable.remove(path)
                problems += problem.lines
        if not readable:
            raise ClaimsError(*problems) from None
        batch = read(readable, past=past)
    return replace(batch, unreadable=tuple(problems), folder_notes=tuple(passed_by))


def read_batch(
    sources: Sequence[str | Frame],
    *,
    needed: frozenset[str],
    scope: frozenset[str],
    options: Options,
    past: Sequence[str | Frame] = (),
    placing: Placing | None = None,
) -> Batch:
    """Read the in-scope lines of all files.

    Args:
        sources: claim files as `find_files` gives them; `-` is standard input. Or frames.
        needed: canonical columns that will be read.
        scope: procedure codes to keep.
        options: header overrides and the payer, from the command line.
        past: files of earlier claims, which are asked too where the batch does not show whether
            the month or the day of its dates comes first.
        placing: how lines that memory does not hold go to disk (`Batch.on_disk`); None for memory.

    Returns:
        The batch, with the lines in the order of files and rows.

    Raises:
        ClaimsError: a file cannot be read, lacks a required column, holds no rows, or changes while
            it is read.
    """
    selection = Selection(needed - OF_HISTORY, scope)
    lines = [
        FileLines(n, needed, partial(lines_of, number=n, options=options), placing)
        for n in range(len(sources))
    ]
    opened = [
        (_state_of(source), open_source(source, _sending(selection, to), options))
        for source, to in zip(sources, lines, strict=True)
    ]
    files = []
    for (state, file), to in zip(opened, lines, strict=True):
        one, selection = _read_file(file, state, to, selection)
        files.append(one)
    scans, tallies = [file.scan for file in files], [file.tally for file in files]
    shown = together(file.shown for file in lines)
    others = partial(_shown_by_files, past, selection, options)
    shown = looked_up(shown, lambda: map(shown_by_rows, scans), others)
    batch = Batch(
        lines=pl.DataFrame(),
        rejects=pl.concat(file.rejects for file in files),
        unread_codes=pl.concat(file.unread_codes for file in files),
        scans=tuple(scans),
        tallies=tuple(tallies),
        cell_notes=(*chain(*(file.notes for file in files)), *order_notes(decided(shown), needed)),
        commonest_codes=() if any(tally.in_scope for tally in tallies) else _commonest(scans),
        dates=shown,
        on_disk=_typed_later(lines, needed, scans, tallies, decided(shown)),
    )
    batch.require_unchanged()
    return batch if placing is not None else batch.in_memory()


@frozen
class _FileRead:
    """What was read of a file besides its lines."""

    scan: Scan
    tally: Tally
    rejects: pl.DataFrame
    unread_codes: pl.DataFrame
    notes: tuple[str, ...]


def _read_file(
    file: OpenedFile, state: FileState | None, to: FileLines, selection: Selection
) -> tuple[_FileRead, Selection]:
    """Read a file; its lines go to where they are asked for, and take some of the room."""
    scan, rows = _read_rows(file, _sending(selection, to))
    if to.placing is None:
        to.take(0, rows.kept)
    asked = tuple(to.unread.questions(file.headers.silent))
    read = _FileRead(
        replace(scan, state=state, late_questions=asked),
        tally_of(rows),
        rejects_of(rows, to.number),
        _unread_codes(rows, to.number),
        tuple(f"{scan.path}: {note}" for note in _notes(rows, to.cut_cells)),
    )
    return read, replace(selection, room=selection.room.after(rows.kept))


def late_questions(
    opened: OpenedFile, scope: frozenset[str], options: Options
) -> tuple[Question, ...]:
    """What a check of a file asks of its columns once all rows are read (`Scan.late_questions`).

    Args:
        opened: the file.
        scope: procedure codes to keep.
        options: those that it was opened with.

    Raises:
        ClaimsError: the file cannot be read, or lacks a required column.
    """
    require_columns(opened)
    modifiers = frozenset(MODIFIERS)
    to = FileLines(0, modifiers, partial(lines_of, number=0, options=options))
    return _read_file(opened, None, to, Selection(modifiers, scope))[0].scan.late_questions


def _sending(selection: Selection, lines: FileLines) -> Selection:
    return selection if lines.placing is None else replace(selection, spill=lines)


def _typed_later(
    lines: Sequence[FileLines],
    needed: frozenset[str],
    scans: Sequence[Scan],
    tallies: Sequence[Tally],
    orders: Orders,
) -> LinesOnDisk:
    """The lines of all files, to be read in their types."""
    given = None
    if needed.intersection(DIAGNOSES):
        given = claim_diagnoses(
            lines,
            scans,
            tallies,
            without=chain.from_iterable(file.without for file in lines),
            at_once=None if lines[0].placing is None else _CLAIMS_AT_ONCE,
        )

    def read(written: pl.DataFrame, names: frozenset[str]) -> pl.DataFrame:
        if given is not None and not names.isdisjoint(DIAGNOSES):
            written = with_claim_diagnoses(written, given)
        return typed_of_files(written, names, orders, [scan.path for scan in scans])

    return LinesOnDisk(lines, needed, read, given)


def _read_rows(opened: OpenedFile, selection: Selection) -> tuple[Scan, Rows]:
    with reading(opened.path):
        scan, rows = opened.read(selection)
    if not rows.total:
        what = "no rows" if scan.source_file is None else "the file has a header and no rows"
        raise ClaimsError(f"{scan.path}: {what}; nothing to check")
    return scan, rows


def _state_of(source: str | Frame) -> FileState | None:
    return FileState.of(source) if isinstance(source, str) else None


def open_source(source: str | Frame, selection: Selection, options: Options) -> OpenedFile:
    """Open a claim file, or read a table or a frame.

    Raises:
        ClaimsError: it cannot be read, or lacks a required column.
    """
    if isinstance(source, Frame):
        return read_frame(source, selection, options)
    if is_table(source):
        from cpt77092.readers.lake_table import read_table  # few runs read one

        return read_table(source, selection, options)
    with reading(source):
        opened = open_claims(source, options)
    require_columns(opened)
    return opened


def _shown_by_files(
    sources: Sequence[str | Frame], selection: Selection, options: Options
) -> list[Shown]:
    """What all rows of some files show of the order of month and day."""
    nothing = replace(selection, needed=frozenset(), scope=frozenset())
    shown = []
    for source in sources:
        if isinstance(source, Frame) or not is_read_once(source):
            opened = open_source(source, nothing, options)
            with reading(opened.path):
                scan, _ = opened.read(nothing)
            shown.append(shown_by_rows(scan))
    return shown


def lines_of(
    kept: pl.DataFrame, number: int, options: Options
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The in-scope lines of a file, as they are written, with their payer and the file's number.

    Rows of earlier claims without a readable code are lines, too: of an unknown code, a damaged one
    that begins with none.

    Args:
        kept: rows of the file, as `Rows.kept` has them.
        number: of the file.
        options: with the payer, from the command line.

    Returns:
        The lines, and how many cells of a column lost digits.
    """
    has_no_code = kept[ROW_KIND] == "no code"
    is_line = kept[ROW_KIND] == "in scope"
    if options.of_history and has_no_code.any():
        blank, code = pl.lit("").cast(kept.schema["hcpcs_code"]), pl.col("hcpcs_code")
        kept = kept.with_columns(
            pl.when(has_no_code).then(blank).otherwise(code).alias("hcpcs_code"),
            pl.when(has_no_code).then(code).otherwise(DAMAGED).alias(DAMAGED),
        )
        is_line |= has_no_code
    lines = kept if is_line.all() else kept.filter(is_line)
    lines = lines.drop(ROW_KIND, REJECT, LINE, RAW, strict=False)
    lines = lines.with_columns(pl.lit(number, pl.UInt32).alias(SOURCE))
    if options.payer is not None and "payer" not in lines.columns:
        is_named = "payer_id" in lines.columns
        lines = lines.with_columns(payer=pl.lit("" if is_named else options.payer))
    return restore_numbers(take_modifiers_off_codes(split_sets(lines)))


def _notes(rows: Rows, cut_cells: Mapping[str, int]) -> Iterator[str]:
    """What a person should know about how the cells of a file were read."""
    yield from _code_notes(rows)
    yield from notes_on_lost_digits(cut_cells)
    if rows.set_aside:
        yield (
            "rows set aside as lines of institutional claims, or as no claim lines by the layout: "
            f"{rows.set_aside:,}"
        )


def typed(lines: pl.DataFrame, needed: frozenset[str], orders: Orders, path: str) -> pl.DataFrame:
    """The lines of a file (`lines_of`) with every needed column in its type.

    Raises:
        ClaimsError: cells cannot be read.
    """
    with reading(path):
        return with_types(lines, needed, orders)


def typed_of_files(
    lines: pl.DataFrame, needed: frozenset[str], orders: Orders, paths: Sequence[str]
) -> pl.DataFrame:
    """The same of lines of several files, which have the same columns.

    Args:
        lines: with the number of their file.
        needed: as of `typed`.
        orders: as of `typed`.
        paths: of all files, by their number.

    Raises:
        ClaimsError: cells of a file cannot be read.
    """
    try:
        return with_types(lines, needed, orders)
    except POLARS_FAILURES:  # each alone, so that the one at fault is named
        files = lines.group_by(SOURCE, maintain_order=True)
        alone = [typed(own, needed, orders, paths[int(str(n))]) for (n,), own in files]
        return pl.concat(alone, how="diagonal")


def _of_kind(rows: Rows, kind: str) -> pl.DataFrame:
    """The kept rows of one kind; of most kinds a file has none."""
    is_one = rows.kept[ROW_KIND] == kind
    return rows.kept.filter(is_one) if is_one.any() else rows.kept.clear()


def rejects_of(rows: Rows, number: int) -> pl.DataFrame:
    """The rejected rows of a file: its number, row, line, reason, and the row as it is."""
    rejected = _of_kind(rows, "rejected")
    if LINE not in rejected.columns:
        nothing = pl.lit(None, pl.Binary).alias(RAW)
        rejected = rejected.with_columns(pl.col(ROW).cast(pl.UInt32).alias(LINE), nothing)
    source = pl.lit(number, pl.UInt32).alias(SOURCE)
    return rejected.with_columns(source, pl.col(ROW).cast(pl.UInt32)).select(REJECTED.names())


def _unread_codes(rows: Rows, number: int) -> pl.DataFrame:
    kept = _of_kind(rows, "no code")
    return kept.filter(pl.col("hcpcs_code") != "").select(
        pl.lit(number, pl.UInt32).alias(SOURCE),
        pl.col(ROW).cast(pl.UInt32),
        *(
            (pl.col(name) if name in kept.columns else pl.lit("")).cast(pl.String).alias(name)
            for name in _NAMES
        ),
    )


def _code_notes(rows: Rows) -> Iterator[str]:
    """Which claim rows have no code that can be read, and how many have one of another system."""
    unread = _of_kind(rows, "no code")[ROW].to_list()
    if unread:
        shown = ", ".join(map(str, unread[:ROWS_SHOWN]))
        more = f" and {len(unread) - ROWS_SHOWN:,} more" if len(unread) > ROWS_SHOWN else ""
        noun = "row" if len(unread) == 1 else "rows"
        yield f"no readable procedure code on claim {noun} {shown}{more}"
    others = _of_kind(rows, "out of scope")["hcpcs_code"]
    for what, number in codes_of_other_systems(others).items():
        yield f"{count(number, 'row')} with {what} in place of a procedure code"


def tally_of(rows: Rows) -> Tally:
    """How many of the rows that were read are what."""
    counts = dict(rows.kept[ROW_KIND].value_counts(sort=False).iter_rows())
    return Tally(
        rows=rows.total,
        in_scope=counts.get("in scope", 0) + rows.lines_elsewhere,
        no_code=counts.get("no code", 0),
        not_data=counts.get("not data", 0) + rows.set_aside,
        rejected=counts.get("rejected", 0),
    )


def _commonest(scans: Sequence[Scan]) -> tuple[tuple[str, int], ...]:
    counts = []
    for scan in scans:  # many in one plan wait for each other's threads, and none ends
        is_code = pl.col("hcpcs_code").str.strip_chars().str.contains(_CODE_FORM)
        codes = scan.codes.filter(is_code).group_by("hcpcs_code").len()
        with reading(scan.path):
            counts.append(codes.collect(engine="streaming"))
    total = pl.concat(counts).group_by("hcpcs_code").sum()
    first = total.sort(["len", "hcpcs_code"], descending=[True, False]).head(COMMONEST)
    return tuple(first.iter_rows())
