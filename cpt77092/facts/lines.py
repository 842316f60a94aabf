"""Facts of the line itself: its place among its payer's lines, and the cells nobody can read."""

from __future__ import annotations

import polars as pl

from cpt77092.claims.columns import BY_NAME, TYPED, UNREADABLE_TEXT
from cpt77092.facts.fact import Context, Fact, on_lines
from cpt77092.reference.codes import CHECKED


def is_first_line_of_payer(lines: pl.DataFrame, _: Context) -> pl.Series:
    """The first line of a payer without a policy, by date, claim and line number.

    The order of rows does not matter, and of a payer with a policy no line is the first.
    """
    day = pl.col("claim_line_start_date")
    order = ("claim_line_start_date", "claim_id", "claim_line_number", "source", "source_row")
    is_unknown = ~pl.col("payer_is_known") & pl.col("hcpcs_code").is_in(sorted(CHECKED))
    earliest = (
        lines.lazy()
        .filter(is_unknown)
        .select("line", "payer_number", *order)
        # Only lines of the first day are worth a sort; no date comes before all others.
        .filter(day.is_null() | (day == day.min().over("payer_number")))
        .sort(order, nulls_last=False)
        .unique("payer_number", keep="first", maintain_order=True)
        .collect()
    )
    is_first = pl.Series([True]).new_from_index(0, earliest.height)
    return on_lines(lines.height, earliest["line"], is_first, otherwise=False)


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
        from_frame=is_first_line_of_payer,
        optional=("claim_line_start_date", "claim_id", "claim_line_number"),
    ),
    Fact(name="unreadable_cells", build=unreadable_cells, optional=TYPED),
)
