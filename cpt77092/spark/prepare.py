"""What is worked out on all lines before any is checked: one pass over the input.

The rows in scope are kept in Spark's cache, or in a folder, and read from there afterwards.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import field, replace
from datetime import date
from functools import partial, reduce
from itertools import chain
from typing import Any
from uuid import uuid4

import polars as pl
from pyspark.sql import DataFrame

from cpt77092.claims.dates import Order
from cpt77092.claims.headers import headers_to_read
from cpt77092.errors import ClaimsError, Problem, UsageError
from cpt77092.findings.schema import Schema
from cpt77092.findings.sums import added, sums
from cpt77092.findings.totals import Totals, add_up
from cpt77092.frozen import frozen
from cpt77092.parts.check import with_firsts
from cpt77092.parts.on_disk import no_lines
from cpt77092.parts.ties import Blanks, united
from cpt77092.policies.policy import PolicySet
from cpt77092.readers import Frame, Options, Selection
from cpt77092.readers.date_orders import Orders, Shown, decided, looked_up, order_notes, together
from cpt77092.readers.frame import FrameColumns
from cpt77092.readers.history import Past
from cpt77092.readers.institutional import claim_type_columns
from cpt77092.readers.line_plan import LinePlan
from cpt77092.readers.scan import MATCHED_ROWS, Scan
from cpt77092.readers.typed_columns import with_lists_spread
from cpt77092.rule import Rule
from cpt77092.spark.arrow import PICKLED, spark_schema
from cpt77092.spark.checker import (
    PARTED,
    TABLES,
    Cells,
    Checker,
    Output,
    Parter,
    categories,
    claim_lines,
    claim_numbers,
    claim_rows,
    given_diagnoses,
    tie,
)
from cpt77092.spark.new_folder import NewFolder
from cpt77092.spark.rows import LINES, Account, Reader, sampled
from cpt77092.spark.worker import on_worker
from cpt77092.whole import Outline, Whole

USUAL_SHARE = 0.05
"""A large table of which fewer lines in scope lack diagnoses is not read a second time for them."""
_DAY = "claim_line_start_date"


@frozen(kw_only=True)
class Settings:
    """How Spark is used."""

    memory: int = 10**9
    """Bytes that the check of one part may take."""
    parts: int | None = None
    """How many parts to make; None for as many as `memory` asks for."""
    threads: int = 1
    """Threads of Polars for each task."""
    folder: str | None = None
    """Where lines are kept between the passes; None for Spark's cache."""

    run: str = field(default_factory=lambda: f"cpt77092-{uuid4().hex}")
    """The name of the run's own folder there."""

    def mapped(self, frame: DataFrame, task: object, schema: Schema) -> DataFrame:
        """What workers make of a frame, in the columns declared."""
        work = on_worker(pickle.dumps(task), self.threads)
        return frame.mapInArrow(work, spark_schema(schema))

    def collected(self, frame: DataFrame, task: object) -> list[Any]:
        """What workers send back of a frame."""
        return [pickle.loads(row[0]) for row in self.mapped(frame, task, PICKLED).collect()]  # noqa: S301

    def kept(self, rows: DataFrame, name: str) -> DataFrame:
        """The same rows, to be made once and read several times."""
        if self.folder is None:
            return rows.persist()
        path = f"{self.folder.rstrip('/')}/{self.run}/{name}"
        rows.write.parquet(path)
        return rows.sparkSession.read.parquet(path)


@frozen(kw_only=True)
class Table:
    """A Spark table of which the lines in scope are kept."""

    rows: DataFrame
    """Packed lines, as in `LINES`."""
    source: DataFrame
    """The columns to read, as they came."""
    reader: Reader
    account: Account

    def cells(self, orders: Orders) -> Cells:
        """How the cells of its lines are read."""
        needed = self.reader.typed
        return Cells(needed=needed, present=self.account.present, orders=orders)


def read_table(
    df: DataFrame,
    name: str,
    selection: Selection,
    options: Options,
    settings: Settings,
    *,
    needed: frozenset[str],
    row_id: str | None = None,
) -> Table | None:
    """Read a table once; None if it has no rows.

    Args:
        df: claim lines under any headers.
        name: what messages call it.
        selection: what the run wants; with `only` the table has earlier claims.
        options: header overrides and the payer.
        settings: how Spark is used.
        needed: canonical columns that the rules read.
        row_id: the column that names rows.

    Raises:
        ClaimsError: it lacks a required column.
        UsageError: an argument names a column that it does not have.
    """
    chosen = _chosen(df.columns, options, row_id, name)
    plain = df.toDF(*(f"c{number}" for number in range(len(df.columns))))
    narrow = plain.select(*(f"c{number}" for number in chosen))
    headers = tuple(df.columns[number] for number in chosen)
    firsts = settings.collected(narrow.limit(MATCHED_ROWS), sampled) if headers else []
    if headers and not firsts:
        return None
    first = pl.concat(firsts).rename(lambda c: df.columns[int(c[1:])]) if firsts else pl.DataFrame()
    types = {header: first.schema.get(header, pl.String()) for header in df.columns}
    columns = FrameColumns.of(Frame(first.lazy(), name, row_id), types, options)
    reader = Reader(
        columns=columns,
        headers=headers,
        file=columns.opened(with_lists_spread(first, columns.lists), selection, options),
        selection=selection,
        options=options,
        row_id=row_id,
        typed=needed,
    )
    rows = settings.kept(settings.mapped(narrow, reader, LINES), name)
    accounts = rows.select("account").collect()
    account = Account.together([pickle.loads(row[0]) for row in accounts])  # noqa: S301
    return Table(rows=rows, source=narrow, reader=reader, account=account)


def _chosen(headers: Sequence[str], options: Options, row_id: str | None, name: str) -> list[int]:
    """The columns to read, by their number."""
    if row_id is not None and row_id not in headers:
        text = f"{name} has no such column"
        raise UsageError(Problem(text=text, argument="row_id", value=row_id))
    different = list(dict.fromkeys(headers))
    wanted = {*headers_to_read(different), *options.overrides.values(), row_id}
    wanted |= set(chain(*claim_type_columns(different).values()))
    chosen = [number for number, header in enumerate(headers) if header in wanted]
    twice = sorted({headers[n] for n in chosen if headers.count(headers[n]) > 1})
    if twice:
        raise ClaimsError(f"{name}: several columns are called {twice[0]!r}; rename all but one")
    return chosen


@frozen(kw_only=True)
class Prepared:
    """The lines of a run by part, and what workers need besides them."""

    own: Table
    parted: DataFrame
    """Packed lines and days of earlier claims, those of a part in one partition."""
    checker: Checker
    settings: Settings

    def output(self, output: Output) -> DataFrame:
        """What the check of all parts comes to."""
        task = replace(self.checker, output=output)
        return self.settings.mapped(self.parted, task, TABLES[output][0])

    def written(self, folder: NewFolder) -> list[int]:
        """Have the findings of all parts written to a folder; how many each has."""
        task = replace(self.checker, output=Output.WRITTEN, folder=folder)
        return self.settings.collected(self.parted, task)

    @property
    def totals(self) -> Totals:
        """What all lines add up to."""
        checker, account = replace(self.checker, output=Output.SUMS), self.own.account
        of_none, file = checker.result_of(no_lines(checker.whole)), self.own.reader.file
        every = added([sums(of_none), *self.settings.collected(self.parted, checker)])
        nothing = pl.LazyFrame()
        late = tuple(account.unread.questions(file.headers.silent))
        scan = Scan(opened=file, codes=nothing, days=nothing, late_questions=late)
        batch = replace(of_none.batch, scans=(scan,), tallies=(account.tally,))
        return add_up(every, replace(of_none, batch=batch))

    @property
    def notes(self) -> tuple[str, ...]:
        """How headers and dates were read where a person should know."""
        headers = [f"lines: {note}" for note in self.own.reader.file.headers.notes]
        needed = self.own.reader.selection.needed
        return (*headers, *order_notes(self.checker.own.orders, needed))


LINE_BYTES = 2_000
"""Memory that a line takes while its part is checked, with room for parts of unequal size."""
LARGE = 1_000_000
"""Rows of a table that is not read again for few lines."""
FEWEST_LINES = 200_000
"""A part of fewer costs more to start than to check."""
MOST_FOR_CORES = 200
"""More parts are made only where memory asks for them."""


def prepare(
    own: Table,
    past: Table | None,
    policies: PolicySet,
    rules: Sequence[Rule],
    settings: Settings,
    *,
    as_of: date,
) -> Prepared:
    """Work out on all lines what their parts cannot know, and part them."""
    cells, past_cells = _cells(own, past)
    whole = _whole(own, cells, past, past_cells, policies, settings)
    tables = [own, *filter(None, [past])]
    count = _part_count(tables, settings)
    unions = _unions(tables, whole, count, settings)
    given = _given(own, Parter(unions, count, is_past=False), settings)
    if given is not None:
        more = settings.collected(given, categories)
        whole = replace(whole, categories=whole.categories.union(*more))
    parted = settings.kept(_parted(tables, given, unions, count, settings), "parts")
    checker = Checker(
        output=Output.FIRSTS,
        whole=whole,
        policies=policies,
        rules=tuple(rule.code for rule in rules),
        as_of=as_of,
        own=cells,
        past=past_cells,
        is_numbered=own.reader.is_numbered,
    )
    firsts = settings.collected(parted, checker)
    for kept in (*(table.rows for table in tables), given):
        if kept is not None:
            kept.unpersist()  # the parts have all of it
    return Prepared(
        own=own,
        parted=parted,
        checker=replace(checker, whole=with_firsts(whole, firsts)),
        settings=settings,
    )


def _whole(
    own: Table,
    cells: Cells,
    past: Table | None,
    past_cells: Cells | None,
    policies: PolicySet,
    settings: Settings,
) -> Whole:
    """What is worked out on the outlines of all lines."""
    outline = _outline(own, cells, settings)
    earlier: Outline | None = None
    covered: Sequence[Past | None] = [None]
    if past is not None and past_cells is not None:
        earlier = _outline(past, past_cells, settings)
        covered = _covered_in_readings(past, past_cells.orders, earlier)
    return Whole.worked_out(
        outline,
        earlier,
        policies,
        pasts=covered,
        source_files=[None],
        paths=[table.reader.columns.frame for table in (own, past) if table is not None],
    )


def _cells(own: Table, past: Table | None) -> tuple[Cells, Cells | None]:
    """How cells are read in the batch, and in earlier claims: month and day may be in any order."""
    others = [] if past is None else [past.account.by_rows]
    shown = looked_up(own.account.by_lines, lambda: [own.account.by_rows], lambda: others)
    if past is None:
        return own.cells(decided(shown)), None
    days: Shown = {n: one for n, one in past.account.by_rows.items() if n == _DAY}
    every = together([shown, past.account.by_lines, days])
    if any(order.is_open for order in decided(every).values()):
        every = together([every, past.account.by_rows])
    return own.cells(decided(shown)), past.cells(decided(every))


def _outline(table: Table, cells: Cells, settings: Settings) -> Outline:
    """The outline of a table's lines; made anew where their dates are not read month first."""
    if set(cells.orders.values()) <= {Order.MONTH_FIRST, Order.NONE}:
        return table.account.outline
    outlines = settings.collected(table.rows.select("lines"), cells)
    return Outline.together(outlines) if outlines else table.account.outline


def _covered_in_readings(past: Table, orders: Orders, outline: Outline) -> list[Past]:
    """What earlier claims cover, in one reading of their dates or in two."""
    month_first, day_first, either = past.account.covered
    order = orders.get(_DAY)
    first = day_first if order is Order.DAY_FIRST else month_first
    if order is not Order.UNKNOWN and not outline.is_open:
        return [first]
    return [first, either if order is Order.UNKNOWN else first]


def _unions(tables: Sequence[Table], whole: Whole, count: int, settings: Settings) -> pl.DataFrame:
    """The roots that are in the group of another one."""
    nothing = pl.DataFrame(schema=dict.fromkeys(("root", "group"), pl.UInt64))
    if not Blanks.together([table.account.blanks for table in tables]).may_tie:
        return nothing
    task = partial(claim_numbers, whole.payers, count)
    frames = [settings.mapped(t.rows.select("lines"), task, PARTED) for t in tables]
    numbers = _all_of(frames).repartition(count, "part")
    pairs = settings.collected(numbers, tie)
    return united(pl.concat(pairs)) if pairs else nothing


def _given(own: Table, parter: Parter, settings: Settings) -> DataFrame | None:
    """Diagnoses that lines have from another row of their claim; None where no line may.

    Other rows are read again, and not where a large table has diagnoses on nearly every line.
    """
    account, count = own.account, parter.parts
    if not account.without_diagnoses:
        return None
    packed = own.rows.select("lines", "claims")
    lines = settings.mapped(packed, partial(claim_lines, count), PARTED)
    plan = LinePlan.of(own.reader.file, own.reader.selection, types=own.reader.file.types)
    is_large = account.tally.rows > LARGE
    is_usual = is_large and account.without_diagnoses < USUAL_SHARE * account.tally.in_scope
    if plan.claim_cells and account.tally.in_scope < account.tally.rows and not is_usual:
        rows = settings.mapped(own.source, partial(claim_rows, own.reader, count), PARTED)
        lines = lines.unionAll(rows)
    claims = lines.repartition(count, "part")
    return settings.kept(settings.mapped(claims, partial(given_diagnoses, parter), PARTED), "given")


def _parted(
    tables: Sequence[Table],
    given: DataFrame | None,
    unions: pl.DataFrame,
    count: int,
    settings: Settings,
) -> DataFrame:
    """All packed lines and days, those of a part in one partition."""
    frames = [
        settings.mapped(table.rows, Parter(unions, count, table.reader.is_past), PARTED)
        for table in tables
    ]
    every = frames if given is None else [*frames, given]
    return _all_of(every).repartition(count, "part")


def _all_of(frames: Sequence[DataFrame]) -> DataFrame:
    # Not `DataFrame.unionAll`: in Spark 3.5 a frame of Spark Connect is of another class.
    return reduce(lambda one, other: one.unionAll(other), frames)


def _part_count(tables: Sequence[Table], settings: Settings) -> int:
    """How many parts there are to be: small enough for memory, and work for all cores."""
    if settings.parts is not None:
        return settings.parts
    lines = sum(table.account.tally.in_scope for table in tables)
    by_memory = -(-lines * LINE_BYTES // settings.memory)
    return max(1, by_memory, min(MOST_FOR_CORES, -(-lines // FEWEST_LINES)))
