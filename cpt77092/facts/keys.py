"""Who and when as whole numbers: lines that share a key belong together."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import Context, Fact

CLAIM = ("claim_key",)
CLAIM_DAY = ("claim_key", "day_key")
PERSON_DAY = ("person_key", "day_key")


def whole_number(column: str) -> pl.Expr:
    """The text of a column as a whole number of 64 bits, one for each text; unknown if blank."""
    text = pl.col(column)
    return pl.when(text != "").then(text).cast(pl.Categorical).to_physical().cast(pl.UInt64)


def claim_key(_: Context) -> pl.Expr:
    """The line's claim: claim number, payer, and whether it is an original, in one number.

    A replacement (7) or a void (8) keeps the claim number of what it replaces or voids, and is
    another claim all the same. One number groups faster than several texts.
    """
    frequency = pl.col("claim_frequency_code").fill_null("")
    kind = pl.when(frequency == "7").then(1).when(frequency == "8").then(2).otherwise(0)
    return whole_number("claim_id") * 2**32 + pl.col("payer_number").cast(pl.UInt64) * 4 + kind


def person_key(_: Context) -> pl.Expr:
    """The patient and the billing provider; across claims, both must be known."""
    return whole_number("person_id") * 2**32 + whole_number("billing_npi")


def day_key(_: Context) -> pl.Expr:
    """Payer, procedure code and date of service."""
    days = pl.col("claim_line_start_date").to_physical().cast(pl.Int64)
    day = (days + 2**31).cast(pl.UInt64)  # days before 1970 are negative
    return (pl.col("payer_number").cast(pl.UInt64) * 2**8 + pl.col("code_number")) * 2**32 + day


FACTS: tuple[Fact, ...] = (
    Fact(
        name="claim_key",
        build=claim_key,
        reads=("claim_id", "payer_number"),
        optional=("claim_frequency_code",),
    ),
    Fact(name="person_key", build=person_key, reads=("person_id", "billing_npi")),
    Fact(
        name="day_key",
        build=day_key,
        reads=("claim_line_start_date", "payer_number", "code_number"),
    ),
)
