"""Rows of a table that add up the lines of a code in scope, and are no claim lines themselves.

A report writes them with a word ("77092 Total"), or with nothing but the code and its sums. A row
without a word is left out only where its charge is the sum of the lines above it: a claim line that
lacks everything else is a fault to be shown.
"""

from __future__ import annotations

import polars as pl

from cpt77092.claims.cells import cell_text, read_cells
from cpt77092.claims.columns import BY_NAME
from cpt77092.readers.code_cells import IN_SCOPE
from cpt77092.readers.scan import REJECT

_CALLED_TOTAL = r"(?i)^(?:sub|grand)?[- ]*totals?\b|\btotals?\W*$"
"""What stands in place of a claim or payer where a row adds up others."""
_OF_A_LINE = (
    "claim_id",
    "claim_line_number",
    "person_id",
    "payer",
    "payer_id",
    "place_of_service_code",
    "hcpcs_modifier_1",
    "diagnosis_code_1",
    "rendering_npi",
    "billing_npi",
)
"""What a claim line has some of, besides its date, code, units and charge."""
_CHARGE = "charge_amount"


def subtotals(kept: pl.DataFrame) -> pl.Series | None:
    """Which rows are subtotals; None where no row is.

    Args:
        kept: rows of a file in order, with `code_kind` and `code_read`.
    """
    if "claim_line_start_date" not in kept.columns:
        return None
    dates = kept["claim_line_start_date"]
    is_text = dates.dtype in (pl.String, pl.Categorical)
    is_undated = dates.is_null() | (dates == "") if is_text else dates.is_null()
    if not is_undated.any():
        return None
    kept = kept.with_row_index("place")
    undated = kept.filter(is_undated, pl.col("code_kind") == IN_SCOPE)
    places = [undated.filter(_is_called_total(undated))["place"], _sums(kept, undated)]
    is_subtotal = pl.repeat(False, kept.height, dtype=pl.Boolean, eager=True)  # noqa: FBT003
    return is_subtotal.scatter(pl.concat(places), values=True)


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """The text of a column; blank where the file lacks it."""
    return cell_text(name) if name in frame.columns else pl.lit("")


def _is_called_total(undated: pl.DataFrame) -> pl.Expr:
    claim, payer = _text(undated, "claim_id"), _text(undated, "payer")
    return pl.when(claim == "").then(payer).otherwise(claim).str.contains(_CALLED_TOTAL)


def _sums(kept: pl.DataFrame, undated: pl.DataFrame) -> pl.Series:
    """The places of rows that have a code and the sum of its lines above them, and nothing else.

    The sum is that since the row before of this kind, or since the first. One of the file's rows
    adds up several lines: else it may be a line that is written twice.
    """
    none = pl.Series(dtype=pl.UInt32)
    bare = undated.filter(pl.all_horizontal(_text(undated, name) == "" for name in _OF_A_LINE))
    if bare.is_empty() or _CHARGE not in kept.columns or "claim_id" not in kept.columns:
        return none
    lines = kept.filter(pl.col("code_read").is_in(bare["code_read"].unique().implode()))
    lines = lines.select(
        "place",
        code="code_read",
        charge=read_cells(lines[_CHARGE], BY_NAME[_CHARGE])[0],
        is_bare=pl.col("place").is_in(bare["place"].implode()),
        is_line=pl.col(REJECT).is_null(),
    )
    charge = pl.when("is_line", ~pl.col("is_bare")).then("charge").fill_null(0)
    block = (pl.col("is_bare").cum_sum() - pl.col("is_bare")).over("code")
    added = lines.with_columns(block=block, added=charge).with_columns(
        so_far=pl.col("added").cum_sum().over("code"),
        of_block=pl.col("added").sum().over("code", "block"),
        lines=(pl.col("is_line") & ~pl.col("is_bare")).sum().over("code", "block"),
    )
    sums = added.filter(
        "is_bare", pl.any_horizontal(pl.col("so_far", "of_block") == pl.col("charge"))
    )
    return sums["place"] if (sums["lines"] > 1).any() else none
