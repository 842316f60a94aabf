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


def outdated(result: Result) -> tuple[Outdated, ...]:
    """The tables that selected rules or the expected payment rest on, after their last day."""
    read = set(inputs(EXPECTED_PAYMENT)).union(*(plain_inputs(rule) for rule in result.rules))
    tables = [table for table in TABLES if f"policy.{table.parameter}" in read]
    return tuple(filter(None, (_outdated(result, table) for table in tables)))


def diagnosis_years_without_list(result: Result) -> tuple[int, ...]:
    """The fiscal years of checked lines for which there is no ICD-10-CM list."""
    if not any("diagnosis_problems" in rule.flag.meta.root_names() for rule in result.rules):
        return ()
    day = pl.col("claim_line_start_date")
    dated = result.lines.lazy().filter(pl.col("hcpcs_code").is_in(sorted(CHECKED)))
    year = day.dt.year() + (day.dt.month() > 9)
    years = dated.select(year.unique().drop_nulls()).collect(engine="in-memory").to_series()
    listed = {one.fiscal_year for one in result.context.diagnosis_lists}
    return tuple(sorted(set(years) - listed))


def _outdated(result: Result, table: NationalTable) -> Outdated | None:
    decisions = result.table.frame[f"policy.{table.parameter}.decision"]
    sources = [decision.source for decision in result.decisions]
    until = pl.Series([source.until if source else None for source in sources], dtype=pl.Date)
    if not until.gather(decisions).drop_nulls().len():
        return None
    day = pl.col("claim_line_start_date")
    last_day = pl.lit(until.gather(decisions)).gather("policy_row")
    late = (
        result.lines.lazy()
        .filter(pl.col("hcpcs_code").is_in(sorted(CHECKED)) & (day > last_day))
        .select(pl.len(), last_service=day.max(), last_day=last_day.max())
        .collect(engine="in-memory")
    )
    lines, last_service, covered = late.row(0)
    if not lines:
        return None
    return Outdated(table=table, last_day=covered, lines=lines, last_service=last_service)
