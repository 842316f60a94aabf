"""Facts of the line itself: its place among its payer's lines, and the cells nobody can read."""

from __future__ import annotations

import polars as pl

from cpt77092.claims import BY_NAME, TYPED, UNREADABLE_TEXT
from cpt77092.codes import CHECKED
from cpt77092.facts.fact import Context, Fact


def is_first_line_of_payer(_: Context) -> pl.Expr:
    """The first line of a payer without a policy, by date, claim and line number.

    The order of rows does not matter, and of a payer with a policy no line is the first.
    """
    order = ("claim_line_start_date", "claim_id", "claim_line_number", "source", "source_row")
    is_unknown = ~pl.col("payer_is_known") & pl.col("hcpcs_code").is_in(sorted(CHECKED))
    first = (
        pl.col("line")
        .filter(is_unknown)
        .sort_by([pl.col(name).filter(is_unknown) for name in order])
    )
    payer = (
        pl.col("payer_number")
        .filter(is_unknown)
        .sort_by([pl.col(name).filter(is_unknown) for name in order])
    )
    return pl.col("line").is_in(first.filter(payer.is_first_distinct()).implode())


def unreadable_cells(context: Context) -> pl.Expr:
    """Every non-blank cell of the line that cannot be read, with what was expected."""
    told = [
        pl.when(pl.col(f"{name}.state") == "unreadable").then(
            pl.lit(f"{name} is no {BY_NAME[name].kind}")
            if BY_NAME[name].patient
            else pl.format(
                "{} '{}' is no {}",
                pl.lit(name),
                pl.col(f"{name}{UNREADABLE_TEXT}"),
                pl.lit(str(BY_NAME[name].kind)),
            )
        )
        for name in context.unreadable
    ]
    code = pl.when(pl.col("damaged_code").is_not_null()).then(
        pl.format("hcpcs_code '{}' is no procedure code", pl.col("damaged_code"))
    )
    return pl.concat_str([*told, code], separator="; ", ignore_nulls=True)


FACTS: tuple[Fact, ...] = (
    Fact(
        name="is_first_line_of_payer",
        build=is_first_line_of_payer,
        optional=("claim_line_start_date", "claim_id", "claim_line_number"),
    ),
    Fact(name="unreadable_cells", build=unreadable_cells, optional=TYPED),
)
