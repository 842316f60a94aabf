"""From rows to claim lines: which rows to keep, their cells, and rows that hold several lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple, TypeVar

import polars as pl

from cpt77092.claims import columns
from cpt77092.claims.cells import source_cell, written_cell
from cpt77092.claims.dates import shown_by
from cpt77092.claims.headers import HeaderMatch
from cpt77092.claims.marks import without_marks
from cpt77092.errors import ClaimsError
from cpt77092.frozen import frozen
from cpt77092.readers.claim_diagnoses import ROW_COLUMNS
from cpt77092.readers.classify import SORTING
from cpt77092.readers.code_cells import may_be_in_scope
from cpt77092.readers.failures import POLARS_FAILURES, native_errors_silenced, reading, reason
from cpt77092.readers.institutional import is_institutional
from cpt77092.readers.kept import KeptRows
from cpt77092.readers.scan import INDEX, REJECT, ROW, OpenedFile, Rows, Scan, Selection
from cpt77092.readers.unread_columns import unread_cells

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)
Types = Mapping[str, pl.DataType | type[pl.DataType]]
"""The type of each header's column, where the file is typed."""

_PLAIN = "^[0-9A-Za-z](?:[0-9A-Za-z_-]*[0-9A-Za-z])?$"
"""Text that is read as it is written, or is a placeholder."""
_BLANK = "__blank"
_LINE = "__line"
_FIRST = "__first"


class Noted(NamedTuple):
    """What is noted of some rows, whether or not they are kept."""

    total: pl.DataFrame
    """How many rows there are, and how many are set aside (`LinePlan.total`)."""
    codes: pl.DataFrame
    """`hcpcs_code` of all rows, and how often it occurs."""
    days: pl.DataFrame
    """As of `LinePlan.days`, each once; of history alone."""
    dates: pl.DataFrame
    """As of `LinePlan.dates`."""

    @classmethod
    def together(cls, parts: Iterable[Noted]) -> Noted:
        """What is noted of all rows of a file."""
        total, *others = map(pl.concat, zip(*parts, strict=True))
        return cls(total.sum(), *others)

    def scan(self, opened: OpenedFile) -> Scan:
        """What is known of the file by it."""
        return Scan(
            opened=opened,
            codes=self.codes.lazy().select(pl.col("hcpcs_code").repeat_by("len").explode()),
            days=self.days.lazy(),
            dates=self.dates.lazy() if self.dates.width else None,
        )


@frozen
class LinePlan:
    """How the rows of a table become claim lines.

    A row is one line, or where `HeaderMatch.line_columns` says so, several side by side.
    """

    keep: pl.Expr
    """Rows that may be in scope, and those without a code."""
    cells: tuple[pl.Expr, ...]
    """The canonical columns of a kept row; lists where it holds several lines."""
    code: pl.Expr
    """Every code of the file."""
    lines_in_row: pl.Expr | None = None
    """How many lines a row holds; None where that is always one."""
    list_columns: tuple[str, ...] = ()
    """Those of `cells` that hold one value per line."""
    row_filter: pl.Expr | None = None
    """Rows that the layout says are claim lines; all where None."""
    days: tuple[pl.Expr, ...] = ()
    """`person_id` and `claim_line_start_date` of a row, whatever it bills."""
    dates: tuple[pl.Expr, ...] = ()
    """What all rows show of the order of month and day in each column of dates."""
    claim_cells: tuple[pl.Expr, ...] = ()
    """What a row says of its claim and the claim's diagnoses; none where it may hold several
    lines."""

    @classmethod
    def of(
        cls,
        opened: OpenedFile,
        selection: Selection,
        *,
        types: Types | None = None,
    ) -> LinePlan:
        """The plan for one file.

        Args:
            opened: the file.
            selection: which columns and codes the run wants.
            types: the columns' types where they are not text.
        """
        headers, types = opened.headers, types or {}
        header = headers.columns["hcpcs_code"]
        if headers.line_columns:
            plan = cls._of_wide_rows(headers, selection, types)
        else:
            code = pl.col(header)
            if types.get(header, pl.String()).is_float():
                code = code.fill_nan(None)  # what is not a number is a gap
            keep = may_be_in_scope(code, selection.scope)
            plan = cls(
                keep,
                (*_cells(headers, selection.needed, types), *_unread(headers, selection, types)),
                code,
                claim_cells=_claim_cells(headers, types),
            )
        plan = replace(plan, days=_days(headers, types), dates=tuple(_dates(headers, types)))
        conditions = [
            pl.col(name).cast(pl.String).str.strip_chars().is_in(values)
            for name, values in headers.row_filter.items()
        ]
        place = headers.columns.get("place_of_service_code")
        institutional = is_institutional(opened.names, place)
        if institutional is not None:
            conditions.append(~institutional)
        if not conditions:
            return plan
        row_filter = pl.all_horizontal(conditions).fill_null(value=False)
        return replace(plan, keep=plan.keep & row_filter, row_filter=row_filter)

    @classmethod
    def _of_wide_rows(cls, headers: HeaderMatch, selection: Selection, types: Types) -> LinePlan:
        """The plan for rows that hold several lines, each with a code column of its own."""
        sources = headers.line_columns["hcpcs_code"]
        codes = [pl.col(header) for header in sources if header is not None]
        has_code = [without_marks(code.cast(pl.String).fill_null("")) != "" for code in codes]
        has_checked_code = [
            may_be_in_scope(code, selection.scope) & is_filled
            for code, is_filled in zip(codes, has_code, strict=True)
        ]
        is_blank = ~pl.any_horizontal(has_code)
        lists = [
            pl.concat_list(_cell(header, column, types) for header in headers_of).alias(column)
            for column, headers_of in headers.line_columns.items()
            if column in selection.needed or column == "hcpcs_code"
        ]
        numbers = [n for n, header in enumerate(sources, 1) if header is not None]
        lists.append(pl.concat_list(pl.lit(n, pl.Int64) for n in numbers).alias(_LINE))
        shared = [
            cell
            for cell in _cells(headers, selection.needed, types)
            if cell.meta.output_name() not in headers.line_columns
        ]
        return cls(
            keep=pl.any_horizontal(has_checked_code) | is_blank,
            cells=(*shared, *lists, is_blank.alias(_BLANK)),
            code=pl.concat_list(code.cast(pl.String) for code in codes).explode(),
            lines_in_row=pl.sum_horizontal(f.cast(pl.UInt32) for f in has_code).clip(1),
            list_columns=tuple(cell.meta.output_name() for cell in lists),
        )

    @property
    def is_row_a_line(self) -> bool:
        """Whether every row of the file is one line."""
        return self.lines_in_row is None and self.row_filter is None

    @property
    def total(self) -> list[pl.Expr]:
        """`len`, the lines in all rows, and `set_aside`, the rows that are no claim lines."""
        count, is_line = self.lines_in_row, self.row_filter
        if count is not None and is_line is not None:
            count = pl.when(is_line).then(count).otherwise(1)
        total = pl.len() if count is None else count.sum().alias("len")
        return [total] if is_line is None else [total, (~is_line).sum().alias("set_aside")]

    def noted(self, rows: pl.DataFrame, readable: pl.DataFrame, *, of_history: bool) -> Noted:
        """What is noted of some rows, some of which may not be readable."""
        code, nothing = self.code.cast(pl.String).alias("hcpcs_code"), pl.DataFrame()
        return Noted(
            total=readable.select(self.total),
            codes=rows.select(code).group_by("hcpcs_code").len(),
            days=readable.select(self.days).unique() if of_history else nothing,
            dates=readable.select(self.dates) if self.dates else nothing,
        )

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers that are read."""
        every = [self.keep, *self.cells, self.code, *self.days, *self.dates, *self.claim_cells]
        return tuple(dict.fromkeys(name for one in every for name in one.meta.root_names()))

    def lines(self, kept: Frame) -> Frame:
        """One row for each line; a rejected row, and one without any code, stays one."""
        if not self.list_columns:
            return kept
        lines = (
            kept.with_columns(pl.col(_LINE).list.first().alias(_FIRST))
            .explode(self.list_columns)
            .filter(
                pl.when(pl.col(_BLANK) | pl.col(REJECT).is_not_null())
                .then(pl.col(_LINE) == pl.col(_FIRST))
                .otherwise(pl.col("hcpcs_code") != "")
            )
        )
        if "claim_line_number" not in lines.collect_schema().names():
            lines = lines.with_columns(pl.col(_LINE).cast(pl.String).alias("claim_line_number"))
        return lines.drop(_LINE, _BLANK, _FIRST)

    def read(
        self, opened: OpenedFile, rows: pl.LazyFrame, selection: Selection
    ) -> tuple[Scan, Rows]:
        """Read a file that Polars reads right at the first attempt, or not at all.

        Args:
            opened: the file.
            rows: all its rows, with their numbers (`INDEX`).
            selection: what the run wants from it.

        Raises:
            ClaimsError: the file is damaged.
        """
        no_reason = pl.lit(None, dtype=pl.String).alias(REJECT)
        lines = rows.filter(self.keep).select(pl.col(INDEX).alias(ROW), no_reason, *self.cells)
        kept = KeptRows(selection, opened.headers.columns["hcpcs_code"])
        try:
            with native_errors_silenced():
                kept.take_all(self.lines(lines))
                total = rows.select(self.total).collect(engine="streaming")
        except POLARS_FAILURES as failure:
            names = self._not_read(rows)
            column = f"column {', '.join(map(repr, names))}: " if names else ""
            why = f"{opened.path}: {column}cannot be read ({reason(failure)})"
            raise ClaimsError(why) from None
        return self.scan(opened, rows), kept.sorted_rows(*total.row(0))

    def rows_of_claims(self, rows: Frame, numbers: pl.Series) -> Frame:
        """The rows that may be of some claims, as `RowsOfClaims` gives them."""
        of_claims = pl.col("claim_id").is_in(numbers.implode())
        written = self.claim_cells[0].meta.root_names()[0]
        number = pl.col(written).cast(pl.String)
        # What is written plainly is dropped before its cells are made.
        may_be_of_claims = number.is_in(numbers.implode()) | ~number.str.contains(_PLAIN)
        return self.rows_with_claims(rows.filter(may_be_of_claims)).filter(of_claims)

    def _not_read(self, rows: pl.LazyFrame) -> list[str]:
        """The headers whose cells fail to be read, each tried alone."""
        names = []
        for one in [self.code, *self.cells]:
            with native_errors_silenced():
                try:
                    rows.select(one.is_null().sum()).collect(engine="streaming")
                except POLARS_FAILURES:
                    names += one.meta.root_names()
        return list(dict.fromkeys(names))

    def rows_with_claims(self, rows: Frame) -> Frame:
        """All claim rows, as `RowsOfClaims` gives them."""
        is_line = pl.lit(True) if self.row_filter is None else self.row_filter  # noqa: FBT003
        return rows.filter(is_line).select(pl.col(INDEX).alias(ROW), *self.claim_cells)

    def scan(self, opened: OpenedFile, rows: pl.LazyFrame, *, encoding: str = "") -> Scan:
        """What is known of a file once it is read."""

        def look_up(numbers: pl.Series) -> pl.DataFrame:
            with reading(opened.path):
                return self.rows_of_claims(rows, numbers).collect(engine="streaming")

        return Scan(
            opened=opened,
            codes=rows.select(self.code.cast(pl.String).alias("hcpcs_code")),
            days=rows.select(self.days),
            dates=rows.select(self.dates) if self.dates else None,
            rows_of_claims=look_up if self.claim_cells else None,
            notes=opened.notes,
            encoding=encoding,
        )


def _unread(headers: HeaderMatch, selection: Selection, types: Types) -> tuple[pl.Expr, ...]:
    """`UNREAD`, where columns may hold modifiers that nobody reads; not of earlier claims."""
    needs_modifiers = selection.only is None and columns.MODIFIERS[0] in selection.needed
    silent = {
        header: number
        for number, header in enumerate(headers.silent.words)
        if not types or header in types  # else its type cannot be read
    }
    return (unread_cells(silent),) if silent and needs_modifiers else ()


def _days(headers: HeaderMatch, types: Types) -> tuple[pl.Expr, pl.Expr]:
    """The patient and the service date of a row; blank where the file has no such column."""
    day = headers.columns.get("claim_line_start_date")
    person = _cell(headers.columns.get("person_id"), "person_id", types)
    date = pl.lit("") if day is None else pl.col(day)
    return person.alias("person_id"), date.alias("claim_line_start_date")


def _dates(headers: HeaderMatch, types: Types) -> Iterator[pl.Expr]:
    """What the columns of dates show, each by itself; of several side by side, each."""
    for column in columns.COLUMNS:
        if column.kind is columns.Kind.DATE:
            side_by_side = headers.line_columns.get(column.name, ())
            for n, header in enumerate([headers.columns.get(column.name), *side_by_side]):
                if header is not None and types.get(header, pl.String) == pl.String:
                    yield shown_by(pl.col(header)).alias(f"{column.name} {n}")


def _claim_cells(headers: HeaderMatch, types: Types) -> tuple[pl.Expr, ...]:
    """The columns of `claim_diagnoses.ROW_COLUMNS` that the file has, as text."""
    present = [name for name in ROW_COLUMNS if name in headers.columns]
    if "claim_id" not in present:
        return ()
    return tuple(_cell(headers.columns[name], name, types).alias(name) for name in present)


def _cells(headers: HeaderMatch, needed: frozenset[str], types: Types) -> list[pl.Expr]:
    """The canonical columns that the file has and the run needs, and those of `SORTING`."""
    cells = []
    for name, header in headers.columns.items():
        column, dtype = columns.BY_NAME[name], types.get(header, pl.String)
        if name not in needed and name not in SORTING:
            continue
        if column.kind is not columns.Kind.TEXT and dtype == pl.String:
            # Trimmed and read later, each different one once.
            cells.append(pl.col(header).cast(pl.Categorical).alias(name))
        else:
            cells.append(written_cell(header, column, dtype))
    return cells


def _cell(header: str | None, column: str, types: Types) -> pl.Expr:
    """One line's cell of a column; blank where the row has no header for it."""
    if header is None:
        return pl.lit("")
    dtype = types.get(header, pl.String)
    return source_cell(header, columns.BY_NAME[column], dtype).cast(pl.String)
