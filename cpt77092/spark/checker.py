"""What workers do with the lines of some groups, which are all in one partition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from datetime import date
from enum import Enum

import polars as pl
import pyarrow as pa

from cpt77092.claims.dates import Order
from cpt77092.engine import Result
from cpt77092.findings import not_checked_rows, totals
from cpt77092.findings.rollup import as_pieces
from cpt77092.findings.schema import FINDING, NOT_CHECKED_ROW, TOTALS, Schema
from cpt77092.findings.totals import totals_table
from cpt77092.frozen import frozen
from cpt77092.parts.check import Part, first_lines, result_of
from cpt77092.parts.ties import MEMBER, edges, members
from cpt77092.policies.policy import PolicySet
from cpt77092.readers import ROW, Batch
from cpt77092.readers.batch import typed
from cpt77092.readers.date_orders import Orders
from cpt77092.readers.history import of_batch
from cpt77092.readers.scan import REJECT
from cpt77092.rules import CATALOGUE
from cpt77092.spark.arrow import PACKED, as_frame, packed, record_batches
from cpt77092.spark.rows import DAYS, as_read
from cpt77092.whole import BATCH_LINE, SPELLING, Outline, Whole

GROUP, IS_PAST = "group", "is_past"


@frozen(kw_only=True)
class Cells:
    """How the cells of one table's lines are read."""

    needed: frozenset[str]
    present: frozenset[str]
    """Canonical columns that the table has."""
    orders: Orders
    """Of month and day in columns of dates."""
    stored: Mapping[str, str] = field(default_factory=dict)
    """Columns that are stored under another name, since the other table's have another type."""

    def lines(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Stored lines as the readers give them before their cells are read."""
        own = rows.drop(n for n in self.stored if n in rows.columns)
        return as_read(own.rename({other: n for n, other in self.stored.items()}), self.present)

    def typed(self, lines: pl.DataFrame) -> pl.DataFrame:
        """The lines with every needed column in its type."""
        return typed(lines, self.needed, self.orders, "lines")

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The outline of some lines, packed; for dates that are not read month first."""
        for batch in batches:
            if batch.num_rows:
                yield from packed(Outline.of(self.typed(self.lines(as_frame([batch])))))


@frozen
class Members:
    """What lines say of claim numbers (`ties.members`)."""

    payers: pl.DataFrame

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Members of some lines, numbers as signed ones."""
        for batch in batches:
            lines = as_frame([batch]).with_columns(pl.col(SPELLING).cast(pl.Categorical))
            yield from record_batches(signed(members(lines, self.payers)), MEMBERS)


MEMBERS: Schema = {n: pl.Int64() if dtype == pl.UInt64 else dtype for n, dtype in MEMBER.items()}
"""`ties.MEMBER` in types that Spark has."""


def signed(frame: pl.DataFrame) -> pl.DataFrame:
    """Hashes as signed numbers of the same bits, which Spark has."""
    return frame.with_columns(pl.selectors.by_dtype(pl.UInt64).reinterpret(signed=True))


def unsigned(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Hashes as they were before `signed`."""
    return frame.with_columns(pl.col(names).reinterpret(signed=False))


def tie(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The pairs of roots that belong together, packed, of all members of some claim numbers."""
    every = [batch for batch in batches if batch.num_rows]
    if every:
        pairs = edges(unsigned(as_frame(every), "root", "number"))
        if pairs.height:
            yield from packed(pairs)


class Output(Enum):
    """What is asked of a part."""

    FINDINGS = "findings"
    NOT_CHECKED = "not_checked"
    TOTALS = "totals"
    FIRSTS = "firsts"


SCHEMAS: Mapping[Output, Schema] = {
    Output.FINDINGS: FINDING,
    Output.NOT_CHECKED: NOT_CHECKED_ROW,
    Output.TOTALS: TOTALS,
    Output.FIRSTS: PACKED,
}


@frozen(kw_only=True)
class Checker:
    """The check of the groups in one partition. It can be pickled."""

    output: Output
    whole: Whole
    policies: PolicySet
    rules: tuple[str, ...]
    """The codes of the rules to run, in order."""
    as_of: date
    own: Cells
    past: Cells | None
    is_numbered: bool
    """Whether the number of a line is its own (`Reader.is_numbered`)."""

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What is asked of all lines of some groups."""
        every = [batch for batch in batches if batch.num_rows]
        part = self.part(as_frame(every)) if every else None
        if part is None:
            return
        by_code = {rule.code: rule for rule in CATALOGUE}
        rules = [by_code[code] for code in self.rules]
        if self.output is Output.FIRSTS:
            firsts = first_lines(part, self.whole, self.policies, rules, as_of=self.as_of)
            yield from packed(firsts)
            return
        result = result_of(part, self.whole, self.policies, rules, as_of=self.as_of)
        for piece in _OUTPUTS[self.output](result):
            yield from record_batches(piece, SCHEMAS[self.output])

    def part(self, rows: pl.DataFrame) -> Part | None:
        """The part that some rows are; None without a line of the batch."""
        is_line = pl.col("hcpcs_code").is_not_null()
        own = self.own.lines(rows.filter(~pl.col(IS_PAST)))
        if own.is_empty():
            return None
        number = pl.col(ROW)
        if not self.is_numbered:  # lines with the same content are told apart
            number = number + pl.int_range(pl.len()).over(ROW).clip(upper_bound=MOST_ALIKE)
        lines = self.own.typed(own).with_columns(number.alias(BATCH_LINE), number.alias(ROW))
        if self.past is None:
            return Part(lines)
        past = rows.filter(IS_PAST)
        earlier = self.past.lines(past.filter(is_line)).with_columns(
            pl.lit(None, pl.String).alias(REJECT)
        )
        kept = of_batch(earlier.lazy(), batch=Batch.of_lines(lines)).drop(REJECT).collect()
        days = past.filter(~is_line)
        order = self.past.orders.get("claim_line_start_date", Order.NONE)
        return Part(
            lines,
            self.past.typed(kept),
            [first_days(days, name) for name in DAYS_READ.get(order, DAYS[:1] * 2)],
        )


MOST_ALIKE = 2**10 - 1
DAYS_READ = {Order.DAY_FIRST: (DAYS[1], DAYS[1]), Order.UNKNOWN: (DAYS[0], DAYS[2])}
"""The columns of first days that hold in each reading of the run; in most runs there is one."""


def first_days(days: pl.DataFrame, name: str) -> pl.DataFrame:
    """`person_id` and `first_day` of the patients of a part in one reading."""
    return days.group_by("person_id").agg(first_day=pl.col(name).min())


_OUTPUTS: Mapping[Output, Callable[[Result], Iterable[pl.DataFrame]]] = {
    Output.FINDINGS: as_pieces,
    Output.NOT_CHECKED: lambda result: [not_checked_rows(result)],
    Output.TOTALS: lambda result: [totals_table(totals(result))],
}
