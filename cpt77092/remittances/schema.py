"""One line of a remittance, whatever file it is in, and what its adjustments make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.reference import adjustments as codes

CENTS = pl.Decimal(18, 2)

ANSWERS = pl.Enum(["paid", "patient", "denied", "zero", "reversed", "forwarded", "predetermined"])
"""What a line comes to: paid; allowed with all of it the patient's share; denied; adjusted to zero
without a code that denies; or no answer of its payer: taken back, sent on, priced beforehand."""

Schema = Mapping[str, pl.DataType | type[pl.DataType]]

REMITTANCE_LINE: Schema = {
    "source": pl.UInt32,
    "source_row": pl.UInt32,
    "claim_row": pl.UInt32,
    "is_whole_claim": pl.Boolean,
    "remitting_payer": pl.String,
    "payment_date": pl.Date,
    "claim_id": pl.String,
    "payer_claim_number": pl.String,
    "claim_status": pl.String,
    "claim_line_number": pl.Int64,
    "line_control_number": pl.String,
    "hcpcs_code": pl.String,
    "modifiers": pl.String,
    "adjudicated_code": pl.String,
    "claim_line_start_date": pl.Date,
    "units": pl.Float64,
    "charge": CENTS,
    "paid": CENTS,
    "allowed": CENTS,
    "patient_share": CENTS,
    "answer": ANSWERS,
    "group_code": pl.String,
    "carc": pl.String,
    "carcs": pl.List(pl.String),
    "rarcs": pl.List(pl.String),
    "adjustments": pl.String,
}
"""`source` numbers the file; `source_row` is the row of a table or the segment (SVC) of an 835, and
`claim_row` that of its claim (CLP), which tells payments of one claim apart. Code and modifiers are
those that were submitted, also where the payer answers under an `adjudicated_code`. A claim without
service lines is one row (`is_whole_claim`) without a code. `group_code` and `carc` are of the
largest adjustment that denies, `carcs` all that do; `adjustments` lists every one: `CO-45 5.00`."""


ADJUSTMENT: Schema = {"row": pl.UInt32, "group_code": pl.String, "carc": pl.String, "amount": CENTS}
"""One adjustment of the line or claim that a row number names; the amount null where not stated."""


@frozen
class RemittanceFile:
    """What one file holds, each row accounted for."""

    lines: pl.DataFrame
    """As `REMITTANCE_LINE` has them, without `source`."""
    rejects: pl.DataFrame
    """`source_row, reason` of rows that cannot be read."""
    rows: int
    """Lines, rejects and rows that are no data together."""
    kind: str
    not_data: int = 0
    """Rows of a table that are no remittance lines: titles, totals, blank rows."""
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    """What is wrong with the file although it was read: `segment: text`."""
    payments: int = 0
    """Transactions (checks or transfers); 0 where the file does not have them."""
    provider_adjustments: Mapping[str, Decimal] = field(default_factory=dict)
    """Dollars by the reason that a PLB gives: what was withheld or added apart from any claim."""


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
