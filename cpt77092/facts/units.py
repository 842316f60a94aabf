"""Facts of the units billed: on the line, on its claim, and for the person on the day."""

from __future__ import annotations

import polars as pl

from cpt77092.claims.categorical import constant
from cpt77092.facts.fact import Context, Fact, on_lines
from cpt77092.facts.grouping import CLAIM_DAY, ENTITY_DAY, PAYER, is_of


@Fact(reads=("service_unit_quantity",), optional=("is_past",)).of
def countable_units(_: Context) -> pl.Expr:
    """Units of the line that count toward the day; none on an earlier claim.

    Blank units, and those that UN002 reports, are unknown here.
    """
    units = pl.col("service_unit_quantity")
    return pl.when("is_past").then(pl.lit(0.0)).when((units > 0) & (units % 1 == 0)).then(units)


@Fact(reads=("countable_units",), optional=("surely_counts",)).of
def counted_units(_: Context) -> pl.Expr:
    """Countable units of a line that counts; none of any other."""
    return pl.when("surely_counts").then("countable_units").otherwise(0.0)


def _is_unknown(name: str) -> Fact:
    """The fact that a quantity is unknown, to count the lines of a group where it is."""
    return Fact(name=f"{name}_unknown", build=lambda _: pl.col(name).is_null(), reads=(name,))


@Fact(optional=("countable_units", "claim_day_units", "entity_day_units")).of
def units_on_day_at_least(_: Context) -> pl.Expr:
    """Units of the code that day that are known for certain: line, claim or person-day."""
    return pl.max_horizontal("countable_units", "claim_day_units", "entity_day_units")


@Fact(
    reads=("countable_units", "entity_day_units_unknown", PAYER),
    optional=("units_on_day_at_least", "claim_day_units_unknown"),
    unknown="units of the line or of another one that day are blank or no whole number above 0",
).of
def units_on_day(_: Context) -> pl.Expr:
    """Units of the code that day for the person and entity; null unless all are known."""
    unknown = (
        pl.col("entity_day_units_unknown")
        + pl.col("claim_day_units_unknown").fill_null(0)  # null without a claim number
        + pl.col("countable_units").is_null()
    )
    return pl.when(unknown == 0).then("units_on_day_at_least")


@Fact(
    optional=(
        "has_modifier_26",
        "has_modifier_tc",
        "policy.max_units_per_day",
        "units_on_day_at_least",
        "countable_units",
        "counted_units",
        CLAIM_DAY,
        ENTITY_DAY,
    )
).of_frame
def is_over_in_one_component(lines: pl.DataFrame, _: Context) -> pl.Series:
    """The day's units of one component are over the limit, lines with neither 26 nor TC being both.

    True on a line that does not bill one component alone.
    """
    has_26, has_tc, limit = (
        pl.col(name) for name in ("has_modifier_26", "has_modifier_tc", "policy.max_units_per_day")
    )
    is_part = (has_26 != has_tc).fill_null(value=False)
    own = pl.col("countable_units").fill_null(0)
    parts = (
        lines.lazy()
        .filter(is_part & (pl.col("units_on_day_at_least") > limit) & (own <= limit))
        .select("line", CLAIM_DAY, ENTITY_DAY, limit=limit, most=own)
        .collect(engine="in-memory")
    )
    if parts.is_empty():
        return constant(lines.height, value=True)
    most = parts
    for day, units in ((CLAIM_DAY, "countable_units"), (ENTITY_DAY, "counted_units")):
        of_day = lines.lazy().filter(is_of(parts[day], lines[day]))
        sums = of_day.group_by(day).agg(
            professional=pl.col(units).filter(~is_part | has_26).sum(),
            technical=pl.col(units).filter(~is_part | has_tc).sum(),
        )
        joined = (
            parts.lazy().select("line", day).join(sums, on=day, how="left", maintain_order="left")
        )
        more = joined.select("professional", "technical").collect(engine="in-memory")
        most = most.with_columns(most=pl.max_horizontal("most", *more))
    return on_lines(lines.height, most["line"], most["most"] > most["limit"], default=True)


FACTS: tuple[Fact, ...] = (
    _is_unknown("countable_units"),
    # Known units of the code on the claim and date, and how many lines there are unknown.
    Fact(name="claim_day_units", group=CLAIM_DAY, sum_of="countable_units"),
    Fact(name="claim_day_units_unknown", group=CLAIM_DAY, sum_of="countable_units_unknown"),
    _is_unknown("counted_units"),
    # The same for the person, entity and date, over claims that count.
    Fact(name="entity_day_units", group=ENTITY_DAY, sum_of="counted_units"),
    Fact(name="entity_day_units_unknown", group=ENTITY_DAY, sum_of="counted_units_unknown"),
)
