"""Parquet files, by Polars' lazy scan; typed columns keep their types."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import polars as pl

from cpt77092.claims.headers import match_headers
from cpt77092.errors import ClaimsError, OutputError
from cpt77092.frozen import frozen
from cpt77092.readers import memory
from cpt77092.readers.failures import POLARS_FAILURES, native_errors_silenced, reason
from cpt77092.readers.line_plan import LinePlan
from cpt77092.readers.parquet_footer import repair, uuid_columns
from cpt77092.readers.scan import (
    INDEX,
    MATCHED_ROWS,
    SAMPLE_ROWS,
    OpenedFile,
    Options,
    Rows,
    Scan,
    Selection,
)
from cpt77092.readers.text.encoding import size_of
from cpt77092.readers.typed_columns import (
    as_texts,
    bytes_as_texts,
    lists_of_codes,
    plain_columns,
    require_codes,
    types_spread,
    with_lists_spread,
)


@frozen
class ParquetFile(OpenedFile):
    """A Parquet file whose footer is read and whose rows are not."""

    rows: pl.LazyFrame
    types: Mapping[str, pl.DataType]
    is_repaired: bool = False
    """Some of its columns stop Polars, and its rows are read without them."""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Columns that cannot be read, and why."""

    def sample(self) -> pl.DataFrame:
        """The first rows, every cell as text."""
        return _texts(self.rows.select(list(self.types)).head(SAMPLE_ROWS))

    def all_rows(self) -> pl.LazyFrame:
        """Every row with its number, without columns that cannot be read."""
        return self.rows

    def to_be_copied(self) -> ParquetFile:
        """The file, if all of its columns can be written again.

        Raises:
            OutputError: they cannot, and it says why.
        """
        if self.is_repaired:
            raise OutputError(
                f"{self.path}: a column has a name twice, or a type that scrub does not read, so "
                f"the rows cannot be written as they are; leave that column out of the file"
            )
        return self

    def texts(self, numbers: pl.Series) -> pl.DataFrame:
        """The rows with some numbers, every cell that has one as text."""
        rows = self.rows.filter(pl.col(INDEX).is_in(numbers.implode()))
        return _texts(rows.select(list(self.types)))

    def read(self, selection: Selection) -> tuple[Scan, Rows]:
        """Read the rows.

        Raises:
            ClaimsError: the column of the procedure codes has a type that holds none, a column that
                is needed cannot be read, or the file is damaged.
        """
        header = self.headers.columns["hcpcs_code"]
        if header in self.types:
            require_codes(self.path, header, self.types[header])
        plan = LinePlan.of(self, selection, types=self.types)
        if needed := [name for name in plan.headers if name in self.unreadable]:
            raise ClaimsError(
                *(f"{self.path}: column {name!r} {self.unreadable[name]}" for name in needed)
            )
        texts = bytes_as_texts(self.types)
        if not texts:
            return plan.read(self, self.rows, selection)
        try:
            return plan.read(self, self.rows, selection)
        except ClaimsError:  # perhaps for one cell that is no text; this takes longer
            rows = self.rows.with_columns(**texts)
            types = {**self.types, **dict.fromkeys(texts, pl.String())}
            opened = replace(self, rows=rows, types=types)
            return LinePlan.of(opened, selection, types=types).read(opened, rows, selection)


def open_file(path: str, data: Path | bytes, options: Options) -> ParquetFile:
    """Read the footer of a Parquet file.

    Folders named `column=value` on the way to it are columns of its rows, as Hive writes them.

    Raises:
        ClaimsError: the footer cannot be read, or --map names no column.
    """
    rows, written, unreadable, is_repaired = _opened(path, data)
    types = dict(rows.collect_schema())
    del types[INDEX]
    partitions = {c: v for c, v in _partitions(path) if c not in types}
    is_bytes = pl.Binary in types.values()
    plain = plain_columns(types, uuid_columns(data) if is_bytes and not is_repaired else ())
    rows = rows.with_columns(**plain, **{c: pl.lit(value) for c, value in partitions.items()})
    types = dict(rows.drop(INDEX).collect_schema()) if plain or partitions else types
    opened = open_rows(path, data, rows, types, options, written=written, unreadable=unreadable)
    return replace(opened, is_repaired=is_repaired)


def open_rows(
    path: str,
    data: Path | bytes,
    rows: pl.LazyFrame,
    types: dict[str, pl.DataType],
    options: Options,
    *,
    written: Mapping[str, str] = MappingProxyType({}),
    unreadable: Mapping[str, str] = MappingProxyType({}),
) -> ParquetFile:
    """Match the headers of rows that have numbers in `INDEX`.

    Args:
        path: as the user named the rows.
        data: the file; nothing where there is none.
        rows: the rows.
        types: of their columns but `INDEX`.
        options: what the user stated about reading.
        written: name to header of columns that were renamed.
        unreadable: columns that cannot be read, and why.

    Raises:
        ClaimsError: a list cannot be read, or --map names no column.
    """
    rows, types = _with_lists_spread(rows, types, path)
    names = tuple(dict.fromkeys([*types, *unreadable]))
    headers = match_headers(
        {name: written.get(name, name) for name in names},
        options.overrides,
        file=path,
        layout=options.layout,
        of_history=options.of_history,
        cells={name: [] for name in unreadable}
        | _texts(rows.select(list(types)).head(MATCHED_ROWS))
        .fill_null("")
        .to_dict(as_series=False),
    )
    opened = ParquetFile(path, data, "Parquet", headers, names, (), rows, types)
    return replace(opened, unreadable=unreadable)


def _opened(
    path: str, data: Path | bytes
) -> tuple[pl.LazyFrame, Mapping[str, str], dict[str, str], bool]:
    """The rows of a file, without what stops Polars.

    Returns:
        The rows; name to header of columns that were renamed; columns that cannot be read, and why;
        and whether the file was repaired for it.

    Raises:
        ClaimsError: it cannot be read at all.
    """
    rows = scan_table([data])
    failure = _schema_failure(rows)
    if failure is None:
        return rows, {}, {}, False
    _require_room(path, data)
    copy = repair(data, lambda content: _schema_failure(scan_table([content])) is None, INDEX)
    if copy is not None:
        rows = scan_table([copy.content])
        if _schema_failure(rows) is None:
            unreadable = dict.fromkeys(copy.unreadable, _TYPE)
            types = rows.collect_schema()
            zoned = [n for n, d in types.items() if isinstance(d, pl.Datetime) and d.time_zone]
            return rows, copy.renamed, unreadable | dict.fromkeys(zoned, _ZONE), True
    raise ClaimsError(f"{path}: not a readable Parquet file ({reason(failure)})")


_TYPE = "has a type that scrub does not read; write it as text"
_ZONE = "has times of a time zone that is not known; write it as dates"


def _schema_failure(rows: pl.LazyFrame) -> BaseException | None:
    """Why Polars does not read the footer, if it does not."""
    try:
        with native_errors_silenced():
            rows.collect_schema()
    except POLARS_FAILURES as failure:
        return failure
    return None


def _require_room(path: str, data: Path | bytes) -> None:
    """Refuse a file that is read in memory and too large for it.

    Raises:
        ClaimsError: it is too large.
    """
    free = memory.free()
    if free is not None and size_of(data) > free // 4:
        raise ClaimsError(
            f"{path}: one of its columns has a name twice, or a type that scrub does not read, and "
            f"memory does not hold the file; write it without that column"
        )


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


def _texts(rows: pl.LazyFrame) -> pl.DataFrame:
    """The cells of some rows as text, without columns that cannot be read.

    Reading the rows that are checked reports what is wrong with a column that is needed.
    """
    with native_errors_silenced():
        try:
            return as_texts(rows.collect(engine="streaming"))
        except POLARS_FAILURES:
            read = [_cells_alone(rows, name) for name in rows.collect_schema()]
    return as_texts(pl.DataFrame([cells for cells in read if cells is not None]))


def _cells_alone(rows: pl.LazyFrame, name: str) -> pl.Series | None:
    try:
        return rows.select(name).collect(engine="streaming").to_series()
    except POLARS_FAILURES:
        return None


def _partitions(path: str) -> Iterator[tuple[str, str]]:
    for folder in Path(path).parts[:-1]:
        column, equals, value = folder.partition("=")
        if column and equals:
            missing = value == "__HIVE_DEFAULT_PARTITION__"
            yield unquote(column), "" if missing else unquote(value)
