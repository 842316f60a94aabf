"""Parquet files, by Polars' lazy scan; typed columns keep their types."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from cpt77092.errors import ClaimsError
from cpt77092.headers import match_headers
from cpt77092.readers.scan import (
    INDEX,
    POLARS_FAILURES,
    REJECT,
    ROW,
    Scan,
    canonical,
    may_be_in_scope,
    reason,
    require_code,
)

MAGIC = b"PAR1"


def open_parquet(
    path: str,
    data: Path | bytes,
    *,
    overrides: Mapping[str, str],
    needed: frozenset[str],
    scope: frozenset[str],
) -> Scan:
    """Open a Parquet file: its footer is read now, its rows when the batch is collected.

    Raises:
        ClaimsError: the footer cannot be read, or there is no procedure-code column.
    """
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    rows = pl.scan_parquet(source, row_index_name=INDEX, row_index_offset=1, glob=False)
    try:
        types = dict(rows.collect_schema())
    except POLARS_FAILURES as problem:
        raise ClaimsError(f"{path}: not a readable Parquet file ({reason(problem)})") from None
    names = [name for name in types if name != INDEX]
    headers = match_headers(dict(zip(names, names, strict=True)), overrides, file=path)
    require_code(headers, names, path)
    held = types[headers.chosen["hcpcs_code"]]
    if held.is_nested() or held.is_temporal() or held == pl.Boolean:
        name = headers.chosen["hcpcs_code"]
        raise ClaimsError(f"{path}: column {name!r} holds {held}, not procedure codes")
    code = pl.col(headers.chosen["hcpcs_code"])
    kept = rows.filter(may_be_in_scope(code, scope)).select(
        pl.col(INDEX).alias(ROW),
        pl.lit(None, dtype=pl.String).alias(REJECT),
        *canonical(headers, needed | {"claim_id", "claim_line_start_date", "hcpcs_code"}, types),
    )
    return Scan(
        path=path,
        kind="Parquet",
        headers=headers,
        kept=kept,
        total=rows.select(pl.len()),
        codes=rows.select(code.cast(pl.String).alias("hcpcs_code")),
        size=len(data) if isinstance(data, bytes) else data.stat().st_size,
        file=None if isinstance(data, bytes) else data,
    )
