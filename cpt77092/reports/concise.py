"""One finding per line, for pipes, editors and grep; nothing is ever cut short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

import polars as pl

from cpt77092 import findings
from cpt77092.engine import Result
from cpt77092.reports.text import safe_expr


def write(stream: IO[str], result: Result, *, limit: int | None, extra: Sequence[str] = ()) -> None:
    """Write `file:row: severity RULE claim/line code date payer: message fix [source]` lines."""
    shown = findings.table(result, limit=limit, extra=extra)
    for line in _lines(shown):
        stream.write(f"{line}\n")


def _lines(shown: pl.DataFrame) -> pl.Series:
    text = {
        name: safe_expr(name).fill_null("") for name, d in shown.schema.items() if d == pl.String
    }
    line_number = pl.col("claim_line_number").cast(pl.String).fill_null("-")
    day = pl.col("claim_line_start_date").cast(pl.String).fill_null("no date")
    fix = pl.when(pl.col("fix") == "").then(pl.lit("")).otherwise(pl.format(" {}", text["fix"]))
    kind = (
        pl.when(pl.col("fix_kind") == "none")
        .then(pl.lit(""))
        .otherwise(pl.format(" ({} fix)", pl.col("fix_kind")))
    )
    at = (
        pl.when(pl.col("source_at") == "")
        .then(pl.lit(""))
        .otherwise(pl.format(", {}", text["source_at"]))
    )
    person = [pl.lit(" person "), text["person_id"]] if "person_id" in shown.columns else []
    return shown.select(
        pl.concat_str(
            text["source_file"],
            pl.lit(":"),
            pl.col("source_row").cast(pl.String),
            pl.lit(": "),
            pl.col("severity"),
            pl.lit(" "),
            pl.col("rule"),
            pl.lit(" "),
            text["claim_id"],
            pl.lit("/"),
            line_number,
            *person,
            pl.lit(" "),
            text["hcpcs_code"],
            pl.lit(" "),
            day,
            pl.lit(" "),
            pl.col("payer"),
            pl.lit(": "),
            text["message"],
            fix,
            kind,
            pl.lit(" ["),
            text["source_title"],
            at,
            pl.when(pl.col("confidence") != "primary")
            .then(pl.format("; {}", pl.col("confidence")))
            .otherwise(pl.lit("")),
            pl.lit("]"),
        )
    ).to_series()
