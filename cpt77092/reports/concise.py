"""One finding, line or claim per line, for pipes, editors and grep; nothing is ever cut short."""

from __future__ import annotations

from typing import IO

import polars as pl

from cpt77092.reports.text import safe_expr
from cpt77092.views import By


def write(stream: IO[str], shown: pl.DataFrame, by: By = By.FINDING) -> None:
    """Write `file:row: severity RULE claim/line code date payer: message fix [source]` lines."""
    for line in _lines(shown) if by is By.FINDING else _rolled_up(shown, by):
        stream.write(f"{line}\n")


def _rolled_up(shown: pl.DataFrame, by: By) -> pl.Series:
    """`file:row: severity RULE,RULE claim[/line code] date payer: reasons [money]`."""
    text = {
        name: safe_expr(name).fill_null("") for name, d in shown.schema.items() if d == pl.String
    }
    parts = [text["severity"], text["rules"].str.replace_all(" ", ",")]
    if by is By.LINE:
        number = pl.col("claim_line_number").cast(pl.String).fill_null("-")
        parts += [pl.format("{}/{}", text["claim_id"], number), text["hcpcs_code"]]
    else:
        parts.append(text["claim_id"])
    if "person_id" in shown.columns:
        parts.append(pl.format("person {}", text["person_id"]))
    parts.append(pl.col("claim_line_start_date").cast(pl.String).fill_null("no date"))
    charge = pl.format(" [${} charged]", "charge_amount").fill_null("")
    place = pl.format("{}:{}:", text["source_file"], "source_row")
    about = pl.concat_str([place, *parts, text["payer"]], separator=" ")
    return shown.select(pl.format("{}: {}{}", about, text["reasons"], charge)).to_series()


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
