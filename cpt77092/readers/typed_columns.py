"""Columns that have a type of their own, as Parquet files and frames have them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

import polars as pl

from cpt77092.claims.columns import COLUMNS
from cpt77092.claims.headers import SETS, columns_named
from cpt77092.errors import ClaimsError

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


def plain_columns(types: Types, uuids: Collection[str] = ()) -> dict[str, pl.Expr]:
    """Columns of types that others are wrapped in, as what they wrap: JSON as text.

    Args:
        types: of all columns.
        uuids: columns of bytes that are UUIDs, which become text as people write them.
    """
    plain = {
        name: pl.col(name).ext.storage()
        for name, dtype in types.items()
        if isinstance(dtype, pl.BaseExtension)
    }
    # A duration has no text of its own.
    plain |= {n: pl.col(n).cast(pl.Int64) for n, dtype in types.items() if dtype == pl.Duration}
    parts = r"^(.{8})(.{4})(.{4})(.{4})(.{12})$"
    texts = {
        name: pl.col(name).bin.encode("hex").str.replace(parts, "$1-$2-$3-$4-$5")
        for name, dtype in types.items()
        if dtype == pl.Binary and name in uuids
    }
    return plain | texts


def bytes_as_texts(types: Types) -> dict[str, pl.Expr]:
    """Columns of bytes as text: each cell that is none as hexadecimal."""
    return {name: _text_of_bytes(name) for name, dtype in types.items() if dtype == pl.Binary}


_UTF8 = (
    "^(?:[0-7].|(?:c[2-9a-f]|d.)[89ab].|e0[ab].[89ab].|ed[89].[89ab].|e[1-9a-cef](?:[89ab].){2}"
    "|f0[9ab].(?:[89ab].){2}|f[1-3](?:[89ab].){3}|f48.(?:[89ab].){2})*$"
)
"""Bytes, in hexadecimal, that are text: Polars refuses all cells for one that is none."""


def _text_of_bytes(name: str) -> pl.Expr:
    hexadecimal = pl.col(name).bin.encode("hex")
    is_text = hexadecimal.str.contains(_UTF8)
    texts = pl.when(is_text).then(pl.col(name)).otherwise(pl.lit(b"")).cast(pl.String)
    return pl.when(is_text).then(texts).otherwise(hexadecimal).alias(name)


def as_texts(rows: pl.DataFrame) -> pl.DataFrame:
    """The cells of all columns but lists and structs as text; hexadecimal where they hold bytes."""
    rows = rows.with_columns(**plain_columns(rows.schema))
    return pl.DataFrame([_as_text(cells) for cells in rows if not cells.dtype.is_nested()])


def _as_text(cells: pl.Series) -> pl.Series:
    if cells.dtype == pl.Binary:
        return cells.to_frame().select(_text_of_bytes(cells.name)).to_series()
    return cells.cast(pl.String, strict=False)
