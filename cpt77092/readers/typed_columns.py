"""Columns that have a type of their own, as Parquet files and frames have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import polars as pl

from cpt77092.claims.columns import COLUMNS
from cpt77092.claims.headers import SETS, columns_named
from cpt77092.errors import ClaimsError
from cpt77092.readers.failures import POLARS_FAILURES

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)
Types = Mapping[str, pl.DataType]


def lists_of_codes(types: Types) -> dict[str, int]:
    """Columns whose lists read like a set of ours (`modifiers`), and how many columns it has."""
    sizes = {name: sum(column.set_name == name for column in COLUMNS) for name in SETS}
    lists = {}
    for header, dtype in types.items():
        if isinstance(dtype, pl.List | pl.Array) and (named := columns_named(header) & SETS):
            lists[header] = max(sizes[name] for name in named)
    return lists


def with_lists_spread(rows: Frame, lengths: Mapping[str, int]) -> Frame:
    """The rows with a column for each place of these lists: `modifiers 1`, `modifiers 2`."""
    if not lengths:
        return rows
    texts = rows.with_columns(pl.col(list(lengths)).cast(pl.List(pl.String), strict=False))
    spread = {
        f"{name} {n + 1}": pl.col(name).list.get(n, null_on_oob=True)
        for name, length in lengths.items()
        for n in range(length)
    }
    return texts.with_columns(**spread).drop(list(lengths))


def types_spread(types: Types, lengths: Mapping[str, int]) -> dict[str, pl.DataType]:
    """The types of the columns of `with_lists_spread`."""
    kept = {name: dtype for name, dtype in types.items() if name not in lengths}
    names = [f"{name} {n + 1}" for name, length in lengths.items() for n in range(length)]
    return kept | dict.fromkeys(names, pl.String())


def require_codes(path: str, header: str, dtype: pl.DataType) -> None:
    """Refuse a column of procedure codes whose type holds none.

    Raises:
        ClaimsError: with the name of the column and its type.
    """
    if dtype.is_nested() or dtype.is_temporal() or dtype == pl.Boolean:
        raise ClaimsError(f"{path}: column {header!r} holds {dtype}, not procedure codes")


def as_texts(rows: pl.DataFrame) -> pl.DataFrame:
    """The cells of all columns but lists and structs as text; hexadecimal where they hold bytes."""
    return pl.DataFrame([_as_text(cells) for cells in rows if not cells.dtype.is_nested()])


def _as_text(cells: pl.Series) -> pl.Series:
    if cells.dtype == pl.Duration:  # has no text of its own
        cells = cells.cast(pl.Int64)
    try:
        return cells.cast(pl.String, strict=False)
    except POLARS_FAILURES:
        return cells.bin.encode("hex")
