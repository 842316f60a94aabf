"""Claim lines that a program hands over as a frame, read in one pass of its plan.

A plan may be a stream that gives its rows once, so headers, lines and counts come of the same pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import polars as pl

from cpt77092.claims.headers import HeaderMatch, headers_to_read, match_headers
from cpt77092.claims.layouts import fitting
from cpt77092.errors import ClaimsError
from cpt77092.frozen import frozen
from cpt77092.readers.classify import classify
from cpt77092.readers.failures import POLARS_FAILURES
from cpt77092.readers.institutional import claim_type_columns
from cpt77092.readers.line_plan import LinePlan
from cpt77092.readers.required_columns import require_columns, require_person
from cpt77092.readers.scan import (
    INDEX,
    MATCHED_ROWS,
    REJECT,
    ROW,
    ROW_ID,
    Options,
    Rows,
    Scan,
    Selection,
)
from cpt77092.readers.typed_columns import (
    as_texts,
    lists_of_codes,
    require_codes,
    types_spread,
    with_lists_spread,
)


@frozen
class Frame:
    """Claim lines that a program hands over."""

    rows: pl.LazyFrame
    name: str
    """What messages call it."""
    row_id: str | None = None
    """The column that names a row, since its number means nothing."""
    kind: str = "frame"
    """Where the lines come from, as people say it."""


@dataclass(slots=True)
class _Kept:
    """What is kept of a frame, batch after batch, and what is counted."""

    rows: list[pl.DataFrame] = field(default_factory=list)
    totals: list[pl.DataFrame] = field(default_factory=list)
    codes: list[pl.DataFrame] = field(default_factory=list)
    days: list[pl.DataFrame] = field(default_factory=list)
    """Kept of history alone."""
    dates: list[pl.DataFrame] = field(default_factory=list)
    claims: list[pl.DataFrame] = field(default_factory=list)
    """Rows that may have the diagnoses of lines in scope without any."""

    @property
    def every_code(self) -> pl.LazyFrame:
        """The code of every row."""
        code = pl.col("hcpcs_code").repeat_by("len").explode()
        return pl.concat(self.codes).lazy().select(code)


@frozen
class FrameFile:
    """A frame whose headers are matched, and what was kept of its rows."""

    path: str
    headers: HeaderMatch
    names: tuple[str, ...]
    types: Mapping[str, pl.DataType]
    kept: _Kept = field(default_factory=_Kept)
    kind: str = "frame"
    data: bytes = b""
    notes: tuple[str, ...] = ()

    def read(self, selection: Selection) -> tuple[Scan, Rows]:
        """The rows that the pass kept.

        Raises:
            ClaimsError: the column of the procedure codes has a type that holds none.
        """
        header = self.headers.columns["hcpcs_code"]
        kept = self.kept
        classified = classify(pl.concat(kept.rows), selection.scope, header)
        days = pl.concat(kept.days) if kept.days else pl.DataFrame()
        dates = pl.concat(kept.dates).lazy() if kept.dates else None
        rows_of_claims = None if not kept.claims else lambda _: pl.concat(kept.claims)
        scan = Scan(
            opened=self,
            codes=kept.every_code,
            days=days.lazy(),
            dates=dates,
            rows_of_claims=rows_of_claims,
        )
        return scan, Rows(classified, *pl.concat(kept.totals).sum().row(0))


def read_frame(frame: Frame, selection: Selection, options: Options) -> FrameFile:
    """Read the lines of a frame, bit by bit.

    Raises:
        ClaimsError: its plan fails, it lacks a required column, or memory does not hold its lines.
        UsageError: `options` name a column that it does not have.
    """
    try:
        return read_lines(frame, selection, options)
    except POLARS_FAILURES as failure:
        # The plan is the caller's own, and so is whatever its failure quotes.
        why = f"the plan of the frame failed: {type(failure).__name__}"
        raise ClaimsError(f"{frame.name}: cannot be read ({why})") from failure


def read_lines(frame: Frame, selection: Selection, options: Options) -> FrameFile:
    """The same, where the caller words what a failing plan raises."""
    a_pass = _Pass(frame, selection, options)
    rows = frame.rows.select(a_pass.columns)
    # Not `collect_batches`, which ends early and in silence where a source fails.
    rows.sink_batches(a_pass.take, maintain_order=True, engine="streaming")
    return a_pass.finish()


class _Pass:
    """One pass over the rows of a frame: the first of them say what its headers mean."""

    def __init__(self, frame: Frame, selection: Selection, options: Options) -> None:
        self._frame, self._selection, self._options = frame, selection, options
        types = frame.rows.collect_schema()
        self._lists = lists_of_codes(types)
        self._types = {
            name: dtype
            for name, dtype in types_spread(types, self._lists).items()
            if not dtype.is_nested() and dtype != pl.Object
        }
        self.columns = [name for name in types if name in self._wanted()]
        """The columns to read: a wide table has many that mean nothing here."""
        self._waiting = [with_lists_spread(_no_rows(types, self.columns), self._lists)]
        self._file: FrameFile | None = None
        self._plan: LinePlan | None = None
        self._room = selection.room
        self._rows = 0
        self._open_claims = pl.Series(dtype=pl.String)

    def _wanted(self) -> frozenset[str]:
        named = headers_to_read(list(self._types)) | {*self._options.overrides.values()}
        named |= set(chain(*claim_type_columns(self._types).values()))
        return named | self._lists.keys() | {self._frame.row_id or ""}

    def take(self, batch: pl.DataFrame) -> None:
        """Keep what the run needs of some more rows."""
        rows = with_lists_spread(batch, self._lists)
        if self._file is not None and self._plan is not None:
            self._keep(rows, self._file, self._plan)
            return
        self._waiting.append(rows)
        if sum(each.height for each in self._waiting) >= MATCHED_ROWS:
            self._open()

    def finish(self) -> FrameFile:
        """The frame, once all of its rows were taken."""
        return self._file or self._open()

    def _open(self) -> FrameFile:
        frame, rows = self._frame, pl.concat(self._waiting)
        headers = match_headers(
            {name: name for name in self._types},
            self._options.overrides,
            file=frame.name,
            layout=self._options.layout or fitting(self._options.saved_layouts, list(self._types)),
            cells=as_texts(rows.head(MATCHED_ROWS)).fill_null("").to_dict(as_series=False),
            of_history=self._options.of_history,
        )
        self._file = file = FrameFile(
            frame.name, headers, tuple(self._types), self._types, kind=frame.kind
        )
        require_columns(file)
        if self._selection.only is not None:
            require_person(file)
        code = headers.columns["hcpcs_code"]
        require_codes(file.path, code, self._types[code])
        self._plan = LinePlan.of(file, self._selection, types=self._types)
        self._keep(rows, file, self._plan)
        self._waiting.clear()
        return file

    def _keep(self, rows: pl.DataFrame, file: FrameFile, plan: LinePlan) -> None:
        kept, selection = file.kept, self._selection
        rows = rows.with_row_index(INDEX, offset=self._rows + 1)
        self._rows += rows.height
        kept.totals.append(rows.select(plan.total))
        code = plan.code.cast(pl.String).alias("hcpcs_code")
        kept.codes.append(rows.select(code).group_by("hcpcs_code").len())
        if selection.only is not None:
            kept.days.append(rows.select(plan.days).unique())
        if plan.dates:
            kept.dates.append(rows.select(plan.dates))
        if plan.claim_cells and selection.only is None:
            kept.claims.append(self._rows_of_claims(rows, plan))
        named = pl.lit(None) if self._frame.row_id is None else pl.col(self._frame.row_id)
        row_id = named.cast(pl.String).alias(ROW_ID)
        no_reason = pl.lit(None, pl.String).alias(REJECT)
        chosen = (
            rows.lazy()
            .filter(plan.keep)
            .select(pl.col(INDEX).alias(ROW), row_id, no_reason, *plan.cells)
        )
        lines = plan.lines(chosen)
        lines = lines if selection.only is None else selection.only(lines)
        kept.rows.append(lines.collect())
        self._room = self._room.with_more(kept.rows[-1])

    def _rows_of_claims(self, rows: pl.DataFrame, plan: LinePlan) -> pl.DataFrame:
        """The rows of claims with lines that may lack diagnoses: those of some rows at a time.

        The rows of a claim are together, but the last ones may go on in the next rows.
        """
        claim = next(cell for cell in plan.claim_cells if cell.meta.output_name() == "claim_id")
        numbers = rows.filter(plan.keep).select(claim).to_series()
        both = pl.concat([self._open_claims, numbers]).unique()
        self._open_claims = rows.tail(1).select(claim).to_series()
        return plan.rows_of_claims(rows, pl.concat([both, self._open_claims]))


def _no_rows(types: Mapping[str, pl.DataType], names: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(schema={name: types[name] for name in names})
