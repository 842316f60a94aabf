"""Parquet files, by Polars' lazy scan; typed columns keep their types."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cpt77092.errors import ClaimsError
from cpt77092.headers import HeaderMatch, match_headers
from cpt77092.readers.scan import (
    INDEX,
    POLARS_FAILURES,
    REJECT,
    ROW,
    Scan,
    canonical,
    code_header,
    may_be_in_scope,
    native_errors_silenced,
    reason,
)

MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """A Parquet file whose footer is read and whose rows are not."""

    path: str
    data: Path | bytes
    rows: pl.LazyFrame
    types: Mapping[str, pl.DataType]
    headers: HeaderMatch
    kind: str = "Parquet"

    @property
    def names(self) -> tuple[str, ...]:
        """The file's column names."""
        return tuple(self.types)

    def scan(self, *, needed: frozenset[str], scope: frozenset[str]) -> Scan:
        """The plan that reads the rows.

        Raises:
            ClaimsError: no column is the procedure code, or it holds none.
        """
        header = code_header(self)
        held = self.types[header]
        if held.is_nested() or held.is_temporal() or held == pl.Boolean:
            raise ClaimsError(f"{self.path}: column {header!r} holds {held}, not procedure codes")
        code = pl.col(header)
        kept = self.rows.filter(may_be_in_scope(code, scope)).select(
            pl.col(INDEX).alias(ROW),
            pl.lit(None, dtype=pl.String).alias(REJECT),
            *canonical(self.headers, needed, self.types),
        )
        return Scan.of(self, kept=kept, rows=self.rows, code=code)


def open_parquet(path: str, data: Path | bytes, overrides: Mapping[str, str]) -> ParquetFile:
    """Read the footer of a Parquet file.

    Raises:
        ClaimsError: the footer cannot be read, or two columns claim one of ours.
    """
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    rows = pl.scan_parquet(source, row_index_name=INDEX, row_index_offset=1, glob=False)
    try:
        with native_errors_silenced():
            types = dict(rows.collect_schema())
    except POLARS_FAILURES as problem:
        raise ClaimsError(f"{path}: not a readable Parquet file ({reason(problem)})") from None
    del types[INDEX]
    headers = match_headers({name: name for name in types}, overrides, file=path)
    return ParquetFile(path, data, rows, types, headers)
