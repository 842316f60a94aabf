"""Rows of a Spark table become claim lines, on the workers and by the readers' own functions."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import polars as pl
import pyarrow as pa

from cpt77092.claims.cells import read_day_first, with_types
from cpt77092.claims.columns import BY_NAME, COLUMNS, TEXT_KINDS, Kind
from cpt77092.claims.dates import Order
from cpt77092.findings.schema import Schema
from cpt77092.frozen import frozen
from cpt77092.parts.ties import roots
from cpt77092.readers import ROW, ROW_ID, Options, Selection, Tally
from cpt77092.readers.batch import SOURCE, lines_of, tally_of, typed
from cpt77092.readers.code_cells import DAMAGED
from cpt77092.readers.date_orders import (
    Orders,
    Shown,
    shown_by_lines,
    shown_by_rows,
    together,
)
from cpt77092.readers.frame import FrameColumns, FrameFile, FrameRows
from cpt77092.readers.history import Covered, covered
from cpt77092.readers.line_plan import LinePlan
from cpt77092.readers.typed_columns import with_lists_spread
from cpt77092.spark.arrow import as_frame, packed, record_batches
from cpt77092.whole import Outline

ROWS_READ_AT_ONCE = 50_000
"""Rows of a table that are read together: few calls, and no more than some megabytes."""
ROOT, ACCOUNT = "root", "account"
DAYS = ("first_day", "first_day_swapped", "first_day_either")
"""The first day of a patient in earlier claims, in three readings of the dates (`_READINGS`)."""
_DAY = "claim_line_start_date"
_READINGS = (Order.MONTH_FIRST, Order.DAY_FIRST)
_CONTENT = 11
"""The seed of the hash by which rows without a number of their own are ordered."""


def sampled(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
    """Rows as they come to workers, packed, with their types."""
    for batch in batches:
        yield from packed(as_frame([batch]))


def keep_all(kept: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of earlier claims: which are of the batch's patients is known where they meet."""
    return kept


@frozen(kw_only=True)
class Account:
    """What is known of some rows of a table besides the claim lines among them."""

    tally: Tally
    present: frozenset[str]
    """Canonical columns that the lines have."""
    by_lines: Shown
    by_rows: Shown
    """What the lines, and all rows, show of the order of month and day."""
    outline: Outline
    """Of the lines, their dates read month first."""
    covered: tuple[Covered, ...] = ()
    """Of earlier claims: what all rows cover, in three readings of the dates."""

    @classmethod
    def together(cls, accounts: Sequence[Account]) -> Account:
        """One account for the rows of all; at least one."""
        return cls(
            tally=Tally.total(one.tally for one in accounts),
            present=frozenset().union(*(one.present for one in accounts)),
            by_lines=together(one.by_lines for one in accounts),
            by_rows=together(one.by_rows for one in accounts),
            outline=Outline.together([one.outline for one in accounts]),
            covered=tuple(
                map(_covered_by_all, zip(*(one.covered for one in accounts), strict=True))
            ),
        )


def _covered_by_all(parts: Iterable[Covered]) -> Covered:
    every = list(parts)
    days = [day for one in every for day in (one["first_day"], one["last_day"]) if day]
    return Covered(
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        months=frozenset().union(*(one["months"] for one in every)),
        first_days=every[0]["first_days"],
    )


@frozen(kw_only=True)
class Reader:
    """How workers read the rows of one table. It can be pickled."""

    columns: FrameColumns
    """The columns of the table."""
    headers: tuple[str, ...]
    """The header of each column of a record batch, by its position."""
    file: FrameFile
    """The table with its headers matched, without rows."""
    selection: Selection
    """What the run wants; with `only` the table has earlier claims."""
    options: Options
    row_id: str | None

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The claim lines among some rows, the days of patients, and one row with the account."""
        schema, accounts = self.schema, list[Account]()
        for file in self._files(batches):
            scan, rows = file.read(self.selection)
            lines, _ = lines_of(rows, 0, self.options)
            plain = self._plain(lines)
            coverage = [covered(each) for each in _readings(scan.days.collect())]
            accounts.append(
                Account(
                    tally=tally_of(rows),
                    present=frozenset(lines.columns) & self.selection.needed,
                    by_lines=shown_by_lines(lines, self.selection.needed),
                    by_rows=shown_by_rows(scan),
                    outline=outline_of(plain, frozenset(lines.columns), self.selection.needed, {}),
                    covered=tuple(_without_patients(each) for each in coverage),
                )
            )
            for frame in (plain, *_first_days(coverage)):
                yield from record_batches(_complete(frame, schema), schema)
        if accounts:
            packed = pl.DataFrame({ACCOUNT: [pickle.dumps(Account.together(accounts))]})
            yield from record_batches(_complete(packed, schema), schema)

    @property
    def is_past(self) -> bool:
        """Whether the rows are of earlier claims."""
        return self.selection.only is not None

    @property
    def schema(self) -> Schema:
        """The columns of what workers give: those of lines, of patients' days, and the account."""
        plan = LinePlan.of(self.file, self.selection, types=self.file.types)
        rows = pl.DataFrame(schema=dict(self.file.types)).lazy()
        cells = rows.select(plan.cells).collect_schema()
        return {
            **dict.fromkeys((ROOT, ROW), pl.Int64()),
            **dict.fromkeys((ROW_ID, DAMAGED), pl.String()),
            **{n: _declared(n, cells.get(n)) for n in BY_NAME if n in self.selection.needed},
            **dict.fromkeys(DAYS, pl.Date()),
            ACCOUNT: pl.Binary(),
        }

    def _files(self, batches: Iterable[pa.RecordBatch]) -> Iterator[FrameFile]:
        """The table in pieces that hold a good number of lines each."""
        plan = LinePlan.of(self.file, self.selection, types=self.file.types)
        parts, held = list[FrameRows](), 0
        for rows in _frames(batches, self.headers):
            spread = with_lists_spread(rows, self.columns.lists)
            parts.append(FrameRows.of(spread, plan, self.selection, row_id=self.row_id))
            held += parts[-1].kept.height
            if held >= ROWS_READ_AT_ONCE:
                yield replace(self.file, parts=parts)
                parts, held = [], 0
        if parts:
            yield replace(self.file, parts=parts)

    def _plain(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Lines in types that Spark has, with the root of each and its place among all others.

        Rows of a Spark table have no order: a number in `row_id` gives them one, else their
        content does, so that each attempt of a task comes to the same.
        """
        cells = {n: dtype for n, dtype in self.schema.items() if n in lines.columns and n != ROW}
        plain = lines.select(
            _as_declared(name, lines.schema[name], dtype) for name, dtype in cells.items()
        )
        texts = [name for name, dtype in cells.items() if dtype == pl.String]
        filled = plain.select(pl.col(texts).fill_null(""), pl.exclude(texts))
        # The lowest bits are left to tell lines with the same content apart (`numbered`).
        content = (
            filled.to_struct()
            .hash(_CONTENT)
            .to_frame(ROW)
            .select((pl.col(ROW) // 2**11 * 2**10).cast(pl.Int64))
        )
        placed = plain.hstack(content)
        if self.is_numbered:
            placed = placed.with_columns(pl.coalesce(pl.col(ROW_ID).cast(pl.Int64), ROW).alias(ROW))
        return placed.with_columns(roots(placed).reinterpret(signed=True).alias(ROOT))

    @property
    def is_numbered(self) -> bool:
        """Whether `row_id` is a number, which gives the lines their order."""
        return self.row_id is not None and self.file.types[self.row_id].is_integer()


def _frames(batches: Iterable[pa.RecordBatch], headers: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Record batches as frames of a good number of rows, with the headers of the table."""
    waiting, held = list[pa.RecordBatch](), 0
    for batch in batches:
        waiting.append(batch)
        held += batch.num_rows
        if held >= ROWS_READ_AT_ONCE:
            yield as_frame(waiting).rename(dict(zip(waiting[0].schema.names, headers, strict=True)))
            waiting, held = [], 0
    if held:
        yield as_frame(waiting).rename(dict(zip(waiting[0].schema.names, headers, strict=True)))


def _declared(name: str, dtype: pl.DataType | None) -> pl.DataType:
    """The type in which a canonical column crosses: its own, or text where cells are text."""
    if dtype is None or BY_NAME[name].kind in TEXT_KINDS or not (dtype.is_numeric()):
        is_day = BY_NAME[name].kind is Kind.DATE and dtype is not None and dtype.is_temporal()
        return pl.Date() if is_day else pl.String()
    return dtype


def _as_declared(
    name: str, dtype: pl.DataType, declared: pl.DataType | type[pl.DataType]
) -> pl.Expr:
    if declared == pl.Date and isinstance(dtype, pl.Datetime):
        return pl.col(name).dt.date()
    return pl.col(name).cast(declared)


def _complete(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The frame with all columns of a schema, null where it has none."""
    return frame.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in schema.items() if name not in frame
    )


def as_read(plain: pl.DataFrame, present: frozenset[str]) -> pl.DataFrame:
    """Lines as the readers give them before their cells are read.

    Args:
        plain: as workers gave them.
        present: the canonical columns that lines of the table have. A line without one of them
            was read where none had it, and has a blank there.
    """
    known = (ROW, ROW_ID, DAMAGED, *(name for name in BY_NAME if name in present))
    lines = plain.select(name for name in known if name in plain.columns)
    texts = [n for n, dtype in lines.schema.items() if dtype == pl.String and n in BY_NAME]
    return lines.with_columns(
        pl.col(texts).fill_null(""),
        pl.col(DAMAGED).cast(pl.Categorical),
        pl.lit(0, pl.UInt32).alias(SOURCE),
    )


def outline_of(
    plain: pl.DataFrame, present: frozenset[str], needed: frozenset[str], orders: Orders
) -> Outline:
    """The outline of lines as workers gave them; dates are read month first but for `orders`."""
    dates = {c.name: Order.MONTH_FIRST for c in COLUMNS if c.kind is Kind.DATE}
    lines = as_read(plain, present)
    return Outline.of(typed(lines, needed, {**dates, **orders}, "lines"))


def _readings(days: pl.DataFrame) -> list[pl.DataFrame]:
    """The days of earlier claims in three readings of their dates: `DAYS`. None of a batch's."""
    if not days.width:
        return []
    day = frozenset({_DAY})
    read = [with_types(days, day, {_DAY: order}) for order in _READINGS]
    either = read_day_first(with_types(days, day, {_DAY: Order.UNKNOWN}))
    return [*read, read[0] if either is None else either]


def _without_patients(coverage: Covered) -> Covered:
    return Covered(**{**coverage, "first_days": coverage["first_days"].clear()})


def _first_days(coverage: Sequence[Covered]) -> Iterator[pl.DataFrame]:
    """The first day of each patient of earlier claims in each reading, with the patient's root."""
    of_readings = [
        one["first_days"].rename({"first_day": name})
        for one, name in zip(coverage, DAYS, strict=False)
    ]
    if of_readings:
        every = pl.concat(of_readings, how="diagonal").group_by("person_id").agg(pl.col(DAYS).min())
        every = every.with_columns(pl.lit(0, pl.Int64).alias(ROW))
        yield every.with_columns(roots(every).reinterpret(signed=True).alias(ROOT))
