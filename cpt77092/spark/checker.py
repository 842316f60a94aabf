"""What workers do with packed lines: tie them together, part them, and check the parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from enum import Enum

import polars as pl
import pyarrow as pa

from cpt77092.claims.dates import Order
from cpt77092.engine import Result
from cpt77092.facts import diagnosis_categories
from cpt77092.findings import not_checked_rows
from cpt77092.findings.rollup import as_pieces
from cpt77092.findings.schema import FINDING, NOT_CHECKED_ROW, Schema
from cpt77092.findings.sums import Sums, sums
from cpt77092.frozen import frozen
from cpt77092.parts.check import Part, first_lines, result_of
from cpt77092.parts.ties import edges, grouped, members
from cpt77092.policies.policy import PolicySet
from cpt77092.readers import ROW, Batch
from cpt77092.readers.batch import typed
from cpt77092.readers.claim_diagnoses import CLAIM_DIAGNOSES, given_to_rows, plain_rows
from cpt77092.readers.date_orders import Orders
from cpt77092.readers.history import of_batch
from cpt77092.readers.line_plan import LinePlan
from cpt77092.readers.scan import INDEX, REJECT, SOURCE
from cpt77092.rule import Rule
from cpt77092.rules.selection import with_own
from cpt77092.spark.arrow import packed, pickled, record_batches, row, rows_of, unpacked
from cpt77092.spark.new_folder import NewFolder
from cpt77092.spark.rows import DAYS, ROOT, Reader, as_read, claims_of, with_places
from cpt77092.text import gathered
from cpt77092.whole import BATCH_LINE, SPELLING, Outline, Whole

PARTED: Schema = {"part": pl.Int64(), "kind": pl.String(), "packed": pl.Binary()}
"""Some rows of one part, packed, and of which kind they are."""
OWN, PAST, DAYS_OF, GIVEN, ROWS = "own", "past", "days", "given", "rows"
"""Lines of the batch and of earlier claims, first days of patients in earlier claims, diagnoses
that lines have from another row, and rows that may have diagnoses for others."""
MOST_ALIKE = 2**10 - 1
"""Lines with the same content that are told apart."""


def parted(frame: pl.DataFrame, part: pl.Series, kind: str) -> Iterator[pa.RecordBatch]:
    """The rows of a frame by the part that each is of."""
    by_part = frame.with_columns(part.alias("part")).partition_by("part", as_dict=True)
    for (number,), own in by_part.items():
        yield from row(PARTED, part=number, kind=kind, packed=packed(own.drop("part")))


@frozen(kw_only=True)
class Cells:
    """How the cells of one table's lines are read."""

    needed: frozenset[str]
    present: frozenset[str]
    """Canonical columns that the table has."""
    orders: Orders
    """Of month and day in columns of dates."""

    def typed(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Lines as they are read with every needed column in its type."""
        return typed(lines, self.needed, self.orders, "lines")

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The outline of some packed lines; for dates that are not read month first."""
        for each in rows_of(batches):
            lines = as_read(unpacked(each["lines"]), self.present)
            yield from pickled(Outline.of(self.typed(lines)))


def claim_numbers(
    payers: pl.DataFrame, parts: int, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """What packed lines say of claim numbers (`ties.members`), by the part of each number."""
    for each in rows_of(batches):
        lines = unpacked(each["lines"])
        missing = [pl.lit(None, pl.Categorical).alias(n) for n in SPELLING if n not in lines]
        memberships = members(lines.with_columns(missing), payers)
        yield from parted(memberships, memberships["number"] % parts, OWN)


def tie(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The pairs of roots that belong together, of all members of some claim numbers."""
    every = [unpacked(each["packed"]) for each in rows_of(batches)]
    if every:
        yield from pickled(edges(pl.concat(every)))


def claim_rows(
    reader: Reader, parts: int, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """What all rows of a table say of the diagnoses of claims, by the part of each number."""
    plan = LinePlan.of(reader.file, reader.selection, types=reader.file.types)
    for rows_here, places in reader.frames(batches):
        cells = plan.rows_with_claims(rows_here.with_row_index(INDEX, offset=1))
        every = cells["claim_id"].unique()
        claims = with_places(plain_rows(cells, every.filter(every != ""), 0), places)
        yield from parted(claims, claims["claim_id"].hash() % parts, ROWS)


def claim_lines(parts: int, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What packed lines say of the diagnoses of their claims, by the part of each number."""
    for each in rows_of(batches):
        own = each["claims"]
        claims = claims_of(unpacked(each["lines"])) if own is None else unpacked(own)
        yield from parted(claims, claims["claim_id"].hash() % parts, OWN)


def given_diagnoses(parter: Parter, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The diagnoses that lines have from another row of their claim, by the part of each line.

    The batches are all rows of some claim numbers.
    """
    held = gathered((each["kind"], each["packed"]) for each in rows_of(batches))
    if OWN not in held:
        return
    own = _together(held[OWN])
    of_row = own.select(ROW, ROOT).unique(ROW)
    claims = own.filter(~pl.col("has_some"))["claim_id"].unique()
    every = _together(held[ROWS]) if ROWS in held else own.drop(ROOT)
    given = given_to_rows(every.filter(pl.col("claim_id").is_in(claims.implode())))
    lines = given.drop(SOURCE).unique(ROW).join(of_row, on=ROW)
    yield from parted(lines, parter.part(lines), GIVEN)


def categories(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The categories of diagnoses that lines have from another row."""
    for each in rows_of(batches):
        yield from pickled(diagnosis_categories(unpacked(each["packed"])))


@frozen
class Parter:
    """The part of each packed line or day, by its group."""

    unions: pl.DataFrame
    """Roots that are in the group of another one (`ties.united`)."""
    parts: int
    is_past: bool

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Packed lines and days by part."""
        for each in rows_of(batches):
            lines = unpacked(each["lines"])
            yield from parted(lines, self.part(lines), PAST if self.is_past else OWN)
            if each["days"] is not None:
                days = unpacked(each["days"])
                yield from parted(days, self.part(days), DAYS_OF)

    def part(self, frame: pl.DataFrame) -> pl.Series:
        """The part of each row, by its root."""
        return grouped(frame[ROOT], self.unions) % self.parts


class Output(Enum):
    """What is asked of the parts."""

    FINDINGS = "findings"
    NOT_CHECKED = "not_checked"
    SUMS = "sums"
    FIRSTS = "firsts"
    FOR_DRIVER = "for_driver"
    """The sums of each part, and then its findings in pieces."""
    WRITTEN = "written"
    """How many findings of each part are in the files that the worker wrote."""


TABLES: Mapping[Output, tuple[Schema, Callable[[Result], Iterable[pl.DataFrame]]]] = {
    Output.FINDINGS: (FINDING, as_pieces),
    Output.NOT_CHECKED: (NOT_CHECKED_ROW, lambda result: [not_checked_rows(result)]),
}
"""What is asked for as a table: its columns, and what gives it. All else is pickled."""


@frozen(kw_only=True)
class Checker:
    """The check of parts, one after the other. It can be pickled."""

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
    add: Callable[[Result], Sums] = sums
    """Gives the sums of the lines of a part."""
    folder: NewFolder | None = None
    """Where findings are written."""

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What is asked of parts that are whole among these rows."""
        for number, part in self._parts(batches):
            if self.output is Output.FIRSTS:
                yield from pickled(
                    first_lines(part, self.whole, self.policies, self._rules, as_of=self.as_of)
                )
                continue
            result = self.result_of(part)
            if self.folder is not None:
                yield from pickled(self._written(self.folder, number, result))
                continue
            if self.output in TABLES:
                schema, pieces_of = TABLES[self.output]
                for piece in pieces_of(result):
                    yield from record_batches(piece, schema)
                continue
            pieces = as_pieces(result) if self.output is Output.FOR_DRIVER else ()
            for each in (self.add(result), *pieces):
                yield from pickled(each)

    def result_of(self, part: Part) -> Result:
        """The result of a part as the engine gives it."""
        return result_of(part, self.whole, self.policies, self._rules, as_of=self.as_of)

    @property
    def _rules(self) -> list[Rule]:
        by_code = {rule.code: rule for rule in with_own(self.policies.rules)}
        return [by_code[code] for code in self.rules]

    @staticmethod
    def _written(folder: NewFolder, number: int, result: Result) -> int:
        for n, piece in enumerate(as_pieces(result)):
            folder.write(piece, f"part-{number:05}-{n:04}")
        return result.findings.height

    def _parts(self, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, Part]]:
        """Every part that has lines of the batch, by its number."""
        held: dict[int, dict[str, list[bytes]]] = {}
        for each in rows_of(batches):
            held.setdefault(each["part"], {}).setdefault(each["kind"], []).append(each["packed"])
        for number in sorted(held):
            part = held.pop(number)
            if OWN in part:
                yield number, self._part({kind: _together(part.get(kind, ())) for kind in part})

    def _part(self, frames: Mapping[str, pl.DataFrame]) -> Part:
        lines = frames[OWN]
        if GIVEN in frames:
            given = frames[GIVEN].drop(ROOT)
            lines = lines.drop(CLAIM_DIAGNOSES).join(given, on=ROW, how="left")
        lines = as_read(lines, self.own.present)
        number = pl.col(ROW)
        if not self.is_numbered:  # lines with the same content are told apart
            number += pl.int_range(pl.len()).over(ROW).clip(upper_bound=MOST_ALIKE)
        own = self.own.typed(lines.with_columns(number.alias(ROW)))
        own = own.with_columns(pl.col(ROW).alias(BATCH_LINE))
        if self.past is None:
            return Part(own)
        order = self.past.orders.get("claim_line_start_date", Order.NONE)
        days = frames.get(DAYS_OF, _NO_DAYS)
        return Part(
            own,
            self._earlier(frames[PAST], own, self.past) if PAST in frames else None,
            [first_days(days, name) for name in _DAYS_READ.get(order, (DAYS[0], DAYS[0]))],
        )

    @staticmethod
    def _earlier(past: pl.DataFrame, own: pl.DataFrame, cells: Cells) -> pl.DataFrame:
        """The earlier claims of the batch's patients and claims."""
        readable = as_read(past, cells.present).with_columns(pl.lit(None, pl.String).alias(REJECT))
        kept = of_batch(readable.lazy(), batch=Batch.of_lines(own)).drop(REJECT)
        return cells.typed(kept.collect())


_DAYS_READ = {Order.DAY_FIRST: (DAYS[1], DAYS[1]), Order.UNKNOWN: (DAYS[0], DAYS[2])}
"""The columns of first days that hold in each reading of the run; in most runs there is one."""
_NO_DAYS = pl.DataFrame(schema={"person_id": pl.String, **dict.fromkeys(DAYS, pl.Date)})


def first_days(days: pl.DataFrame, name: str) -> pl.DataFrame:
    """`person_id` and `first_day` of the patients of a part in one reading."""
    return days.group_by("person_id").agg(first_day=pl.col(name).min())


def _together(parts: Iterable[bytes]) -> pl.DataFrame:
    return pl.concat([unpacked(part) for part in parts], how="diagonal")
