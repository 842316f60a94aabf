"""What payers allowed on paid lines, against the fee on file."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from cpt77092.frozen import frozen

TOLERANCE = Decimal("0.01")
"""Cents of rounding that are no underpayment."""


@frozen(kw_only=True)
class PaymentGroup:
    """Paid lines of one payer and code whose fee is on file."""

    payer: str
    payer_label: str
    hcpcs_code: str
    lines: int
    fee: Decimal
    """Fees on file, or the charges where they are lower."""
    allowed: Decimal
    paid: Decimal
    below: int
    """Lines allowed less than that."""
    short: Decimal
    """By how much those are."""


@frozen
class Payments:
    """Actual payments against fees."""

    groups: tuple[PaymentGroup, ...]
    below: pl.DataFrame
    """The underpaid lines, the largest difference first, with `due` and `short`."""
    unknown: int
    """Paid lines without a fee on file, or answered by more than one payer's remittance."""


def payments(lines: pl.DataFrame) -> Payments:
    """Compare what was allowed with the fee on file.

    Args:
        lines: graded lines, as `grade` gives them.
    """
    paid = lines.filter(pl.col("outcome") == "paid")
    due = pl.min_horizontal("expected_payment", pl.col("charge_amount").fill_null(10**9))
    known = paid.filter(pl.col("expected_payment").is_not_null(), pl.col("allowed").is_not_null())
    known = known.with_columns(due=due).with_columns(short=pl.col("due") - pl.col("allowed"))
    is_below = pl.col("short") > TOLERANCE
    groups = (
        known.group_by("payer", "payer_label", "hcpcs_code")
        .agg(
            lines=pl.len(),
            fee=pl.col("due").sum(),
            allowed=pl.col("allowed").sum(),
            paid=pl.col("paid").sum(),
            below=is_below.sum(),
            short=pl.col("short").filter(is_below).sum(),
        )
        .sort("payer_label", "hcpcs_code")
    )
    return Payments(
        tuple(PaymentGroup(**row) for row in groups.iter_rows(named=True)),
        known.filter(is_below).sort("short", descending=True, maintain_order=True),
        paid.height - known.height,
    )
