"""Facts of the units billed: on the line, on its claim, and for the person on the day."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import Context, Fact
from cpt77092.facts.grouping import CLAIM_DAY, ENTITY_DAY


def countable_units(_: Context) -> pl.Expr:
    """Units of the line that count toward the day; none on an earlier claim.

    Blank units, and those that UN002 reports, are unknown here.
    """
    units = pl.col("service_unit_quantity")
    return pl.when("is_past").then(pl.lit(0.0)).when((units > 0) & (units % 1 == 0)).then(units)


def counted_units(_: Context) -> pl.Expr:
    """Countable units of a line that counts; none of any other."""
    return pl.when("surely_counts").then("countable_units").otherwise(0.0)


def _is_unknown(name: str) -> Fact:
    """The fact that a quantity is unknown, to count the lines of a group where it is."""

    def build(_: Context) -> pl.Expr:
        return pl.col(name).is_null()

    return Fact(name=f"{name}_unknown", build=build, reads=(name,))


def units_on_day_at_least(_: Context) -> pl.Expr:
    """Units of the code that day that are known for certain: line, claim or person-day."""
    return pl.max_horizontal("countable_units", "claim_day_units", "entity_day_units")


def units_on_day(_: Context) -> pl.Expr:
    """Units of the code that day for the person and entity; null unless all are known."""
    unknown = (
        pl.col("entity_day_units_unknown")
        + pl.col("claim_day_units_unknown").fill_null(0)  # null without a claim number
        + pl.col("countable_units").is_null()
    )
    return pl.when(unknown == 0).then("units_on_day_at_least")


FACTS: tuple[Fact, ...] = (
    Fact(build=countable_units, reads=("service_unit_quantity",), optional=("is_past",)),
    _is_unknown("countable_units"),
    # Known units of the code on the claim and date, and how many lines there are unknown.
    Fact(name="claim_day_units", group=CLAIM_DAY, sum_of="countable_units"),
    Fact(name="claim_day_units_unknown", group=CLAIM_DAY, sum_of="countable_units_unknown"),
    Fact(build=counted_units, reads=("countable_units",), optional=("surely_counts",)),
    _is_unknown("counted_units"),
    # The same for the person, entity and date, over claims that count.
    Fact(name="entity_day_units", group=ENTITY_DAY, sum_of="counted_units"),
    Fact(name="entity_day_units_unknown", group=ENTITY_DAY, sum_of="counted_units_unknown"),
    Fact(
        build=units_on_day_at_least,
        optional=("countable_units", "claim_day_units", "entity_day_units"),
    ),
    Fact(
        build=units_on_day,
        reads=("countable_units", "entity_day_units_unknown"),
        optional=("units_on_day_at_least", "claim_day_units_unknown"),
        unknown="another line of that day has no readable units",
    ),
)
