"""The rows of a Parquet file, written with their values and types; those of a sheet, as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO

import polars as pl

from cpt77092.errors import OutputError
from cpt77092.file_state import changed
from cpt77092.frozen import frozen
from cpt77092.readers.copying import rows as blocks
from cpt77092.readers.copying.rows import SIZE, Files, RowSource, chosen_rows, key_cells
from cpt77092.readers.excel import ExcelFile
from cpt77092.readers.excel_damage import restore_numbers
from cpt77092.readers.failures import POLARS_FAILURES, native_errors_silenced
from cpt77092.readers.parquet import ParquetFile, scan_table
from cpt77092.readers.scan import INDEX, ROW


@frozen
class TableRows(RowSource):
    """The rows of a Parquet file."""

    opened: ParquetFile
    format = "Parquet"

    @property
    def traits(self) -> dict[str, object]:
        """The columns, in their order."""
        return {"columns": list(self.opened.types.items())}

    def blocks(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """All rows, as `RowSource.blocks` gives them, with a `size` of 0.

        Raises:
            ClaimsError: the file has changed since it was read.
        """
        keys = key_cells(self.opened, names, dict(self.opened.types))
        plan = self.opened.rows.select(pl.col(INDEX).alias(ROW), pl.lit(0).alias(SIZE), *keys)
        height = 0
        try:
            with native_errors_silenced():
                for block in plan.collect_batches(chunk_size=blocks.BLOCK, maintain_order=True):
                    height += block.height
                    if block.height:
                        yield restore_numbers(block)[0]
                # Where a file breaks the reader, the blocks end early and in silence.
                is_whole = height == plan.select(pl.len()).collect(engine="streaming").item()
        except POLARS_FAILURES:
            is_whole = False
        if not is_whole:
            raise changed(self.opened.path)

    def write(self, out: IO[bytes], files: Files, destination: int) -> None:
        """Write the rows for one destination as Parquet.

        Raises:
            OutputError: the rows cannot be written.
        """
        # One scan of all files: many in one plan wait for each other's threads.
        tables = [source.opened.data for source, _ in files]
        rows = chosen_rows([run for _, runs in files for run in runs], destination)
        chosen = scan_table(tables).filter(pl.col(INDEX).is_in((rows + 1).implode()))
        sink(chosen, out, self.opened.path)


def sink(rows: pl.LazyFrame, out: IO[bytes], path: str) -> None:
    """Write rows of a file as Parquet.

    Raises:
        OutputError: they cannot be written.
    """
    try:
        with native_errors_silenced():
            rows.drop(INDEX).sink_parquet(out)
    except OSError:
        raise
    except POLARS_FAILURES:
        raise OutputError(f"{path}: cannot be written as Parquet") from None


@frozen
class SheetRows(RowSource):
    """The rows of one sheet of a workbook, as CSV: a sheet's look cannot be cut in two."""

    opened: ExcelFile
    format = "CSV"

    @property
    def traits(self) -> dict[str, object]:
        """The header."""
        return {"header": list(self.opened.written.values())}

    def blocks(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """All rows, as `RowSource.blocks` gives them, with a `size` of 0."""
        keys = key_cells(self.opened, names)
        rows = self.opened.rows.select(pl.col(INDEX).alias(ROW), pl.lit(0).alias(SIZE), *keys)
        for block in rows.iter_slices(blocks.BLOCK):
            yield restore_numbers(block)[0]

    def write(self, out: IO[bytes], files: Files, destination: int) -> None:
        """Write the rows for one destination as CSV below the header of the sheet."""
        written = self.opened.written.values()
        header = pl.DataFrame([list(written)], schema=list(self.opened.written), orient="row")
        header.write_csv(out, include_header=False)
        for source, runs in files:
            if isinstance(source, SheetRows):
                rows = source.opened.rows.drop(INDEX)[chosen_rows(runs, destination)]
                rows.with_columns(pl.all().replace("", None)).write_csv(out, include_header=False)
