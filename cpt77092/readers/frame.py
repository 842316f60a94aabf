"""Claim lines that a program hands over as a frame, read in one pass of its plan.

A plan may be a stream that gives its rows once, so headers, lines and counts come of the same pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from itertools import chain

import polars as pl

from cpt77092.claims.headers import headers_to_read, match_headers
from cpt77092.claims.layouts import fitting
from cpt77092.errors import ClaimsError
from cpt77092.frozen import frozen
from cpt77092.readers.failures import POLARS_FAILURES
from cpt77092.readers.institutional import claim_type_columns
from cpt77092.readers.kept import KeptRows
from cpt77092.readers.line_plan import LinePlan, Noted
from cpt77092.readers.required_columns import require_columns, require_person
from cpt77092.readers.scan import (
    INDEX,
    MATCHED_ROWS,
    REJECT,
    ROW,
    ROW_ID,
    OpenedFile,
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


@frozen
class FrameRows:
    """What comes of some rows of a frame."""

    kept: pl.DataFrame
    """As of `Rows.kept`, not classified yet."""
    noted: Noted
    claims: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Rows that may have the diagnoses of lines in scope without any."""

    @classmethod
    def of(
        cls,
        rows: pl.DataFrame,
        plan: LinePlan,
        selection: Selection,
        *,
        row_id: str | None,
        before: int = 0,
    ) -> FrameRows:
        """Read some rows.

        Args:
            rows: of the columns to read, lists spread.
            plan: how they become claim lines.
            selection: what the run wants from them.
            row_id: the column that names a row.
            before: how many rows of the frame came before these.
        """
        rows = rows.with_row_index(INDEX, offset=before + 1)
        named = pl.lit(None) if row_id is None else pl.col(row_id)
        no_reason = pl.lit(None, pl.String).alias(REJECT)
        name = named.cast(pl.String).alias(ROW_ID)
        chosen = rows.lazy().filter(plan.keep)
        lines = plan.lines(chosen.select(pl.col(INDEX).alias(ROW), name, no_reason, *plan.cells))
        only = selection.only
        kept = (lines if only is None else only(lines)).collect()
        return cls(kept, plan.noted(rows, rows, of_history=only is not None))


@frozen
class FrameFile(OpenedFile):
    """A frame whose headers are matched, and what was kept of its rows."""

    types: Mapping[str, pl.DataType]
    parts: list[FrameRows] = field(default_factory=list)
    taken: KeptRows | None = None
    """What took the kept rows, where `parts` do not have them."""

    def read(self, selection: Selection) -> tuple[Scan, Rows]:
        """The rows that the pass kept.

        Raises:
            ClaimsError: the column of the procedure codes has a type that holds none.
        """
        every, kept = self.parts, self.taken
        if kept is None:
            kept = KeptRows(selection, self.headers.columns["hcpcs_code"])
            kept.take_all(pl.concat(p.kept for p in every).lazy())
        noted = Noted.together(p.noted for p in every)
        claims = pl.concat(p.claims for p in every)
        rows_of_claims = (lambda _: claims) if claims.width else None
        scan = replace(noted.scan(self), rows_of_claims=rows_of_claims)
        return scan, kept.sorted_rows(*noted.total.row(0))


@frozen
class FrameColumns:
    """The columns of a frame, before any of its rows is read."""

    frame: str
    """What messages call the frame."""
    kind: str
    types: Mapping[str, pl.DataType]
    """Type by header, lists spread."""
    lists: Mapping[str, int]
    """Header of a column of lists to how many columns it is spread over."""
    read: tuple[str, ...]
    """The columns to read: a wide table has many that mean nothing here."""

    @classmethod
    def of(cls, frame: Frame, types: Mapping[str, pl.DataType], options: Options) -> FrameColumns:
        """The columns of a frame by their types."""
        lists = lists_of_codes(types)
        plain = {
            name: dtype
            for name, dtype in types_spread(types, lists).items()
            if not dtype.is_nested() and dtype != pl.Object
        }
        wanted = headers_to_read(list(plain)) | {*options.overrides.values()}
        wanted |= set(chain(*claim_type_columns(plain).values()))
        wanted |= lists.keys() | {frame.row_id or ""}
        return cls(frame.name, frame.kind, plain, lists, tuple(n for n in types if n in wanted))

    def opened(self, rows: pl.DataFrame, selection: Selection, options: Options) -> FrameFile:
        """The frame with its headers matched.

        Args:
            rows: the first rows, lists spread: their cells help to say what a header means.
            selection: what the run wants.
            options: header overrides and layouts.

        Raises:
            ClaimsError: a required column is missing.
            UsageError: `options` name a column that the frame does not have.
        """
        headers = match_headers(
            {name: name for name in self.types},
            options.overrides,
            file=self.frame,
            layout=options.layout or fitting(options.saved_layouts, list(self.types)),
            cells=as_texts(rows.head(MATCHED_ROWS)).fill_null("").to_dict(as_series=False),
            of_history=options.of_history,
        )
        names = tuple(self.types)
        file = FrameFile(self.frame, b"", self.kind, headers, names, (), self.types)
        require_columns(file)
        if selection.only is not None:
            require_person(file)
        code = headers.columns["hcpcs_code"]
        require_codes(file.path, code, self.types[code])
        return file


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
    rows = frame.rows.select(a_pass.columns.read)
    # Not `collect_batches`, which ends early and in silence where a source fails.
    rows.sink_batches(a_pass.take, maintain_order=True, engine="streaming")
    return a_pass.finish()


class _Pass:
    """One pass over the rows of a frame: the first of them say what its headers mean."""

    def __init__(self, frame: Frame, selection: Selection, options: Options) -> None:
        self._selection, self._options, self._row_id = selection, options, frame.row_id
        types = frame.rows.collect_schema()
        self.columns = FrameColumns.of(frame, types, options)
        no_rows = pl.DataFrame(schema={name: types[name] for name in self.columns.read})
        self._waiting = [with_lists_spread(no_rows, self.columns.lists)]
        self._file: FrameFile | None = None
        self._plan: LinePlan | None = None
        self._kept: KeptRows
        self._rows = 0
        self._open_claims = pl.Series(dtype=pl.String)

    def take(self, batch: pl.DataFrame) -> None:
        """Keep what the run needs of some more rows."""
        rows = with_lists_spread(batch, self.columns.lists)
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
        rows = pl.concat(self._waiting)
        file = self.columns.opened(rows, self._selection, self._options)
        self._kept = KeptRows(self._selection, file.headers.columns["hcpcs_code"])
        self._file = file = replace(file, taken=self._kept)
        self._plan = LinePlan.of(file, self._selection, types=file.types)
        self._keep(rows, file, self._plan)
        self._waiting.clear()
        return file

    def _keep(self, rows: pl.DataFrame, file: FrameFile, plan: LinePlan) -> None:
        part = FrameRows.of(rows, plan, self._selection, row_id=self._row_id, before=self._rows)
        if plan.claim_cells and self._selection.only is None:
            part = replace(part, claims=self._rows_of_claims(rows, plan))
        self._rows += rows.height
        self._kept.take(part.kept)
        file.parts.append(replace(part, kept=part.kept.clear()))

    def _rows_of_claims(self, rows: pl.DataFrame, plan: LinePlan) -> pl.DataFrame:
        """The rows of claims with lines that may lack diagnoses: those of some rows at a time.

        The rows of a claim are together, but the last ones may go on in the next rows.
        """
        rows = rows.with_row_index(INDEX, offset=self._rows + 1)
        claim = next(cell for cell in plan.claim_cells if cell.meta.output_name() == "claim_id")
        numbers = rows.filter(plan.keep).select(claim).to_series()
        both = pl.concat([self._open_claims, numbers]).unique()
        self._open_claims = rows.tail(1).select(claim).to_series()
        return plan.rows_of_claims(rows, pl.concat([both, self._open_claims]))
