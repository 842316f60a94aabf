"""Parquet files, by Polars' lazy scan; typed columns keep their types."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl

from cpt77092.claims.headers import HeaderMatch, match_headers
from cpt77092.errors import ClaimsError
from cpt77092.frozen import frozen
from cpt77092.readers.failures import POLARS_FAILURES, native_errors_silenced, reason
from cpt77092.readers.line_plan import LinePlan
from cpt77092.readers.scan import INDEX, MATCHED_ROWS, SAMPLE_ROWS, Options, Rows, Scan, Selection
from cpt77092.readers.typed_columns import (
    as_texts,
    lists_of_codes,
    require_codes,
    types_spread,
    with_lists_spread,
)


@frozen
class ParquetFile:
    """A Parquet file whose footer is read and whose rows are not."""

    path: str
    data: Path | bytes
    rows: pl.LazyFrame
    types: Mapping[str, pl.DataType]
    headers: HeaderMatch
    kind: str = "Parquet"
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The file's column names."""
        return tuple(self.types)

    def sample(self) -> pl.DataFrame:
        """The first rows, every cell as text."""
        return as_texts(self.rows.drop(INDEX).head(SAMPLE_ROWS).collect())

    def texts(self, numbers: pl.Series) -> pl.DataFrame:
        """The rows with some numbers, every cell that has one as text."""
        rows = self.rows.filter(pl.col(INDEX).is_in(numbers.implode()))
        return as_texts(rows.drop(INDEX).collect(engine="streaming"))

    def read(self, selection: Selection) -> tuple[Scan, Rows]:
        """Read the rows.

        Raises:
            ClaimsError: the column of the procedure codes has a type that holds none, or the file
                is damaged.
        """
        header = self.headers.columns["hcpcs_code"]
        require_codes(self.path, header, self.types[header])
        return LinePlan.of(self, selection, types=self.types).read(self, self.rows, selection)


def open_file(path: str, data: Path | bytes, options: Options) -> ParquetFile:
    """Read the footer of a Parquet file.

    Folders named `column=value` on the way to it are columns of its rows, as Hive writes them.

    Raises:
        ClaimsError: the footer cannot be read, or --map names no column.
    """
    rows = scan_table([data])
    try:
        with native_errors_silenced():
            types = dict(rows.collect_schema())
    except POLARS_FAILURES as failure:
        raise ClaimsError(f"{path}: not a readable Parquet file ({reason(failure)})") from None
    del types[INDEX]
    partitions = {c: v for c, v in _partitions(path) if c not in types}
    rows = rows.with_columns(pl.lit(value).alias(c) for c, value in partitions.items())
    types |= dict.fromkeys(partitions, pl.String())
    rows, types = _with_lists_spread(rows, types, path)
    headers = match_headers(
        {name: name for name in types},
        options.overrides,
        file=path,
        layout=options.layout,
        cells=_first_cells(rows, types),
        of_history=options.of_history,
    )
    return ParquetFile(path, data, rows, types, headers)


def scan_table(files: Sequence[Path | bytes]) -> pl.LazyFrame:
    """The rows of Parquet files and their numbers, without the columns of their folders."""
    sources: Any = [io.BytesIO(file) if isinstance(file, bytes) else file for file in files]
    return pl.scan_parquet(
        sources, row_index_name=INDEX, row_index_offset=1, glob=False, hive_partitioning=False
    )


def _with_lists_spread(
    rows: pl.LazyFrame, types: dict[str, pl.DataType], path: str
) -> tuple[pl.LazyFrame, dict[str, pl.DataType]]:
    """The rows with a column for each place of lists that read like one of ours: `modifiers 1`.

    Raises:
        ClaimsError: a list cannot be read.
    """
    lists = list(lists_of_codes(types))
    if not lists:
        return rows, types
    length = pl.col(lists).cast(pl.List(pl.String), strict=False).list.len().max().fill_null(0)
    try:
        with native_errors_silenced():
            longest = rows.select(length).collect().row(0)
    except POLARS_FAILURES as failure:
        raise ClaimsError(
            f"{path}: {', '.join(lists)}: a list that cannot be read ({reason(failure)})"
        ) from None
    lengths = {name: max(length, 1) for name, length in zip(lists, longest, strict=True)}
    return with_lists_spread(rows, lengths), types_spread(types, lengths)


def _first_cells(
    rows: pl.LazyFrame, types: Mapping[str, pl.DataType]
) -> dict[str, list[str]] | None:
    """The cells of each column in the first rows as text; None where they cannot be read."""
    try:
        with native_errors_silenced():
            first = rows.select(list(types)).head(MATCHED_ROWS).collect()
            return as_texts(first).fill_null("").to_dict(as_series=False)
    except POLARS_FAILURES:  # reading the rows, which follows, reports what is wrong
        return None


def _partitions(path: str) -> Iterator[tuple[str, str]]:
    for folder in Path(path).parts[:-1]:
        column, equals, value = folder.partition("=")
        if column and equals:
            missing = value == "__HIVE_DEFAULT_PARTITION__"
            yield unquote(column), "" if missing else unquote(value)
