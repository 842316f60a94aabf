"""Facts of the line itself: its place among its payer's lines, and the cells nobody can read."""

from __future__ import annotations

import polars as pl

from cpt77092.claims import BY_NAME, TYPED, UNREADABLE_TEXT
from cpt77092.facts.fact import Context, Fact


def earliest_line_of_payer(_: Context) -> pl.Expr:
    """The first line of the payer by date, claim and line number, whatever the order of rows."""
    order = ("claim_line_start_date", "claim_id", "claim_line_number", "source", "source_row")
    return pl.col("line").sort_by(order).first()


def is_first_line_of_payer(_: Context) -> pl.Expr:
    """Whether the line is that one, so that a payer without a policy is named once."""
    return pl.col("line") == pl.col("earliest_line_of_payer")


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
        name="earliest_line_of_payer",
        build=earliest_line_of_payer,
        reads=("payer_number",),
        optional=("claim_line_start_date", "claim_id", "claim_line_number"),
        group=("payer_number",),
        where=lambda: ~pl.col("payer_is_known"),
    ),
    Fact(
        name="is_first_line_of_payer",
        build=is_first_line_of_payer,
        reads=("earliest_line_of_payer",),
    ),
    Fact(name="unreadable_cells", build=unreadable_cells, reads=(), optional=TYPED),
)
