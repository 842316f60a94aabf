"""Parquet files, by Polars' lazy scan; typed columns keep their types."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from cpt77092.claims.headers import HeaderMatch, match_headers
from cpt77092.claims.layouts import Layout
from cpt77092.errors import ClaimsError
from cpt77092.readers.classify import (
    INDEX,
    POLARS_FAILURES,
    REJECT,
    ROW,
    SAMPLE_ROWS,
    Scan,
    code_header,
    native_errors_silenced,
    reason,
)
from cpt77092.readers.line_plan import LinePlan


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

    def sample(self) -> pl.DataFrame:
        """The first rows, every cell as text."""
        plain = [name for name, dtype in self.types.items() if not dtype.is_nested()]
        return self.rows.select(pl.col(plain).cast(pl.String)).head(SAMPLE_ROWS).collect()

    def scan(self, *, needed: frozenset[str], scope: frozenset[str]) -> Scan:
        """The plan that reads the rows.

        Raises:
            ClaimsError: no column is the procedure code, or it holds none.
        """
        header = code_header(self)
        held = self.types[header]
        if held.is_nested() or held.is_temporal() or held == pl.Boolean:
            raise ClaimsError(f"{self.path}: column {header!r} holds {held}, not procedure codes")
        plan = LinePlan.of(self.headers, needed, scope, written=header, types=self.types)
        nothing = pl.lit(None, dtype=pl.String).alias(REJECT)
        kept = self.rows.filter(plan.keep).select(pl.col(INDEX).alias(ROW), nothing, *plan.cells)
        return Scan.of(
            self,
            kept=plan.spread(kept),
            rows=self.rows,
            code=plan.code,
            total=self.rows.select(plan.total),
        )


def open_parquet(
    path: str, data: Path | bytes, overrides: Mapping[str, str], *, layout: Layout | None = None
) -> ParquetFile:
    """Read the footer of a Parquet file.

    Folders named `column=value` on the way to it are columns of its rows, as Hive writes them.

    Raises:
        ClaimsError: the footer cannot be read, or two columns claim one of ours.
    """
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    rows = pl.scan_parquet(
        source, row_index_name=INDEX, row_index_offset=1, glob=False, hive_partitioning=False
    )
    try:
        with native_errors_silenced():
            types = dict(rows.collect_schema())
    except POLARS_FAILURES as problem:
        raise ClaimsError(f"{path}: not a readable Parquet file ({reason(problem)})") from None
    del types[INDEX]
    partitions = {c: v for c, v in _partitions(path) if c not in types}
    rows = rows.with_columns(pl.lit(value).alias(c) for c, value in partitions.items())
    types |= dict.fromkeys(partitions, pl.String())
    headers = match_headers({name: name for name in types}, overrides, file=path, layout=layout)
    return ParquetFile(path, data, rows, types, headers)


def _partitions(path: str) -> Iterator[tuple[str, str]]:
    for folder in Path(path).parts[:-1]:
        column, equals, value = folder.partition("=")
        if column and equals:
            missing = value == "__HIVE_DEFAULT_PARTITION__"
            yield unquote(column), "" if missing else unquote(value)
