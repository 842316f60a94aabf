"""The Python API: check claim lines from a program, as `import cpt77092` offers it.

Nothing here prints, exits, handles signals, or reads settings. The command line is another client
of the same run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl
from polars.io.plugins import register_io_source

from cpt77092.choices import By
from cpt77092.engine import Result as RunResult
from cpt77092.errors import Problem, UsageError
from cpt77092.findings import Totals, as_table, not_checked_rows, totals
from cpt77092.findings.rollup import as_pieces
from cpt77092.findings.schema import FINDING
from cpt77092.findings.totals import totals_table
from cpt77092.findings.unchecked import unchecked_columns, unchecked_rows
from cpt77092.frozen import frozen
from cpt77092.lakehouse.address import is_table
from cpt77092.policies import load_policies as load_policy_files
from cpt77092.policies.policy import PolicySet
from cpt77092.readers import Frame
from cpt77092.rules import CATALOGUE
from cpt77092.run import Request, run, run_in_parts
from cpt77092.text import count

RULES = CATALOGUE
"""Every rule of the catalogue, in order: `code`, `name`, `severity`, `title` and more."""

File: TypeAlias = str | PathLike[str]
Claims: TypeAlias = pl.DataFrame | pl.LazyFrame | File | Sequence[File]
"""A frame; or a claim file, folder or pattern; or several of them."""


@frozen(slots=False)
class Result:
    """What a check found, as Polars frames that are made when they are first asked for.

    Lines are named by `row_id` where `check` was given one, by claim and line number, and lines of
    files also by `source_file` and `source_row`. `scrub schema findings` describes the columns.
    """

    _run: RunResult

    @cached_property
    def findings(self) -> pl.DataFrame:
        """One row per finding, in the order of lines and rules."""
        return as_table(self._run)

    @cached_property
    def not_checked(self) -> pl.DataFrame:
        """One row per line and rule that could not be checked there, with the reason."""
        return not_checked_rows(self._run)

    @cached_property
    def claims(self) -> pl.DataFrame:
        """One row per claim with a finding: its worst severity, its reasons, its money."""
        return as_table(self._run, by=By.CLAIM)

    @cached_property
    def totals(self) -> pl.DataFrame:
        """One row: what became of all rows, counts of findings, and dollars at risk."""
        return totals_table(self._totals)

    @cached_property
    def unchecked(self) -> tuple[str, ...]:
        """Why not everything could be checked, where the command line would exit 2.

        Rejected rows, rows without a readable code, no column of modifiers, payers or dates. Blank
        where all was checked as far as it goes; `not_checked` has the rest, line by line.
        """
        return (*unchecked_rows(self._totals), *unchecked_columns(self._totals))

    @property
    def notes(self) -> tuple[str, ...]:
        """How the lines were read where a person should know, as headers that are only likely."""
        past = self._run.history
        of_past = () if past is None else past.tally.notes
        return (*self._run.batch.notes, *(f"history: {note}" for note in of_past))

    @cached_property
    def _totals(self) -> Totals:
        return totals(self._run)

    def __repr__(self) -> str:
        number, lines = self._run.findings.height, self._run.lines.height
        return f"<Result: {count(number, 'finding')} on {count(lines, 'line')} in scope>"


def check(
    lines: Claims,
    *,
    as_of: date,
    policies: PolicySet | File | None = None,
    history: Claims | None = None,
    payer: str | None = None,
    select: str | Iterable[str] = (),
    columns: Mapping[str, str] | None = None,
    row_id: str | None = None,
) -> Result:
    """Check claim lines.

    Args:
        lines: a frame with one row per claim line, under any headers that claims come with and with
            typed or text columns; or files, folders and patterns. A lazy frame is run once.
        as_of: the day of submission: a later date of service is in the future.
        policies: policies of `load_policies`, or a folder of your own policy files; the packaged
            policies where it is None.
        history: earlier claims of the same patients, in the same forms. Without it, rules about
            them are not checked.
        payer: the payer of every line, by key or name, whatever the lines say.
        select: rules to run, by code, name or group (`MO`); all where it is blank.
        columns: canonical column to header, where headers leave a question.
        row_id: the column of a frame or a table that names its rows in findings.

    Raises:
        ClaimsError: the lines cannot be read, or (`ColumnsError`) lack a column.
        UsageError: an argument names what does not exist.
        PolicyError: a policy file of yours has mistakes.
    """
    request = _request(
        lines,
        as_of=as_of,
        policies=policies,
        history=history,
        payer=payer,
        select=select,
        columns=columns,
        row_id=row_id,
    )
    return Result(run(request))


def scan(  # noqa: PLR0913 - the arguments of `check`, and one more
    lines: Claims,
    *,
    as_of: date,
    policies: PolicySet | File | None = None,
    history: Claims | None = None,
    payer: str | None = None,
    select: str | Iterable[str] = (),
    columns: Mapping[str, str] | None = None,
    row_id: str | None = None,
    parts: int | None = None,
) -> pl.LazyFrame:
    """The findings of `check` as a lazy frame: the lines are read when it is collected.

    Arguments and errors are those of `check`; errors are raised as the frame is collected.

    With `parts` the lines are checked in so many parts, which keep each patient's claims together
    and are in temporary files meanwhile: memory holds a piece of the lines or one part, and the
    findings are the same. Let `sink_parquet` write them as they come.
    """
    if parts is not None and parts < 1:
        raise UsageError(_wrong("parts", str(parts), "is no number of parts"))

    def source(
        names: list[str] | None, predicate: pl.Expr | None, rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        request = _request(
            lines,
            as_of=as_of,
            policies=policies,
            history=history,
            payer=payer,
            select=select,
            columns=columns,
            row_id=row_id,
        )
        left = rows
        for piece in _pieces(request, parts):
            first = piece if left is None else piece.head(left)
            left = None if left is None else left - first.height
            chosen = first if predicate is None else first.filter(predicate)
            yield chosen if names is None else chosen.select(names)

    return register_io_source(source, schema=FINDING)


def _pieces(request: Request, parts: int | None) -> Iterator[pl.DataFrame]:
    """The findings of a request in the order of lines and rules."""
    if parts is None:
        yield from as_pieces(run(request))
        return
    with run_in_parts(request, parts) as checked:
        yield from checked.pieces()


def _request(
    lines: Claims,
    *,
    history: Claims | None,
    columns: Mapping[str, str] | None,
    row_id: str | None,
    **others: Any,
) -> Request:
    """What `check` and `scan` are asked for; the others are arguments of `request_of`."""
    files, frame = _source(lines, "lines", row_id)
    past_files, past = ((), None) if history is None else _source(history, "history", None)
    return request_of(
        paths=files,
        frame=frame,
        history=past_files,
        past_frame=past,
        row_id=row_id,
        whole=True,
        overrides=columns or {},
        **others,
    )


def request_of(
    *, policies: PolicySet | File | None, select: str | Iterable[str], **others: Any
) -> Request:
    """A request for policies that are loaded or in a folder, and for one rule or several."""
    if policies is not None and not isinstance(policies, PolicySet):
        policies = Path(policies)
    return Request(
        policies=policies,
        select=[select] if isinstance(select, str) else list(select),
        **others,
    )


def load_policies(folder: File | None = None) -> PolicySet:
    """The packaged policies, with a folder of your own policy files laid over them.

    Loaded once, they serve any number of checks.

    Raises:
        UsageError: the folder does not exist or holds no policy file.
        PolicyError: a file is wrong; its `problems` have every mistake with file and line.
    """
    return load_policy_files(None if folder is None else Path(folder))


def _source(lines: Claims, name: str, row_id: str | None) -> tuple[list[str], Frame | None]:
    """The files that are named, or the frame that is handed over.

    Raises:
        UsageError: `row_id` names no column, or there are neither lines nor files.
    """
    if isinstance(lines, pl.DataFrame | pl.LazyFrame):
        rows = lines.lazy()
        if row_id is not None and row_id not in rows.collect_schema():
            raise UsageError(_wrong("row_id", row_id, f"{name} has no such column"))
        return [], Frame(rows, name, row_id)
    files = [fspath(file) for file in ([lines] if isinstance(lines, str | PathLike) else lines)]
    if not files:
        raise UsageError(_wrong(name, "[]", "names no claims"))
    if row_id is not None and not any(map(is_table, files)):
        raise UsageError(_wrong("row_id", row_id, "rows of files are named by file and number"))
    return files, None


def _wrong(argument: str, value: str, text: str) -> Problem:
    return Problem(text=text, argument=argument, value=value)
