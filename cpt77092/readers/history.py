"""Earlier claims (`--history`): only the in-scope lines of the batch's patients and claims."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import polars as pl

from cpt77092.claims.cells import with_types
from cpt77092.errors import ClaimsError
from cpt77092.readers.batch import Batch, lines_of, rejects_of
from cpt77092.readers.discover import STDIN, open_claims
from cpt77092.readers.failures import POLARS_FAILURES, native_errors_silenced, reading, reason
from cpt77092.readers.required_columns import require_columns
from cpt77092.readers.scan import LINE, REJECT, OpenedFile, Options, Scan, Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was read of earlier claims, and how much of them there is."""

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
    """Files that were read with `--lenient`, and what is wrong with them: `segment: text`."""


@dataclass(frozen=True, slots=True)
class _PastFile:
    """What was read of one file of earlier claims."""

    lines: pl.DataFrame
    rejects: pl.DataFrame
    days: list[date]
    rows: int
    faults: tuple[str, ...]


def read_history(
    paths: Sequence[str],
    *,
    batch: Batch,
    needed: frozenset[str],
    scope: frozenset[str],
    options: Options,
) -> History:
    """Read the earlier claims of the batch's patients; nothing else of the files is kept.

    Args:
        paths: claim files as `find_files` gives them.
        batch: the batch whose past is read.
        needed: canonical columns that will be read.
        scope: procedure codes to keep.
        options: as the batch was read with.

    Raises:
        ClaimsError: a file cannot be read, or lacks a column that history needs.
    """
    inputs = {os.path.realpath(scan.path) for scan in batch.scans}
    ignored = tuple(path for path in paths if os.path.realpath(path) in inputs)
    files = tuple(path for path in paths if path not in ignored)
    if STDIN in files:
        raise ClaimsError("--history -: earlier claims are read from files")
    selection = Selection(needed | {"person_id"}, scope, only=partial(_of_batch, batch=batch))
    read = [_read_file(path, n, selection, needed, options) for n, path in enumerate(files)]
    days = [day for file in read for day in file.days]
    no_rejects = pl.DataFrame(schema={"source_file": pl.String, LINE: pl.UInt32, REJECT: pl.String})
    return History(
        lines=pl.concat([file.lines for file in read], how="diagonal")
        if read
        else batch.lines.clear(),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        rows=sum(file.rows for file in read),
        files=files,
        ignored=ignored,
        rejects=pl.concat([no_rejects, *(file.rejects for file in read)], how="vertical_relaxed"),
        faults={path: file.faults for path, file in zip(files, read, strict=True) if file.faults},
    )


def _read_file(
    path: str, number: int, selection: Selection, needed: frozenset[str], options: Options
) -> _PastFile:
    with reading(path):
        opened = open_claims(path, options)
        require_columns(opened)
        _require_person(opened)
        scan, rows = opened.read(selection)
    lines, _ = lines_of(rows, number, needed, path, options)
    rejects = rejects_of(rows, number).select(pl.lit(path).alias("source_file"), LINE, REJECT)
    return _PastFile(lines, rejects, _first_and_last_day(scan), rows.total, scan.faults)


def _require_person(opened: OpenedFile) -> None:
    if "person_id" not in opened.headers.columns:
        raise ClaimsError(
            f"{opened.path}: no column for person_id, by which history is matched; name it: scrub "
            f"columns {shlex.quote(opened.path)} --map person_id=HEADER --save history"
        )


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


def _first_and_last_day(scan: Scan) -> list[date]:
    """The first and the last readable service date of all rows."""
    try:
        with native_errors_silenced():
            cells = scan.days.unique().collect(engine="streaming")
    except POLARS_FAILURES as failure:
        raise ClaimsError(f"{scan.path}: cannot be read ({reason(failure)})") from None
    name = "claim_line_start_date"
    days = with_types(cells, frozenset({name}))[name]
    return [day for day in (days.min(), days.max()) if isinstance(day, date)]
