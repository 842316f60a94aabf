"""One finding, line or claim per line of text, for pipes, editors and grep; nothing is cut."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

import polars as pl

from cpt77092.choices import By
from cpt77092.reports.check import summary
from cpt77092.text import safe_expr

if TYPE_CHECKING:
    from cpt77092.reports.check.report import Report

_ROWS_AT_ONCE = 20_000
"""Rows that are joined to one text."""


def write(stream: IO[bytes], report: Report) -> None:
    """Write the rows of the report, and how the batch stands on lines with `#`."""
    text = io.TextIOWrapper(stream, encoding="utf-8", write_through=True)
    text.write(f"# scrub: {summary.headline(report.totals)}\n")
    for piece in report.pieces():
        write_rows(text, piece, report.by)
    for note in summary.notes(report.result, report.totals, verbose=True):
        text.write(f"# {note}\n")
    text.detach()


def write_rows(stream: IO[str], table: pl.DataFrame, by: By = By.FINDING) -> None:
    """Write `file:row: severity RULE claim/line code date payer: message fix [source]` lines."""
    row = _finding(table) if by is By.FINDING else _roll_up(table, by)
    # Made safe as a whole: the characters between the texts are safe anyway.
    rows = table.select(row.alias("row")).select(safe_expr("row"))
    for start in range(0, rows.height, _ROWS_AT_ONCE):
        some = rows.slice(start, _ROWS_AT_ONCE)
        stream.write(some.select(pl.col("row").str.join("\n")).item() + "\n")


def _roll_up(table: pl.DataFrame, by: By) -> pl.Expr:
    """`file:row: severity RULE,RULE claim[/line code] date payer: reasons [money]`."""
    rules = _text("rules").str.replace_all(" ", ",")
    place = _place(table, rules, with_line=by is By.LINE)
    charge = pl.format(" [${} charged]", "charge_amount").fill_null("")
    return pl.format("{}: {}{}", place, _text("reasons"), charge)


def _finding(table: pl.DataFrame) -> pl.Expr:
    """`file:row: severity RULE claim/line code date payer: message fix (kind) [source]`."""
    kinds = {"safe": " (safe fix)", "unsafe": " (verify first)"}
    fix = pl.when(pl.col("fix") != "").then(pl.format(" {}", "fix")).otherwise(pl.lit(""))
    at = pl.when(pl.col("source_at") != "").then(pl.format(", {}", "source_at"))
    doubt = pl.when(pl.col("confidence") != "primary").then(pl.format("; {}", "confidence"))
    return pl.format(
        "{}: {}{}{} [{}{}{}]",
        _place(table, pl.col("rule"), with_line=True),
        _text("message"),
        fix.fill_null(""),
        pl.col("fix_kind").replace_strict(kinds, default=""),
        _text("source_title"),
        at.fill_null(""),
        doubt.fill_null(""),
    )


def _place(table: pl.DataFrame, rules: pl.Expr, *, with_line: bool) -> pl.Expr:
    """`file:row: severity RULE claim/line code date payer`."""
    claim = _text("claim_id")
    if with_line:
        number = pl.col("claim_line_number").cast(pl.String).fill_null("-")
        claim = pl.format("{}/{}", claim, number)
    row = pl.coalesce(pl.col("source_row").cast(pl.String), "row_id", pl.lit("-"))
    return pl.concat_str(
        pl.format("{}:{}:", _text("source_file"), row),
        _text("severity"),
        rules,
        claim,
        *([pl.format("person {}", _text("person_id"))] if "person_id" in table.columns else []),
        *([_text("hcpcs_code")] if with_line else []),
        pl.col("claim_line_start_date").cast(pl.String).fill_null("no date"),
        _text("payer"),
        separator=" ",
    )


def _text(name: str) -> pl.Expr:
    return pl.col(name).fill_null("")
