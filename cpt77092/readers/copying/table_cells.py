"""Cells of a Parquet file: values of its columns, which keep their types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import IO

import polars as pl

from cpt77092.claims.cells import source_cell
from cpt77092.claims.columns import BY_NAME
from cpt77092.file_state import changed
from cpt77092.frozen import frozen
from cpt77092.readers.copying.cells import (
    NO_COLUMN,
    NOT_AS_READ,
    SEVERAL_LINES,
    CellEdit,
    Located,
    Values,
    by_row,
    is_as_read,
    not_expected,
)
from cpt77092.readers.copying.table import sink
from cpt77092.readers.failures import POLARS_FAILURES, native_errors_silenced
from cpt77092.readers.parquet import ParquetFile, scan_table
from cpt77092.readers.scan import INDEX
from cpt77092.text import gathered


@frozen(slots=False)
class TableCells:
    """The cells of a Parquet file."""

    opened: ParquetFile

    @cached_property
    def _rows(self) -> pl.LazyFrame:
        return scan_table([self.opened.data])

    @cached_property
    def _types(self) -> pl.Schema:
        """Of the columns that the file itself has: folders and lists add others."""
        return self._rows.collect_schema()

    def locate(self, wanted: Mapping[int, Values]) -> Located:
        """The cells that hold some values of some rows.

        Raises:
            ClaimsError: the file has changed since it was read.
        """
        located = Located()
        headers = self.opened.headers
        names = {name: headers.columns.get(name, "") for row in wanted.values() for name in row}
        present = {name: header for name, header in names.items() if header in self._types}
        values = self._cells(list(wanted), list(present.values()))
        plain = values.select(
            source_cell(header, BY_NAME[name], self._types[header]).cast(pl.String)
            for name, header in present.items()
        )
        texts = values.select(pl.col(list(present.values())).cast(pl.String, strict=False))
        places = {row: place for place, row in enumerate(values[INDEX])}
        if places.keys() != wanted.keys():
            raise changed(self.opened.path)
        for row, cells in wanted.items():
            edits = []
            for name, (value, new) in cells.items():
                header = names[name]
                if headers.line_columns:
                    located.refused[row] = SEVERAL_LINES
                elif name not in present or (new and self._in_type(header, new) is None):
                    located.refused[row] = NO_COLUMN
                elif not is_as_read(name, [plain[name][places[row]]], [value]):
                    located.refused[row] = NOT_AS_READ
                else:
                    old = texts[header][places[row]]
                    after = self._in_type(header, new) if new else None
                    edits.append(CellEdit(row, header, old, after))
            if row not in located.refused:
                located.edits[row] = edits
        return located

    def _cells(self, rows: Sequence[int], headers: Iterable[str]) -> pl.DataFrame:
        numbers = pl.Series(rows, dtype=pl.UInt32)
        chosen = self._rows.filter(pl.col(INDEX).is_in(numbers.implode()))
        try:
            with native_errors_silenced():
                return chosen.select(INDEX, *dict.fromkeys(headers)).collect(engine="streaming")
        except POLARS_FAILURES:
            raise changed(self.opened.path) from None

    def _in_type(self, header: str, value: str) -> str | None:
        """A value as the text of its column's type: `26.0`; null where it holds none such."""
        typed = pl.Series([value], dtype=pl.String)
        try:
            text = typed.cast(self._types[header]).cast(pl.String)[0]
        except POLARS_FAILURES:
            return None
        return str(text) if text is not None else None

    def write(self, out: IO[bytes], edits: Sequence[CellEdit]) -> None:
        """Write the file with these cells changed; every other value and all types stay.

        Raises:
            OutputError: a cell is not what its edit expects, or the file cannot be written.
        """
        rows = by_row(edits)
        every = [edit for row in rows.values() for edit in row]
        for edit in every:
            if edit.column not in self._types:
                raise not_expected(self.opened.path, edit)
        by_column = gathered((edit.column, edit) for edit in every)
        self._require_expected(rows, by_column)
        changes = [self._changed(header, some) for header, some in by_column.items()]
        sink(self._rows.with_columns(changes), out, self.opened.path)

    def _require_expected(
        self, rows: Mapping[int, Sequence[CellEdit]], by_column: Iterable[str]
    ) -> None:
        cells = self._cells(list(rows), by_column)
        texts = cells.select(pl.exclude(INDEX).cast(pl.String, strict=False))
        places = {row: place for place, row in enumerate(cells[INDEX])}
        for edit in (edit for some in rows.values() for edit in some):
            place = places.get(edit.row)
            if place is None or texts[edit.column][place] != edit.before:
                raise not_expected(self.opened.path, edit)

    def _changed(self, header: str, edits: Sequence[CellEdit]) -> pl.Expr:
        """The column with new values in some rows."""
        dtype = self._types[header]
        numbers = pl.Series([edit.row for edit in edits], dtype=pl.UInt32)
        values = pl.Series([edit.after for edit in edits], dtype=pl.String).cast(dtype)
        order = numbers.arg_sort()
        numbers, values = numbers.gather(order), values.gather(order)
        place = pl.lit(numbers).search_sorted(pl.col(INDEX))
        return (
            pl.when(pl.col(INDEX).is_in(numbers.implode()))
            .then(pl.lit(values.implode()).first().list.get(place, null_on_oob=True))
            .otherwise(pl.col(header))
            .alias(header)
        )
