"""Lines whose dates of service are after the last day that a national table on file covers."""

from __future__ import annotations

from datetime import date

import polars as pl

from cpt77092.engine import EXPECTED_PAYMENT, Result
from cpt77092.facts import inputs
from cpt77092.findings.gaps import plain_inputs
from cpt77092.frozen import frozen
from cpt77092.policies.national_tables import TABLES, NationalTable
from cpt77092.reference.codes import CHECKED


@frozen(kw_only=True)
class Outdated:
    """A table that ends before some lines."""

    table: NationalTable
    last_day: date
    """The last day that it covers."""
    lines: int
    """Checked lines after it that rest on it."""
    last_service: date
    """The last of their dates of service."""


_AFTER = {
    "table": pl.String,
    "lines": pl.UInt32,
    "last_service": pl.Date,
    "last_day": pl.Date,
}


def outdated(after: pl.DataFrame) -> tuple[Outdated, ...]:
    """The tables that end before some lines, by what `lines_after_tables` gives of all lines."""
    by_table = {table: after.filter(table=table.parameter).drop("table") for table in TABLES}
    return tuple(
        Outdated(table=table, **lines.row(0, named=True))
        for table, lines in by_table.items()
        if lines.height
    )


def lines_after_tables(result: Result) -> pl.DataFrame:
    """The lines after each table that selected rules or the expected payment rest on."""
    read = set(inputs(EXPECTED_PAYMENT)).union(*(plain_inputs(rule) for rule in result.rules))
    tables = [table for table in TABLES if f"policy.{table.parameter}" in read]
    after = [_lines_after(result, table) for table in tables]
    return pl.concat([pl.DataFrame(schema=_AFTER), *after])


def service_years(result: Result) -> pl.DataFrame:
    """`year`: fiscal years of checked lines for which there is no ICD-10-CM list."""
    day = pl.col("claim_line_start_date")
    is_read = any("diagnosis_problems" in rule.flag.meta.root_names() for rule in result.rules)
    dated = result.lines.lazy().filter(is_read & pl.col("hcpcs_code").is_in(sorted(CHECKED)))
    days = dated.select(day.unique().drop_nulls())
    year = (day.dt.year() + (day.dt.month() > 9)).cast(pl.Int32)
    listed = [one.fiscal_year for one in result.context.diagnosis_lists] if is_read else []
    years = days.select(year=year.unique()).filter(~pl.col("year").is_in(listed))
    return years.collect(engine="in-memory")


def _lines_after(result: Result, table: NationalTable) -> pl.DataFrame:
    decisions = result.table.frame[f"policy.{table.parameter}.decision"]
    sources = [decision.source for decision in result.decisions]
    until = pl.Series([source.until if source else None for source in sources], dtype=pl.Date)
    day = pl.col("claim_line_start_date")
    last_day = pl.lit(until.gather(decisions)).gather("policy_row")
    late = result.lines.lazy().filter(
        pl.col("hcpcs_code").is_in(sorted(CHECKED)) & (day > last_day)
    )
    counted = late.select(
        table=pl.lit(table.parameter),
        lines=pl.len(),
        last_service=day.max(),
        last_day=last_day.max(),
    )
    return counted.filter(pl.col("lines") > 0).collect(engine="in-memory")
