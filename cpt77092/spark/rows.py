"""Rows of a Spark table become claim lines, on the workers and by the readers' own functions."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import polars as pl
import pyarrow as pa

from cpt77092.claims.cells import read_day_first, with_types
from cpt77092.claims.columns import BY_NAME, COLUMNS, DIAGNOSES, DTYPES, TEXT_KINDS, Kind
from cpt77092.claims.dates import Order
from cpt77092.findings.schema import Schema
from cpt77092.frozen import frozen
from cpt77092.parts.ties import Blanks, roots
from cpt77092.readers import ROW, ROW_ID, Options, Selection, Tally
from cpt77092.readers.batch import lines_of, tally_of, typed
from cpt77092.readers.claim_diagnoses import CLAIM_DIAGNOSES, plain_rows, without_diagnoses
from cpt77092.readers.code_cells import DAMAGED
from cpt77092.readers.date_orders import Shown, shown_by_lines, shown_by_rows, together
from cpt77092.readers.frame import FrameColumns, FrameFile, FrameRows
from cpt77092.readers.history import Past, covered
from cpt77092.readers.line_plan import LinePlan
from cpt77092.readers.scan import SOURCE
from cpt77092.readers.typed_columns import with_lists_spread
from cpt77092.readers.unread_columns import UnreadColumns
from cpt77092.spark.arrow import packed, pickled, row
from cpt77092.whole import Outline

LINES_AT_ONCE = 50_000
"""Rows of a table that are read together, and lines that are packed together."""
ROOT = "root"
LINES: Schema = dict.fromkeys(("lines", "claims", "days", "account"), pl.Binary())
"""What workers give: packed lines; where a row holds several, the diagnoses of their claims
(`claims_of`); packed days of patients; the pickled account of all."""
DAYS = ("first_day", "first_day_swapped", "first_day_either")
"""The first day of a patient in earlier claims, in three readings of the dates (`_readings`)."""
_DAY = "claim_line_start_date"


def sampled(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows as they come to workers, with their types."""
    for batch in batches:
        yield from pickled(as_frame([batch]))


def as_frame(batches: Sequence[pa.RecordBatch]) -> pl.DataFrame:
    """Record batches of one schema, at least one, as a frame."""
    frame = pl.from_arrow(pa.Table.from_batches(batches))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - of a table it always is
    return frame


def keep_all(kept: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of earlier claims: which are of the batch's patients is known where they meet."""
    return kept


@frozen(kw_only=True)
class Account:
    """What is known of some rows of a table besides the claim lines among them."""

    tally: Tally
    present: frozenset[str]
    """Canonical columns that the lines have."""
    blanks: Blanks
    without_diagnoses: int
    """Lines without a diagnosis, which may be on another row of their claim."""
    by_lines: Shown
    by_rows: Shown
    """What the lines, and all rows, show of the order of month and day."""
    outline: Outline
    """Of the lines, their dates read month first."""
    covered: tuple[Past, ...]
    """Of earlier claims: what all rows cover, in three readings of the dates."""
    unread: UnreadColumns
    """What columns hold that no header names."""

    @classmethod
    def together(cls, accounts: Sequence[Account]) -> Account:
        """One account for the rows of all; at least one."""
        return cls(
            tally=Tally.total(one.tally for one in accounts),
            present=frozenset().union(*(one.present for one in accounts)),
            blanks=Blanks.together([one.blanks for one in accounts]),
            without_diagnoses=sum(one.without_diagnoses for one in accounts),
            by_lines=together(one.by_lines for one in accounts),
            by_rows=together(one.by_rows for one in accounts),
            outline=Outline.together([one.outline for one in accounts]),
            covered=tuple(
                map(_covered_by_all, zip(*(one.covered for one in accounts), strict=True))
            ),
            unread=UnreadColumns.together(one.unread for one in accounts),
        )


def _covered_by_all(parts: Iterable[Past]) -> Past:
    every = list(parts)
    days = [day for one in every for day in (one.first_day, one.last_day) if day]
    return Past(
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        months=frozenset().union(*(one.months for one in every)),
        first_days=every[0].first_days,
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
    typed: frozenset[str]
    """Canonical columns that lines have in their types, among them those of history alone."""

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The claim lines among some rows, as in `LINES`."""
        for file, places in self._files(batches):
            scan, kept = file.read(self.selection)
            written, _ = lines_of(kept.kept, 0, self.options)
            unread = UnreadColumns()
            lines = self._placed(unread.take(written), places)
            without = (
                without_diagnoses(written) if self.has_diagnoses else pl.Series(dtype=pl.String)
            )
            coverage = [covered(each) for each in _readings(scan.days.collect())]
            account = Account(
                tally=tally_of(kept),
                present=frozenset(lines.columns) & self.selection.needed,
                blanks=Blanks.of(lines),
                without_diagnoses=int((without != "").sum()),
                by_lines=shown_by_lines(lines, self.selection.needed),
                by_rows=shown_by_rows(scan),
                outline=self._outline(lines),
                covered=tuple(
                    replace(each, first_days=each.first_days.clear()) for each in coverage
                ),
                unread=unread,
            )
            yield from row(
                LINES,
                lines=packed(lines),
                claims=packed(_claims(written, places, lines[ROOT])) if self.is_wide else None,
                days=packed(_first_days(coverage)) if coverage else None,
                account=pickle.dumps(account),
            )

    @property
    def is_numbered(self) -> bool:
        """Whether `row_id` is a number, which gives the lines their order."""
        return self.row_id is not None and self.file.types[self.row_id].is_integer()

    @property
    def has_diagnoses(self) -> bool:
        """Whether a line without diagnoses may have them from another row of its claim."""
        return not self.is_past and bool(self.selection.needed.intersection(DIAGNOSES))

    @property
    def is_wide(self) -> bool:
        """Whether a row holds several lines."""
        return bool(self.file.headers.line_columns)

    @property
    def is_past(self) -> bool:
        """Whether the rows are of earlier claims."""
        return self.selection.only is not None

    def frames(self, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
        """The rows of a table, lists spread, and the place of each among all rows.

        Rows of a Spark table have no order: a number in `row_id` gives them one, else their
        content does, so that each attempt of a task comes to the same.
        """
        for rows in _frames(batches, self.headers):
            spread = with_lists_spread(rows, self.columns.lists)
            content = _content(spread)
            if self.row_id is not None and self.is_numbered:
                number = spread[self.row_id].cast(pl.Int64)
                content = number.zip_with(number.is_not_null(), content)
            yield spread, content

    def _files(self, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[FrameFile, pl.Series]]:
        """The table in pieces that hold a good number of lines each, and the place of each row."""
        plan = LinePlan.of(self.file, self.selection, types=self.file.types)
        parts, places, held = list[FrameRows](), list[pl.Series](), 0
        for rows, place in self.frames(batches):
            before = sum(map(len, places))
            parts.append(
                FrameRows.of(rows, plan, self.selection, row_id=self.row_id, before=before)
            )
            places.append(place)
            held += parts[-1].kept.height
            if held >= LINES_AT_ONCE:
                yield replace(self.file, parts=parts), pl.concat(places)
                parts, places, held = [], [], 0
        if parts:
            yield replace(self.file, parts=parts), pl.concat(places)

    def _placed(self, lines: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
        """Lines with the root of each and its place among all others."""
        names = [n for n in BY_NAME if n in lines.columns and n in self.selection.needed]
        texts = {n: DTYPES[BY_NAME[n].kind] for n in names if BY_NAME[n].kind in TEXT_KINDS}
        none = pl.lit(None, pl.Categorical).alias(CLAIM_DIAGNOSES)
        placed = lines.select(
            pl.lit(places).gather(pl.col(ROW) - 1).alias(ROW),
            ROW_ID,
            pl.col(DAMAGED).cast(pl.Categorical),
            *(pl.col(n).cast(texts[n]) if n in texts else n for n in names),
            *([none] if self.has_diagnoses else []),
        )
        return placed.with_columns(roots(placed).alias(ROOT))

    def _outline(self, lines: pl.DataFrame) -> Outline:
        dates = {c.name: Order.MONTH_FIRST for c in COLUMNS if c.kind is Kind.DATE}
        present = frozenset(lines.columns) & self.selection.needed
        return Outline.of(typed(as_read(lines, present), self.typed, dates, "lines"))


def claims_of(lines: pl.DataFrame) -> pl.DataFrame:
    """What packed lines, each a row of its own, say of the diagnoses of their claims."""
    numbers = pl.int_range(1, lines.height + 1, dtype=pl.UInt32, eager=True)
    return _claims(lines.with_columns(numbers.alias(ROW)), lines[ROW], lines[ROOT])


def _claims(lines: pl.DataFrame, places: pl.Series, root: pl.Series) -> pl.DataFrame:
    """What lines say of the diagnoses of their claims, with the root and the place of each."""
    every = lines["claim_id"].cast(pl.String).unique()
    rows = plain_rows(lines, every.filter(every != ""), 0)
    of_row = pl.DataFrame({ROW: lines[ROW].cast(pl.UInt32), ROOT: root}).unique(ROW)
    return with_places(rows.join(of_row, on=ROW, how="left"), places)


def with_places(rows: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
    """Rows that are numbered from 1 with their places among all rows in place of the numbers."""
    return rows.with_columns(pl.lit(places).gather(pl.col(ROW) - 1).alias(ROW))


def _content(rows: pl.DataFrame) -> pl.Series:
    """A number for each row that follows from its cells.

    The lowest bits are left to tell rows with the same content apart.
    """
    total = pl.lit(0, pl.UInt64)
    for number, (name, dtype) in enumerate(rows.schema.items()):
        if not (dtype.is_nested() or dtype == pl.Binary):
            total ^= pl.col(name).cast(pl.String).fill_null("").hash(number)
    return rows.select((total // 2**11 * 2**10).cast(pl.Int64).alias(ROW)).to_series()


def _frames(batches: Iterable[pa.RecordBatch], headers: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Record batches as frames of a good number of rows, with the headers of the table."""
    waiting, held = list[pa.RecordBatch](), 0
    for batch in batches:
        waiting.append(batch)
        held += batch.num_rows
        if held >= LINES_AT_ONCE:
            yield _with_headers(waiting, headers)
            waiting, held = [], 0
    if held:
        yield _with_headers(waiting, headers)


def _with_headers(batches: Sequence[pa.RecordBatch], headers: Sequence[str]) -> pl.DataFrame:
    frame = as_frame(batches)
    return frame.rename(dict(zip(frame.columns, headers, strict=True)))


def as_read(lines: pl.DataFrame, present: frozenset[str]) -> pl.DataFrame:
    """Packed lines as the readers give them before their cells are read.

    Args:
        lines: of any number of packed frames.
        present: the canonical columns that lines of the table have. A line without one of them
            was read where none had it, and has a blank there.
    """
    missing = [pl.lit(None, DTYPES[BY_NAME[n].kind]).alias(n) for n in present - {*lines.columns}]
    texts = [n for n in present if BY_NAME[n].kind in TEXT_KINDS]
    own = [CLAIM_DIAGNOSES] if CLAIM_DIAGNOSES in lines.columns else []
    known = (ROW, ROW_ID, DAMAGED, *own, *(n for n in BY_NAME if n in present))
    filled = lines.with_columns(missing).with_columns(pl.col(texts).fill_null(""))
    return filled.select(*known, pl.lit(0, pl.UInt32).alias(SOURCE))


def _readings(days: pl.DataFrame) -> list[pl.DataFrame]:
    """The days of earlier claims in three readings of their dates: `DAYS`. None of a batch's."""
    if not days.width:
        return []
    day = frozenset({_DAY})
    read = [with_types(days, day, {_DAY: each}) for each in (Order.MONTH_FIRST, Order.DAY_FIRST)]
    either = read_day_first(with_types(days, day, {_DAY: Order.UNKNOWN}))
    return [*read, read[0] if either is None else either]


def _first_days(coverage: Sequence[Past]) -> pl.DataFrame:
    """The first day of each patient of earlier claims in each reading, with the patient's root."""
    of_readings = [
        one.first_days.rename({"first_day": name}) for one, name in zip(coverage, DAYS, strict=True)
    ]
    every = pl.concat(of_readings, how="diagonal").group_by("person_id").agg(pl.col(DAYS).min())
    return every.with_columns(roots(every.with_columns(pl.lit(0).alias(ROW))).alias(ROOT))
