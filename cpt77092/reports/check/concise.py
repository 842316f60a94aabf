"""One finding, line or claim per line, for pipes, editors and grep; nothing is ever cut short."""

from __future__ import annotations

from typing import IO

import polars as pl

from cpt77092.choices import By
from cpt77092.text import safe_expr

_AT_ONCE = 20_000
"""Lines that are made one text."""


def write(stream: IO[str], shown: pl.DataFrame, by: By = By.FINDING) -> None:
    """Write `file:row: severity RULE claim/line code date payer: message fix [source]` lines."""
    line = _line(shown) if by is By.FINDING else _rolled_up(shown, by)
    # Made safe as a whole: what stands between the texts is so anyway.
    lines = shown.select(line.alias("line")).select(safe_expr("line"))
    for start in range(0, lines.height, _AT_ONCE):
        some = lines.slice(start, _AT_ONCE)
        stream.write(some.select(pl.col("line").str.join("\n")).item() + "\n")


def _texts(shown: pl.DataFrame) -> dict[str, pl.Expr]:
    return {name: pl.col(name).fill_null("") for name, d in shown.schema.items() if d == pl.String}


def _rolled_up(shown: pl.DataFrame, by: By) -> pl.Expr:
    """`file:row: severity RULE,RULE claim[/line code] date payer: reasons [money]`."""
    text = _texts(shown)
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
    return pl.format("{}: {}{}", about, text["reasons"], charge)


def _line(shown: pl.DataFrame) -> pl.Expr:
    text = _texts(shown)
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
    return pl.concat_str(
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
