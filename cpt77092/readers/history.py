"""Earlier claims (`--history`): only the in-scope lines of the batch's patients and claims."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl

from cpt77092.claims.cells import plain_cell, read_day_first, with_types
from cpt77092.claims.columns import BY_NAME
from cpt77092.claims.dates import Evidence
from cpt77092.errors import ClaimsError, Problem
from cpt77092.file_state import FileState, require_unchanged
from cpt77092.frozen import frozen
from cpt77092.readers.batch import (
    ROWS_SHOWN,
    Batch,
    lines_of,
    open_source,
    rejects_of,
    typed_of_files,
)
from cpt77092.readers.date_orders import (
    Orders,
    Shown,
    decided,
    shown_by_lines,
    shown_by_rows,
    together,
)
from cpt77092.readers.discover import STDIN
from cpt77092.readers.failures import native_errors_silenced, reading
from cpt77092.readers.file_lines import together_typed
from cpt77092.readers.frame import Frame
from cpt77092.readers.required_columns import require_person
from cpt77092.readers.scan import LINE, REJECT, ROW, Options, Scan, Selection
from cpt77092.text import count


@frozen
class PastTally:
    """How many rows of earlier claims are what."""

    rows: int = 0
    lines: int = 0
    """Lines in scope that share a patient or a claim with the batch."""
    no_code: int = 0
    """Claim rows that do, without a readable procedure code."""
    no_patient: int = 0
    """Lines in scope and claim rows without a readable code that could be compared with nobody:
    neither they nor the lines of their claim name a patient of the batch."""
    first_no_code: tuple[str, ...] = ()
    """Where the first rows without a code are: `row 7 of history.csv`."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the batch could not be compared with, a clause for each kind of rows."""
        notes = []
        if self.no_patient:
            notes.append(f"{count(self.no_patient, 'row')} without a patient, compared with nobody")
        if self.no_code:
            more = self.no_code - len(self.first_no_code)
            places = [*self.first_no_code, *([f"{more:,} more"] if more else [])]
            rows = f"{count(self.no_code, 'claim row')} of this batch's patients and claims"
            notes.append(f"{rows} without a readable procedure code ({', '.join(places)})")
        return tuple(notes)


@frozen
class Past:
    """The dates that earlier claims cover."""

    first_day: date | None = None
    """First service date in the files, of any service; None where no date could be read."""
    last_day: date | None = None
    months: frozenset[int] = frozenset()
    """Months since year 0 in which a row has a patient, whoever it is."""
    first_days: pl.DataFrame = field(default_factory=pl.DataFrame)
    """`person_id` of the batch's patients and `first_day`, their first row of any service."""

    def covers(self) -> str:
        """The dates in words."""
        if self.first_day is None:
            return "no readable service dates"
        return f"{self.first_day} to {self.last_day}"


@frozen(kw_only=True)
class History:
    """What was read of earlier claims, and how much of them there is."""

    lines: pl.DataFrame
    """Lines in scope, or of an unknown code, that share a patient or a claim number with the batch,
    or name no patient; typed like its own."""
    covered: Past
    tally: PastTally
    files: tuple[str, ...]
    ignored: tuple[str, ...]
    """Files that are inputs of the run as well: a claim is not its own past."""
    rejects: pl.DataFrame
    """Rows that could not be read, as in `REJECTED`."""
    states: Mapping[str, FileState | None] = field(default_factory=dict)
    """Of files before they were read, by name."""
    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Files that were read with `--lenient`, and what is wrong with them: `segment: text`."""
    day_first: History | None = None
    """The same in the other reading of its dates; None where they have but one."""


_DAY = "claim_line_start_date"
_ORIGINAL = "original_reference_number"
REJECTED = pl.Schema({"source_file": pl.String, LINE: pl.UInt32, REJECT: pl.String})
"""Rows of earlier claims that could not be read."""


@frozen
class _PastFile:
    """What was read of one file of earlier claims."""

    scan: Scan
    lines: pl.DataFrame
    """As they are written."""
    rejects: pl.DataFrame
    days: pl.DataFrame
    """`person_id`, of others than the batch's patients only whether they have one, and the date of
    service as it is written."""
    rows: int

    def shown(self, needed: frozenset[str]) -> Shown:
        """What it shows of the order of month and day."""
        days = Evidence.of(self.days[_DAY].cast(pl.String))
        return together([shown_by_lines(self.lines, needed), {_DAY: days}])


def read_history(
    sources: Sequence[str | Frame],
    *,
    batch: Batch,
    needed: frozenset[str],
    scope: frozenset[str],
    options: Options,
) -> History:
    """Read the earlier claims of the batch's patients; nothing else of the files is kept.

    Args:
        sources: claim files as `find_files` gives them, or frames.
        batch: the batch whose past is read.
        needed: canonical columns that will be read.
        scope: procedure codes to keep.
        options: as the batch was read with.

    Raises:
        ClaimsError: a file cannot be read, lacks a column that history needs, or changes while it
            is read.
    """
    inputs = {os.path.realpath(scan.path) for scan in batch.scans}
    paths = [source for source in sources if isinstance(source, str)]
    ignored = tuple(path for path in paths if os.path.realpath(path) in inputs)
    kept = [source for source in sources if source not in ignored]
    files = tuple(each.name if isinstance(each, Frame) else each for each in kept)
    if STDIN in files:
        text = "earlier claims are read from files"
        raise ClaimsError(Problem(text=text, argument="history", value=STDIN))
    options = replace(options, of_history=True)
    selection = Selection(needed | {"person_id"}, scope, only=partial(of_batch, batch=batch))
    people = _marks(batch, "person_id")
    states = {path: FileState.of(path) for path in paths if path not in ignored}
    read = [_read_file(each, n, selection, options, people) for n, each in enumerate(kept)]
    orders = _orders(batch, read, needed)
    no_days = pl.DataFrame(schema={"person_id": pl.String, _DAY: pl.Date})
    of_files = [with_types(file.days, frozenset({_DAY}), orders) for file in read]
    days = pl.concat([no_days, *of_files], how="diagonal")
    no_rejects = pl.DataFrame(schema=REJECTED)
    history = History(
        lines=_typed(read, needed, orders) if read else batch.lines.clear(),
        covered=covered(days),
        tally=_tally(batch, read),
        files=files,
        ignored=ignored,
        rejects=pl.concat([no_rejects, *(file.rejects for file in read)], how="vertical_relaxed"),
        states=states,
        faults={file.scan.path: file.scan.faults for file in read if file.scan.faults},
    )
    for path, state in states.items():
        require_unchanged(path, state)
    return replace(history, day_first=_read_day_first(history, days))


def _typed(read: Sequence[_PastFile], needed: frozenset[str], orders: Orders) -> pl.DataFrame:
    paths = [file.scan.path for file in read]
    in_types = partial(typed_of_files, needed=needed, orders=orders, paths=paths)
    return pl.concat(together_typed((file.lines for file in read), in_types), how="diagonal")


def _read_day_first(history: History, days: pl.DataFrame) -> History | None:
    """Earlier claims in the other reading of their dates; None where they have but one."""
    lines, other_days = read_day_first(history.lines), read_day_first(days)
    if lines is None and other_days is None:
        return None
    return replace(
        history,
        lines=history.lines if lines is None else lines,
        covered=covered(days if other_days is None else other_days),
    )


def _orders(batch: Batch, read: Sequence[_PastFile], needed: frozenset[str]) -> Orders:
    """The order of month and day in the batch and in earlier claims."""
    shown = together([batch.dates, *(file.shown(needed) for file in read)])
    if any(order.is_open for order in decided(shown).values()):
        shown = together([shown, *(shown_by_rows(file.scan) for file in read)])
    return decided(shown)


def covered(days: pl.DataFrame) -> Past:
    """What the rows of earlier claims cover, by their patients and dates of service."""
    days = days.select("person_id", day=_DAY).drop_nulls("day")
    of_people = days.filter(pl.col("person_id") != "")
    month = pl.col("day").dt.year().cast(pl.Int32) * 12 + pl.col("day").dt.month()
    return Past(
        first_day=days.select(pl.col("day").min()).item(),
        last_day=days.select(pl.col("day").max()).item(),
        months=frozenset(of_people.select(month).to_series().unique()),
        first_days=of_people.group_by("person_id").agg(first_day=pl.col("day").min()),
    )


def _read_file(
    source: str | Frame,
    number: int,
    selection: Selection,
    options: Options,
    people: pl.LazyFrame,
) -> _PastFile:
    opened = open_source(source, selection, options)
    path = opened.path
    require_person(opened)
    with reading(path):
        scan, rows = opened.read(selection)
    lines, _ = lines_of(rows.kept, number, options)
    rejects = rejects_of(rows, number).select(pl.lit(path).alias("source_file"), LINE, REJECT)
    return _PastFile(scan, lines, rejects, _days(scan, people), rows.total)


def _tally(batch: Batch, read: Sequence[_PastFile]) -> PastTally:
    """How many rows of earlier claims are what, where `of_batch` left the rest of them out."""
    every = pl.concat([_NO_NAMES, *map(_names, read)])
    own = every.drop_nulls("person_id")
    numbers = [batch.values("claim_id", _ORIGINAL)["claim_id"], own["claim_id"], own[_ORIGINAL]]
    claims = pl.concat(numbers).unique().implode()
    is_compared = pl.any_horizontal(
        pl.col("person_id").is_not_null(), pl.col("claim_id", _ORIGINAL).is_in(claims)
    )
    compared = every.filter(is_compared)
    no_code = compared.filter(pl.col("hcpcs_code").is_null())
    return PastTally(
        rows=sum(file.rows for file in read),
        lines=compared.height - no_code.height,
        no_code=no_code.height,
        no_patient=every.height - compared.height,
        first_no_code=tuple(no_code["place"].head(ROWS_SHOWN)),
    )


_NO_NAMES = pl.DataFrame(
    schema=dict.fromkeys(("person_id", "claim_id", _ORIGINAL, "hcpcs_code", "place"), pl.String)
)


def _names(file: _PastFile) -> pl.DataFrame:
    """Whom and which claims the lines of a file name, null where none, and where each is."""
    present = [name for name in _NO_NAMES.columns if name in file.lines.columns]
    place = pl.format("row {} of {}", ROW, pl.lit(Path(file.scan.path).name))
    texts = file.lines.select(pl.col(present).cast(pl.String).replace("", None), place=place)
    return pl.concat([_NO_NAMES, texts], how="diagonal")


def of_batch(kept: pl.LazyFrame, *, batch: Batch) -> pl.LazyFrame:
    """The rows of the batch's patients and claims, and those that may be anybody's."""
    people, claims = _marks(batch, "person_id"), _marks(batch, "claim_id")
    # An earlier void or replacement may name its own number alone, and the batch's as its original.
    originals = claims.rename({"claim_id": _ORIGINAL, "is_of_claim_id": f"is_of_{_ORIGINAL}"})
    names = set(kept.collect_schema().names())
    marks = {"person_id": people, "claim_id": claims, _ORIGINAL: originals}
    present = [name for name in marks if name in names]
    plain = {name: f"plain_{name}" for name in present}
    kept = kept.with_columns(
        plain_cell(pl.col(name), BY_NAME[name]).alias(alias) for name, alias in plain.items()
    )
    for name in present:
        mark = marks[name].rename({name: plain[name]})
        kept = kept.join(mark, on=plain[name], how="left", maintain_order="left")
    is_of = [f"is_of_{name}" for name in present]
    others = [pl.col(REJECT).is_not_null()]
    if "person_id" in names:
        # Another row of its claim may name a patient of the batch.
        others.append(pl.col(plain["person_id"]) == "")
    return kept.filter(pl.any_horizontal(*is_of, *others)).drop(is_of, *plain.values())


def _marks(batch: Batch, name: str) -> pl.LazyFrame:
    """Every value of a column of the batch, marked; a blank names nobody.

    A claim is named by a void or replacement of it, too.
    """
    named = batch.values(*([name, _ORIGINAL] if name == "claim_id" else [name]))
    named = named.filter(pl.col(name).is_not_null() & (pl.col(name) != ""))
    return named.with_columns(pl.lit(True).alias(f"is_of_{name}")).lazy()  # noqa: FBT003


_SOMEBODY = "?"
"""A patient who is not of the batch."""


def _days(scan: Scan, people: pl.LazyFrame) -> pl.DataFrame:
    """The service dates of all rows, each once for each of the batch's patients and once of others.

    `people` are the batch's patients, marked.
    """
    person = pl.col("person_id")
    other = pl.when(person == "").then(pl.lit("")).otherwise(pl.lit(_SOMEBODY))
    rows = scan.days.join(people, on="person_id", how="left").with_columns(
        person_id=pl.when("is_of_person_id").then(person).otherwise(other)
    )
    with reading(scan.path), native_errors_silenced():
        return rows.select("person_id", _DAY).unique().collect(engine="streaming")
