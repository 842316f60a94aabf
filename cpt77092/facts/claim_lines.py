"""Facts of the other lines on the same claim."""

from __future__ import annotations

import polars as pl

from cpt77092.codes import GLOBAL, TECHNICAL
from cpt77092.facts.fact import Context, Fact

_OWN_TECHNICAL = GLOBAL | TECHNICAL


def claim_bills_own_technical(context: Context) -> pl.Expr:
    """The line's claim also bills a technical or global TBS code (77089, 77090, 77091)."""
    return (pl.col("claim_codes") & context.mask(_OWN_TECHNICAL)) != 0


def own_technical_codes(context: Context) -> pl.Expr:
    """Those codes, for the message."""
    billed = [
        pl.when((pl.col("claim_codes") & context.mask({code})) != 0).then(pl.lit(code))
        for code in sorted(_OWN_TECHNICAL)
    ]
    return pl.concat_str(billed, separator=" and ", ignore_nulls=True)


FACTS: tuple[Fact, ...] = tuple(
    Fact(name=build.__name__, build=build, reads=("claim_codes",))
    for build in (claim_bills_own_technical, own_technical_codes)
)
