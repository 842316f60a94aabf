"""Earlier claims (`--history`): only the in-scope lines of the batch's patients and claims."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date
from functools import partial

import polars as pl

from cpt77092.claims.cells import with_types
from cpt77092.errors import ClaimsError, Problem
from cpt77092.frozen import frozen
from cpt77092.readers.batch import Batch, lines_of, open_source, rejects_of
from cpt77092.readers.discover import STDIN
from cpt77092.readers.failures import POLARS_FAILURES, native_errors_silenced, reading, reason
from cpt77092.readers.frame import Frame
from cpt77092.readers.required_columns import require_person
from cpt77092.readers.scan import LINE, REJECT, Options, Scan, Selection


@frozen(kw_only=True)
class History:
    """What was read of earlier claims, and how much of them there is."""

    lines: pl.DataFrame
    """In-scope lines that share a patient or a claim number with the batch, typed like its own."""
    first_day: date | None
    """First readable service date of all rows, of any service."""
    last_day: date | None
    months: frozenset[int]
    """Months since year 0 in which a row has a patient, whoever it is."""
    first_days: pl.DataFrame
    """`person_id` of the batch's patients and `first_day`, their first row of any service."""
    rows: int
    files: tuple[str, ...]
    ignored: tuple[str, ...]
    """Files that are inputs of the run as well: a claim is not its own past."""
    rejects: pl.DataFrame
    """`source_file, source_line, reject_reason` of rows that could not be read."""
    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Files that were read with `--lenient`, and what is wrong with them: `segment: text`."""


@frozen
class _PastFile:
    """What was read of one file of earlier claims."""

    lines: pl.DataFrame
    rejects: pl.DataFrame
    days: pl.DataFrame
    """`person_id`, of others than the batch's patients only whether they have one, and `day`."""
    rows: int
    faults: tuple[str, ...]


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
        ClaimsError: a file cannot be read, or lacks a column that history needs.
    """
    inputs = {os.path.realpath(scan.path) for scan in batch.scans}
    paths = [source for source in sources if isinstance(source, str)]
    ignored = tuple(path for path in paths if os.path.realpath(path) in inputs)
    kept = [source for source in sources if source not in ignored]
    files = tuple(each.name if isinstance(each, Frame) else each for each in kept)
    if STDIN in files:
        text = "earlier claims are read from files"
        raise ClaimsError(Problem(text=text, argument="history", value=STDIN))
    selection = Selection(needed | {"person_id"}, scope, only=partial(_of_batch, batch=batch))
    people = _marks(batch, "person_id")
    read = [_read_file(each, n, selection, needed, options, people) for n, each in enumerate(kept)]
    no_days = pl.DataFrame(schema={"person_id": pl.String, "day": pl.Date})
    days = pl.concat([no_days, *(file.days for file in read)]).drop_nulls("day")
    of_people = days.filter(pl.col("person_id") != "")
    month = pl.col("day").dt.year().cast(pl.Int32) * 12 + pl.col("day").dt.month()
    no_rejects = pl.DataFrame(schema={"source_file": pl.String, LINE: pl.UInt32, REJECT: pl.String})
    return History(
        lines=pl.concat([file.lines for file in read], how="diagonal")
        if read
        else batch.lines.clear(),
        first_day=days.select(pl.col("day").min()).item(),
        last_day=days.select(pl.col("day").max()).item(),
        months=frozenset(of_people.select(month).to_series().unique()),
        first_days=of_people.group_by("person_id").agg(first_day=pl.col("day").min()),
        rows=sum(file.rows for file in read),
        files=files,
        ignored=ignored,
        rejects=pl.concat([no_rejects, *(file.rejects for file in read)], how="vertical_relaxed"),
        faults={path: file.faults for path, file in zip(files, read, strict=True) if file.faults},
    )


def _read_file(
    source: str | Frame,
    number: int,
    selection: Selection,
    needed: frozenset[str],
    options: Options,
    people: pl.LazyFrame,
) -> _PastFile:
    opened = open_source(source, selection, options)
    path = opened.path
    require_person(opened)
    with reading(path):
        scan, rows = opened.read(selection)
    lines, _ = lines_of(rows, number, needed, path, options)
    rejects = rejects_of(rows, number).select(pl.lit(path).alias("source_file"), LINE, REJECT)
    return _PastFile(lines, rejects, _days(scan, people), rows.total, scan.faults)


def _of_batch(kept: pl.LazyFrame, *, batch: Batch) -> pl.LazyFrame:
    """The rows of the batch's patients and claims, and those that may be anybody's."""
    for name in ("person_id", "claim_id"):
        kept = kept.join(_marks(batch, name), on=name, how="left", maintain_order="left")
    is_of_batch = pl.col("is_of_person_id") | pl.col("is_of_claim_id")
    is_unreadable = pl.col(REJECT).is_not_null()
    return kept.filter(is_of_batch | is_unreadable).drop("is_of_person_id", "is_of_claim_id")


def _marks(batch: Batch, name: str) -> pl.LazyFrame:
    """Every value of a column of the batch, marked; a blank names nobody."""
    values = batch.lines.select(name).unique() if name in batch.lines.columns else None
    if values is None:
        values = pl.DataFrame(schema={name: pl.String})
    named = values.filter(pl.col(name).is_not_null() & (pl.col(name) != ""))
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
    try:
        with native_errors_silenced():
            name = "claim_line_start_date"
            cells = rows.select("person_id", name).unique().collect(engine="streaming")
    except POLARS_FAILURES as failure:
        raise ClaimsError(f"{scan.path}: cannot be read ({reason(failure)})") from None
    day = with_types(cells.select(name), frozenset({name}))[name]
    return cells.select("person_id", day.alias("day").cast(pl.Date))
