"""Parquet files, by Polars' lazy scan; typed columns keep their types."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from cpt77092.errors import ClaimsError
from cpt77092.headers import match_headers
from cpt77092.readers.scan import REJECT, ROW, Scan, canonical, may_be_in_scope

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
    rows = pl.scan_parquet(source, row_index_name=ROW, row_index_offset=1, glob=False)
    try:
        names = [name for name in rows.collect_schema().names() if name != ROW]
    except (PolarsError, OSError) as problem:
        raise ClaimsError(f"{path}: not a readable Parquet file ({reason(problem)})") from None
    headers = match_headers(names, overrides, file=path)
    if "hcpcs_code" not in headers.chosen:
        raise ClaimsError(
            f"{path}: no procedure-code column among {', '.join(map(repr, names[:8]))}; "
            f"name it: --map hcpcs_code=HEADER"
        )
    code = pl.col(headers.chosen["hcpcs_code"])
    kept = rows.filter(may_be_in_scope(code, scope)).select(
        pl.col(ROW),
        pl.lit(None, dtype=pl.String).alias(REJECT),
        *canonical(headers, needed | {"claim_id", "claim_line_start_date", "hcpcs_code"}),
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


def reason(problem: Exception) -> str:
    """The first line of a Polars error, without its hints."""
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0][:160]
