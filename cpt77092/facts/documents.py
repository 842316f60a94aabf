"""Facts of the chart: the signed report of a line."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import Context, Fact


def has_signed_report(_: Context) -> pl.Expr:
    """The report has a signing date; unknown where that cannot be read."""
    state = pl.col("report_signed_date.state")
    return pl.when(state != "unreadable").then(state == "read")


FACTS: tuple[Fact, ...] = (Fact(build=has_signed_report, reads=("report_signed_date.state",)),)
