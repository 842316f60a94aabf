"""Facts of money: the payer's fee for the line as it is billed, and what that comes to."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import Context, Fact

CENTS = pl.Decimal(18, 2)
_MAX_UNITS = 1e6
"""So many units are a typing error, and must not add to any sum of money."""


@Fact(
    reads=("policy.fee",),
    # Not needed where the fee is one amount.
    optional=(
        "policy.fee.professional",
        "policy.fee.technical",
        "has_modifier_26",
        "has_modifier_tc",
    ),
    distinct_by=("policy_row", "has_modifier_26", "has_modifier_tc"),
    unknown="no fee on file for the component that the modifiers name, or they are unclear",
).of
def line_fee(_: Context) -> pl.Expr:
    """The payer's fee for one unit of the line, in cents.

    A fee of one amount does not depend on modifiers. A fee with components is the professional one
    with 26, the technical one with TC and the global one with neither; unknown with both, or with a
    modifier that cannot be read.
    """
    whole, professional, technical = (
        pl.col(f"policy.fee{part}") for part in ("", ".professional", ".technical")
    )
    is_one_amount = professional.is_null() & technical.is_null()
    has_26, has_tc = pl.col("has_modifier_26"), pl.col("has_modifier_tc")
    fee = (
        pl.when(is_one_amount | (~has_26 & ~has_tc))
        .then(whole)
        .when(has_26 & ~has_tc)
        .then(professional)
        .when(has_tc & ~has_26)
        .then(technical)
    )
    return fee.round(2, mode="half_away_from_zero").cast(CENTS)


@Fact(
    reads=("service_unit_quantity",),
    optional=("policy.max_units_per_day",),
    unknown="the units are not a whole number above zero and under a million",
).of
def paid_units(_: Context) -> pl.Expr:
    """Units that are paid: a positive whole number below `_MAX_UNITS`, up to the payer's limit."""
    units = pl.col("service_unit_quantity")
    is_count = (units > 0) & (units < _MAX_UNITS) & (units == units.floor())
    units = pl.min_horizontal(units, "policy.max_units_per_day")
    return pl.when(is_count).then(units).cast(pl.Int64, strict=False).cast(pl.Decimal(18, 0))


@Fact(reads=("line_fee", "paid_units")).of
def expected_payment(_: Context) -> pl.Expr:
    """The payer's fee times the units that are paid."""
    return (pl.col("line_fee") * pl.col("paid_units")).cast(CENTS)
