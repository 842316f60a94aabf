"""Facts of the other lines on the same claim."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import Context, Fact
from cpt77092.reference.codes import GLOBAL, TECHNICAL

OWN_TECHNICAL = GLOBAL | TECHNICAL


def claim_bills_own_technical(context: Context) -> pl.Expr:
    """The line's claim also bills a technical or global TBS code (77089, 77090, 77091)."""
    return (pl.col("claim_codes") & context.mask(OWN_TECHNICAL)) != 0


FACTS: tuple[Fact, ...] = (
    Fact(
        name="claim_bills_own_technical",
        build=claim_bills_own_technical,
        reads=("claim_codes",),
    ),
)
