"""`scrub --engine spark`: the files of a request as Spark tables, and what Spark finds in them.

The files are read twice: by the readers, for the account of their rows, and as they are, by Spark.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from polars import selectors as cs
from pyspark.sql import SparkSession

from cpt77092.errors import ClaimsError, UsageError
from cpt77092.findings.sums import Sums, added, sums
from cpt77092.frozen import frozen
from cpt77092.parts.on_disk import (
    CheckedParts,
    no_lines,
    parts_folder,
    placing,
    with_files,
    write_findings,
)
from cpt77092.readers import Batch, Options, open_claims
from cpt77092.readers.failures import POLARS_FAILURES, native_errors_silenced
from cpt77092.readers.scan import INDEX
from cpt77092.readers.typed_columns import as_texts
from cpt77092.rule import Rule
from cpt77092.run import Progress, Request, Variant, policies_of, read_all, reading_options
from cpt77092.spark.api import Lines, prepare_tables
from cpt77092.spark.arrow import PICKLED, packed, unpacked_rows
from cpt77092.spark.checker import Output
from cpt77092.spark.failures import cluster_failures
from cpt77092.spark.prepare import Prepared, Settings
from cpt77092.spark.rows import LINES_AT_ONCE
from cpt77092.text import count

_NUMBER = "__number"
"""The column with the number of a row among those of all files; no file has one of this name."""
_WITHOUT = "leave out --engine"


@contextmanager
def run_on_spark(
    request: Request,
    master: str,
    parts: int | None,
    *,
    rework_cost: Decimal | None,
    progress: Progress,
) -> Iterator[CheckedParts]:
    """Check the claim files of a request on a Spark session of its own.

    Args:
        request: what to check and how.
        master: where Spark works, `local[2]`.
        parts: in how many parts; None for as many as memory asks for.
        rework_cost: as of `findings.totals`.
        progress: called with each step.

    Raises:
        ScrubError: files, policies or arguments are not usable, or Spark does not start, or a
            worker or Spark fails.
    """
    policies = policies_of(request)
    with parts_folder() as folder, ExitStack() as stack:
        to = placing(folder)
        batch, past, (rules,), payer = read_all(request, [Variant(policies)], progress, to)
        policies, options = replace(policies, for_all=payer), reading_options(request, payer)
        own = _Files.of([scan.path for scan in batch.scans], options)
        earlier = None if past is None else _Files.of(past.files, replace(options, of_history=True))
        progress("Checking on Spark", batch.total.rows)
        stack.enter_context(cluster_failures(master))
        session = stack.enter_context(session_on(master))
        prepared = prepare_tables(
            own.lines(session),
            None if earlier is None else earlier.lines(session),
            policies,
            rules,
            options,
            Settings(parts=parts),
            as_of=request.as_of,
        )
        _require_same_account(prepared, batch)
        add = partial(sums, rework_cost=rework_cost, without=request.without)
        every, files, findings = _collected(prepared, add, own, rules, folder)
        of_none = prepared.checker.result_of(no_lines(prepared.checker.whole))
        result = with_files(of_none, batch, past, every)
        yield CheckedParts(result, every, own.end, findings, files)


@contextmanager
def session_on(master: str) -> Iterator[SparkSession]:
    """A session whose workers run this Python; it writes nothing to the terminal.

    Raises:
        UsageError: the session does not start.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    logging.getLogger().addHandler(logging.NullHandler())  # py4j logs a lost session to the root
    builder = SparkSession.builder.master(master).appName("scrub")
    for name in ("spark.ui.enabled", "spark.ui.showConsoleProgress"):
        builder = builder.config(name, "false")
    try:
        with native_errors_silenced():  # Java keeps the standard error that it is started with
            session = builder.getOrCreate()
    except Exception as failure:
        why = f"--master {master}: Spark does not start with it ({type(failure).__name__})"
        raise UsageError(f"{why}; it needs Java 17, and an address like local[2]") from None
    try:
        yield session
    finally:
        with native_errors_silenced():
            session.stop()


@frozen(eq=False)
class _Files:
    """Files with the same columns as one table whose rows are numbered through."""

    paths: Sequence[str]
    rows: pl.DataFrame
    """Their rows, with the number of each in `INDEX`."""
    ends: Sequence[int]
    """For each file the number that comes before its first row, and the last one at the end."""

    @classmethod
    def of(cls, paths: Sequence[str], options: Options) -> _Files:
        """Every row of some files as it is.

        Raises:
            ClaimsError: a file is none of a table, or they do not have the same columns.
        """
        frames, ends = list[pl.DataFrame](), [0]
        for path in paths:
            frame = _rows_of(path, options)
            frames.append(frame.with_columns(pl.col(INDEX) + ends[-1]))
            ends.append(frames[-1].select(pl.col(INDEX).max().fill_null(ends[-1])).item())
            if frame.schema != frames[0].schema:
                raise ClaimsError(f"{path}: has other columns than {paths[0]}; {_WITHOUT}")
        return cls(paths, pl.concat(frames), ends)

    @property
    def end(self) -> int:
        """A number above those of all rows."""
        return self.ends[-1] + 1

    def lines(self, session: SparkSession) -> Lines:
        """The rows as a frame of the session."""
        names = [_NUMBER if name == INDEX else name for name in self.rows.columns]
        plain = self.rows.rename({name: f"c{n}" for n, name in enumerate(self.rows.columns)})
        pieces = [(packed(piece),) for piece in plain.iter_slices(LINES_AT_ONCE)]
        frame = session.createDataFrame(pieces, "packed BINARY")
        schema = dict(plain.schema)
        sent = Settings().mapped(frame, partial(unpacked_rows, schema), schema)
        name = Path(self.paths[0]).name if len(self.paths) == 1 else "the claims"
        return Lines(sent.toDF(*names), name, _NUMBER)

    def named(self, findings: pl.DataFrame) -> pl.DataFrame:
        """Findings with the file and row of their lines in place of the numbers."""
        number = pl.col("row_id").cast(pl.Int64)
        file = pl.lit(pl.Series(self.ends[:-1], dtype=pl.Int64)).search_sorted(number, "left") - 1
        before = pl.lit(pl.Series(self.ends, dtype=pl.Int64)).gather(file)
        return findings.with_columns(
            pl.lit(pl.Series(self.paths, dtype=pl.String)).gather(file).alias("source_file"),
            (number - before).alias("source_row"),
            pl.lit(None, pl.String).alias("row_id"),
        )


def _rows_of(path: str, options: Options) -> pl.DataFrame:
    """Every row of a file as it is, in types that Spark has."""
    opened = open_claims(path, options)
    rows = opened.all_rows()
    if rows is None:
        raise ClaimsError(f"{path}: this {opened.kind} is not handed to Spark; {_WITHOUT}")
    try:
        frame = rows.collect(engine="streaming")
    except POLARS_FAILURES:
        raise ClaimsError(f"{path}: cannot be handed to Spark; {_WITHOUT}") from None
    whole = cs.integer() - cs.by_dtype(pl.UInt64, pl.Int128, pl.UInt128)
    plain = frame.with_columns(
        whole.cast(pl.Int64), cs.float().cast(pl.Float64), cs.datetime().cast(pl.Date)
    )
    kept = cs.by_dtype(pl.Int64, pl.Float64, pl.Date) | cs.decimal()
    return plain.with_columns(as_texts(plain.select(~kept)))


def _require_same_account(prepared: Prepared, batch: Batch) -> None:
    """Refuse files of which Spark reads other rows than the readers.

    Raises:
        ClaimsError: rows cannot be read, or are read otherwise.
    """
    own, total = prepared.own.account.tally, batch.total
    if own != total:
        raise ClaimsError(
            f"{batch.scans[0].path}: Spark reads {count(own.in_scope, 'line')} in scope of "
            f"{count(own.rows, 'row')}, and scrub {total.in_scope:,} of {total.rows:,}, "
            f"{total.rejected:,} rejected; {_WITHOUT}"
        )


def _collected(
    prepared: Prepared, add: Any, own: _Files, rules: Sequence[Rule], folder: Path
) -> tuple[Sums, list[Path], int]:
    """The sums of all lines; the findings in files, and how many they are."""
    task = replace(prepared.checker, output=Output.FOR_DRIVER, add=add)
    sent = prepared.settings.mapped(prepared.parted, task, PICKLED)
    numbers = {rule.code: number for number, rule in enumerate(rules)}
    parts, files, findings = list[Sums](), list[Path](), 0
    for (row,) in sent.toLocalIterator():
        piece = pickle.loads(row)  # noqa: S301 - our own workers sent it
        if not isinstance(piece, pl.DataFrame):
            parts.append(piece)
            continue
        files.append(folder / f"findings-{len(files)}.parquet")
        line = piece["row_id"].cast(pl.Int64)
        rule = piece["rule"].replace_strict(numbers, return_dtype=pl.UInt16)
        write_findings(own.named(piece), line, rule, files[-1])
        findings += piece.height
    return added(parts), files, findings
