"""Earlier claims (`--history`): only the in-scope lines of the batch's patients and claims."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from cpt77092.claims import columns
from cpt77092.errors import ClaimsError
from cpt77092.readers.batch import (
    SOURCE,
    Batch,
    Options,
    collect,
    lines_of,
    open_file,
    rejects_of,
    require_columns,
)
from cpt77092.readers.classify import (
    LINE,
    POLARS_FAILURES,
    REJECT,
    Scan,
    native_errors_silenced,
    reason,
)
from cpt77092.readers.discover import STDIN


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was read of earlier claims, and what of them there is."""

    lines: pl.DataFrame
    """In-scope lines that share a patient or a claim number with the batch, typed like its own."""
    first_day: date | None
    """First readable service date of all rows, of any service."""
    last_day: date | None
    rows: int
    files: tuple[str, ...]
    ignored: tuple[str, ...]
    """Files that are inputs of the run as well: a claim is not its own past."""
    rejects: pl.DataFrame
    """`source_file, source_line, reject_reason` of rows that could not be read."""
    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Files that were read on with `--lenient`, and what is off in them: `segment: text`."""


def read_history(
    paths: Sequence[str],
    *,
    batch: Batch,
    needed: frozenset[str],
    scope: frozenset[str],
    options: Options,
) -> History:
    """Read what earlier claims say of the batch's patients; nothing else of them is kept.

    Args:
        paths: claim files as `find_files` gives them.
        batch: the batch whose past is asked for.
        needed: canonical columns that somebody will read.
        scope: procedure codes to keep.
        options: as the batch was read with.

    Raises:
        ClaimsError: a file cannot be read, or lacks a column that history needs.
    """
    inputs = {os.path.realpath(scan.path) for scan in batch.scans}
    ignored = tuple(path for path in paths if os.path.realpath(path) in inputs)
    read = [path for path in paths if path not in ignored]
    if STDIN in read:
        raise ClaimsError("--history -: earlier claims are read from files")
    parts: list[pl.DataFrame] = []
    days: list[date] = []
    rejects: list[pl.DataFrame] = []
    faults: dict[str, tuple[str, ...]] = {}
    rows = 0
    for number, path in enumerate(read):
        scan = open_file(path, options).scan(needed=needed | {"person_id"}, scope=scope)
        require_columns(scan, options)
        _require_person(scan)
        ((scan, read_rows),) = collect([_of_batch(scan, batch)], scope)
        sorted_out = read_rows.kept.with_columns(pl.lit(number, pl.UInt32).alias(SOURCE))
        rejected = rejects_of(sorted_out)
        rejects.append(rejected.select(pl.lit(path).alias("source_file"), LINE, REJECT))
        parts.append(lines_of(sorted_out, needed, path, options)[0])
        rows += read_rows.total
        days += _first_and_last_day(scan)
        if scan.faults:
            faults[path] = scan.faults
    schema = {"source_file": pl.String, LINE: pl.UInt32, REJECT: pl.String}
    return History(
        lines=pl.concat(parts, how="diagonal") if parts else batch.lines.clear(),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        rows=rows,
        files=tuple(read),
        ignored=ignored,
        rejects=pl.concat([pl.DataFrame(schema=schema), *rejects], how="vertical_relaxed"),
        faults=faults,
    )


def _require_person(scan: Scan) -> None:
    if "person_id" not in scan.headers.columns:
        raise ClaimsError(
            f"{scan.path}: no column for person_id, by which history is matched; name it: "
            f"--map person_id=HEADER"
        )


def _of_batch(scan: Scan, batch: Batch) -> Scan:
    """The scan with the kept rows of the batch's patients and claims alone."""
    kept = scan.kept
    for name in ("person_id", "claim_id"):
        kept = kept.join(_marks(batch, name), on=name, how="left", maintain_order="left")
    is_theirs = pl.col("is_of_person_id") | pl.col("is_of_claim_id")
    # Rows that cannot be read may be anybody's, so they are kept too.
    is_broken = pl.col(REJECT).is_not_null()
    kept = kept.filter(is_theirs | is_broken).drop("is_of_person_id", "is_of_claim_id")
    again = scan.again
    return replace(
        scan,
        kept=kept,
        sooner=None,
        again=None if again is None else lambda: _of_batch(again(), batch),
    )


def _first_and_last_day(scan: Scan) -> list[date]:
    """The first and the last readable service date of all rows."""
    try:
        with native_errors_silenced():
            days_read = scan.days.unique().collect(engine="streaming")
    except POLARS_FAILURES as problem:
        raise ClaimsError(f"{scan.path}: cannot be read ({reason(problem)})") from None
    day = "claim_line_start_date"
    read = columns.typed(days_read, frozenset({day}))[day]
    return [found for found in (read.min(), read.max()) if isinstance(found, date)]


def _marks(batch: Batch, name: str) -> pl.LazyFrame:
    """Every value of a column of the batch, marked; a blank names nobody."""
    values = batch.lines.select(name).unique() if name in batch.lines.columns else None
    if values is None:
        values = pl.DataFrame(schema={name: pl.String})
    named = values.filter(pl.col(name).is_not_null() & (pl.col(name) != ""))
    return named.with_columns(pl.lit(True).alias(f"is_of_{name}")).lazy()  # noqa: FBT003
