"""Facts of the providers' NPIs, checked once for each different number."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import Build, Context, Fact


def _npi_problem(column: str) -> Build:
    def build(_: Context) -> pl.Expr:
        npi = pl.col(column).cast(pl.String)
        return (
            pl.when(npi == "")
            .then(pl.lit("is blank"))
            .when(~npi.str.contains(r"^[0-9]{10}$"))
            .then(pl.lit("is not 10 digits"))
            .when(~npi.str.contains(r"^[12]"))
            .then(pl.format("{} does not begin with 1 or 2", npi))
            .when(_luhn(npi) % 10 != 0)
            .then(pl.format("{} fails its check digit", npi))
            .when(_luhn(npi) % 10 == 0)
            .then(pl.lit(""))
        )

    return build


# Of a digit that is doubled above nine, both digits count: 2 x 7 = 14 adds 1 + 4.
_OF_PAIR = pl.Series(
    [2 * first - 9 * (first > 4) + second for first in range(10) for second in range(10)]
)
"""What two digits add to a Luhn sum, of which the first is doubled."""


def _luhn(npi: pl.Expr) -> pl.Expr:
    """Luhn sum of the ten digits with 80840 before them, which adds 24 (CMS NPI standard)."""
    number = npi.cast(pl.Int64, strict=False)
    pairs = [pl.lit(_OF_PAIR).gather(number // 100**place % 100) for place in range(5)]
    return sum(pairs, start=pl.lit(24))


FACTS: tuple[Fact, ...] = tuple(
    Fact(name=f"{npi}_problem", build=_npi_problem(npi), reads=(npi,), distinct_by=(npi,))
    for npi in ("rendering_npi", "billing_npi", "ordering_npi")
)
