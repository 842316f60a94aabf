"""Facts of the other lines on the same claim."""

from __future__ import annotations

import polars as pl

from cpt77092.codes import GLOBAL, TECHNICAL
from cpt77092.facts.fact import Build, Context, Fact
from cpt77092.facts.keys import CLAIM

_OWN_TECHNICAL = tuple(sorted(GLOBAL | TECHNICAL))


def _is_code(code: str) -> Build:
    def build(_: Context) -> pl.Expr:
        return pl.col("hcpcs_code") == code

    return build


def claim_bills_own_technical(_: Context) -> pl.Expr:
    """The line's claim also bills a technical or global TBS code (77089, 77090, 77091)."""
    counts = [f"claim_lines_of_{code}" for code in _OWN_TECHNICAL]
    return pl.sum_horizontal(counts, ignore_nulls=False) > 0


def own_technical_codes(_: Context) -> pl.Expr:
    """Those codes, for the message."""
    billed = [
        pl.when(pl.col(f"claim_lines_of_{code}") > 0).then(pl.lit(code)) for code in _OWN_TECHNICAL
    ]
    return pl.concat_str(billed, separator=" and ", ignore_nulls=True)


FACTS: tuple[Fact, ...] = (
    *(
        Fact(name=f"is_{code}", build=_is_code(code), reads=("hcpcs_code",))
        for code in _OWN_TECHNICAL
    ),
    *(
        Fact(name=f"claim_lines_of_{code}", group=CLAIM, sums=f"is_{code}")
        for code in _OWN_TECHNICAL
    ),
    *(
        Fact(
            name=build.__name__,
            build=build,
            reads=tuple(f"claim_lines_of_{code}" for code in _OWN_TECHNICAL),
        )
        for build in (claim_bills_own_technical, own_technical_codes)
    ),
)
