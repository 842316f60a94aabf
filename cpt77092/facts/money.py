"""Facts of money: the payer's fee for the line as it is billed, and what that comes to."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import Context, Fact

CENTS = pl.Decimal(18, 2)
_MOST_UNITS = 1e6
"""As many units are a slip, and no sum of money should rest on them."""


def line_fee(_: Context) -> pl.Expr:
    """The payer's fee for one unit of the line, in cents.

    A fee of one amount holds whatever the modifiers say. One with parts is paid by part: the
    professional part with 26, the technical one with TC, the whole with neither; nobody can say
    which with both, or with a modifier that cannot be read.
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


def paid_units(_: Context) -> pl.Expr:
    """Units that a payment can be worked out for: a positive whole number, and no slip."""
    units = pl.col("service_unit_quantity")
    is_count = (units > 0) & (units < _MOST_UNITS) & (units == units.floor())
    return pl.when(is_count).then(units).cast(pl.Int64, strict=False).cast(pl.Decimal(18, 0))


def expected_payment(_: Context) -> pl.Expr:
    """The payer's fee times the units."""
    return (pl.col("line_fee") * pl.col("paid_units")).cast(CENTS)


FACTS: tuple[Fact, ...] = (
    Fact(
        name="line_fee",
        build=line_fee,
        reads=("policy.fee",),
        # Of no concern where the fee is one amount.
        optional=(
            "policy.fee.professional",
            "policy.fee.technical",
            "has_modifier_26",
            "has_modifier_tc",
        ),
        distinct_by=("policy_row", "has_modifier_26", "has_modifier_tc"),
        unknown="the part of the fee that the modifiers ask for is not certain, or not on file",
    ),
    Fact(
        name="paid_units",
        build=paid_units,
        reads=("service_unit_quantity",),
        unknown="the units are not a whole number above zero and under a million",
    ),
    Fact(name="expected_payment", build=expected_payment, reads=("line_fee", "paid_units")),
)
