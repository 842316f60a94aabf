"""From adjustments to what a remittance line comes to: paid, patient's share, denied."""

from __future__ import annotations

import polars as pl

from cpt77092.reference import adjustments as codes
from cpt77092.remittances.schema import ANSWERS, CENTS, Schema

ADJUSTMENT: Schema = {"row": pl.UInt32, "group_code": pl.String, "carc": pl.String, "amount": CENTS}
"""One adjustment of the line or claim that a row number names; the amount null where not stated."""


def by_row(adjustments: pl.DataFrame) -> pl.DataFrame:
    """The adjustments of each row together.

    Args:
        adjustments: as `ADJUSTMENT` has them.

    Returns:
        `row`, `adjustments` in words, `patient_share`, `has_denial`, and of those that deny
        `group_code` and `carc` of the largest, and `carcs`.
    """
    # Adjustments that give something back are no reason why a line is not paid.
    counts = pl.col("amount").is_null() | (pl.col("amount") > 0)
    denies = counts & ~pl.col("carc").is_in(sorted(codes.NOT_DENIALS))
    is_share = (pl.col("group_code") == "PR") & pl.col("carc").is_in(sorted(codes.PATIENT_SHARE))
    named = pl.concat_str("group_code", "carc", separator="-", ignore_nulls=True)
    with_amount = pl.format("{} {}", named, pl.col("amount").cast(pl.String))
    text = pl.when(pl.col("amount").is_null()).then(named).otherwise(with_amount)
    first = adjustments.sort(
        "row", pl.col("amount").fill_null(0), descending=[False, True], maintain_order=True
    )
    main = first.filter(denies).unique("row", keep="first", maintain_order=True)
    everything = adjustments.group_by("row", maintain_order=True).agg(
        text.str.join("; ").alias("adjustments"),
        pl.col("amount").filter(is_share).sum().alias("patient_share"),
        pl.col("carc").filter(denies).unique(maintain_order=True).alias("carcs"),
    )
    return everything.join(main.select("row", "group_code", "carc"), on="row", how="left")


def with_answers(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with `answer`.

    Args:
        lines: `charge`, `paid`, `claim_status`, `patient_share` and `carc`.
    """
    status = pl.col("claim_status")
    answer = (
        pl.when((status == codes.REVERSAL) | (pl.col("paid") < 0) | (pl.col("charge") < 0))
        .then(pl.lit("reversed"))
        .when(status == codes.PREDETERMINATION)
        .then(pl.lit("predetermined"))
        .when(status == codes.FORWARDED)
        .then(pl.lit("forwarded"))
        .when(pl.col("paid") > 0)
        .then(pl.lit("paid"))
        .when(pl.col("patient_share") > 0)
        .then(pl.lit("patient"))
        .when(pl.col("carc").is_not_null() | (status == codes.DENIED))
        .then(pl.lit("denied"))
        .otherwise(pl.lit("zero"))
    )
    return lines.with_columns(answer=answer.cast(ANSWERS))
