"""From rows to lines: which rows to keep, their cells, and rows that hold several lines each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import polars as pl

from cpt77092.claims import columns
from cpt77092.claims.headers import HeaderMatch
from cpt77092.readers.classify import AROUND_A_CODE, REJECT, canonical, may_be_in_scope

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)
Types = Mapping[str, pl.DataType | type[pl.DataType]]

_BLANK = "__blank"
_LINE = "__line"
_FIRST = "__first"


@dataclass(frozen=True, slots=True)
class LinePlan:
    """How the rows of a file become claim lines."""

    keep: pl.Expr
    """Rows that may be in scope, and those without a code."""
    cells: tuple[pl.Expr, ...]
    """The canonical columns of a kept row; lists where it holds several lines."""
    total: tuple[pl.Expr, ...]
    """How many lines all rows hold, and how many rows are set aside as no claim lines."""
    code: pl.Expr
    """Every code of the file."""
    wide: tuple[str, ...] = ()
    only: pl.Expr | None = None
    """Rows that the layout says are claim lines; all where None."""

    @classmethod
    def of(
        cls,
        headers: HeaderMatch,
        needed: frozenset[str],
        scope: frozenset[str],
        *,
        written: str = "",
        types: Types | None = None,
    ) -> LinePlan:
        """The plan for one file.

        Args:
            headers: how its headers were understood.
            needed: columns that somebody will read.
            scope: the codes to keep.
            written: the header of the code as it is written; a row may repeat it.
            types: the columns' types where they are not text.
        """
        is_line = [
            pl.col(header).cast(pl.String).str.strip_chars().is_in(values)
            for header, values in headers.row_filter.items()
        ]
        only = pl.all_horizontal(is_line).fill_null(value=False) if is_line else None
        aside = [] if only is None else [(~only).sum().alias("set_aside")]
        if headers.line_columns:
            return cls._wide(headers, needed, scope, types or {}, only, aside)
        code = pl.col(headers.columns["hcpcs_code"])
        if types and types[headers.columns["hcpcs_code"]].is_float():
            code = code.fill_nan(None)  # what is not a number is a gap
        keep = may_be_in_scope(code, scope, written)
        return cls(
            keep if only is None else keep & only,
            tuple(canonical(headers, needed, types)),
            (pl.len(), *aside),
            code,
            only=only,
        )

    @classmethod
    def _wide(
        cls,
        headers: HeaderMatch,
        needed: frozenset[str],
        scope: frozenset[str],
        types: Types,
        only: pl.Expr | None,
        aside: list[pl.Expr],
    ) -> LinePlan:
        codes = [
            pl.col(header) for header in headers.line_columns["hcpcs_code"] if header is not None
        ]
        filled = [
            code.cast(pl.String).str.strip_chars(AROUND_A_CODE).fill_null("") != ""
            for code in codes
        ]
        is_blank = ~pl.any_horizontal(filled)
        found = [may_be_in_scope(c, scope) & f for c, f in zip(codes, filled, strict=True)]
        keep = pl.any_horizontal(found) | is_blank
        wanted = {c: h for c, h in headers.line_columns.items() if c in needed or c == "hcpcs_code"}
        lists = [
            pl.concat_list(_cell(h, columns.BY_NAME[column], types) for h in source).alias(column)
            for column, source in wanted.items()
        ]
        numbers = [n for n, h in enumerate(headers.line_columns["hcpcs_code"], 1) if h is not None]
        lists.append(pl.concat_list(pl.lit(n, pl.Int64) for n in numbers).alias(_LINE))
        shared = [
            cell
            for cell in canonical(headers, needed, types or None)
            if cell.meta.output_name() not in headers.line_columns
        ]
        each = pl.sum_horizontal(f.cast(pl.UInt32) for f in filled).clip(1)
        if only is not None:
            keep, each = keep & only, pl.when(only).then(each).otherwise(1)
        return cls(
            keep,
            (*shared, *lists, is_blank.alias(_BLANK)),
            (each.sum().alias("len"), *aside),
            pl.concat_list(c.cast(pl.String) for c in codes).explode(),
            (*wanted, _LINE),
            only,
        )

    def spread(self, kept: Frame) -> Frame:
        """One row for each line; a rejected row, and one without any code, stays one."""
        if not self.wide:
            return kept
        lines = (
            kept.with_columns(pl.col(_LINE).list.first().alias(_FIRST))
            .explode(self.wide)
            .filter(
                pl.when(pl.col(_BLANK) | pl.col(REJECT).is_not_null())
                .then(pl.col(_LINE) == pl.col(_FIRST))
                .otherwise(pl.col("hcpcs_code") != "")
            )
        )
        columns = lines.collect_schema().names()
        if "claim_line_number" not in columns:
            lines = lines.with_columns(pl.col(_LINE).cast(pl.String).alias("claim_line_number"))
        return lines.drop(_LINE, _BLANK, _FIRST)


def _cell(header: str | None, column: columns.Column, types: Types) -> pl.Expr:
    if header is None:
        return pl.lit("")
    return columns.cell(header, column, types.get(header, pl.String)).cast(pl.String)
