"""Claim lines of object stores and tables, as a frame without row numbers, read in one pass."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from cpt77092.errors import Problem, UsageError
from cpt77092.lakehouse.failures import table_failures
from cpt77092.lakehouse.rows import TableRows, rows_of
from cpt77092.readers.failures import native_errors_silenced
from cpt77092.readers.frame import Frame, FrameFile, read_lines
from cpt77092.readers.parquet import ParquetFile, open_rows
from cpt77092.readers.scan import INDEX, Options, Selection
from cpt77092.readers.typed_columns import bytes_as_texts, plain_columns


def read_table(name: str, selection: Selection, options: Options) -> FrameFile:
    """Read the lines of a table or of objects in a store.

    Raises:
        UsageError: the address holds a key, a package is missing, or there is no column to name
            the rows by.
        ClaimsError: it cannot be read, or lacks a required column.
    """
    with native_errors_silenced():
        table = rows_of(name)
        row_id = None if options.of_history else options.row_id
        if row_id is not None and row_id not in table.rows.collect_schema():
            text = f"{name} has no such column"
            typed = f"--row-id {row_id}: {text}"
            raise UsageError(Problem(text=text, argument="row_id", value=row_id, typed=typed))
        with table_failures(name):
            return read_lines(Frame(_plain(table), name, row_id, table.kind), selection, options)


def open_table(name: str, options: Options) -> ParquetFile:
    """Open a table or objects in a store for a look at its columns and first rows.

    Raises:
        UsageError: the address holds a key, or a package is missing.
        ClaimsError: it cannot be read.
    """
    with native_errors_silenced(), table_failures(name):
        table = rows_of(name)
        rows = _plain(table)
        types, numbered = dict(rows.collect_schema()), rows.with_row_index(INDEX, offset=1)
        return replace(open_rows(name, b"", numbered, types, options), kind=table.kind)


def _plain(table: TableRows) -> pl.LazyFrame:
    """The rows without types that others are wrapped in, and with bytes as text."""
    types = table.rows.collect_schema()
    return table.rows.with_columns(**plain_columns(types), **bytes_as_texts(types))
