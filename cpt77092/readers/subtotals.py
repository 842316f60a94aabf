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
_CHARGE, _DATE = "charge_amount", "claim_line_start_date"


def called_totals(kept: pl.DataFrame) -> pl.Series | None:
    """Which rows a word calls a total; None where no row lacks its date.

    Args:
        kept: rows with `code_kind` and `code_read`.
    """
    is_undated = _is_undated(kept)
    if is_undated is None:
        return None
    undated = kept.with_row_index("place").filter(is_undated)
    claim, payer = _text(undated, "claim_id"), _text(undated, "payer")
    is_called = pl.when(claim == "").then(payer).otherwise(claim).str.contains(_CALLED_TOTAL)
    is_total = pl.repeat(False, kept.height, dtype=pl.Boolean, eager=True)  # noqa: FBT003
    return is_total.scatter(undated.filter(is_called)["place"], values=True)


def added_cells(kept: pl.DataFrame) -> pl.DataFrame:
    """What `sums` reads of rows: no rows where the file lacks a column for it.

    A bare row has a code, perhaps units and a charge, and nothing else.
    """
    code = kept["code_read"].alias("code")
    if not {_CHARGE, _DATE, "claim_id"}.issubset(kept.columns):
        none = pl.lit(None, pl.Boolean)
        return code.clear().to_frame().with_columns(charge=None, is_bare=none, is_line=none)
    is_undated = _is_undated(kept)
    is_bare = (
        pl.lit(False)  # noqa: FBT003
        if is_undated is None
        else pl.lit(is_undated) & pl.all_horizontal(_text(kept, n) == "" for n in _OF_A_LINE)
    )
    return kept.select(
        code="code_read", charge=_CHARGE, is_bare=is_bare, is_line=pl.col(REJECT).is_null()
    )


def sums(cells: pl.DataFrame) -> pl.Series | None:
    """Which rows are bare and add up the lines of their code above them; None where no row does.

    The sum is that since the row before of this kind, or since the first. One of the file's rows
    adds up several lines: else it may be a line that is written twice.

    Args:
        cells: of all rows of a file in order, as `added_cells` gives them.
    """
    if not cells["is_bare"].any():
        return None
    codes = cells.filter("is_bare")["code"].unique()
    lines = cells.with_row_index("place").filter(pl.col("code").is_in(codes.implode()))
    lines = lines.with_columns(read_cells(lines["charge"], BY_NAME[_CHARGE])[0].alias("charge"))
    charge = pl.when("is_line", ~pl.col("is_bare")).then("charge").fill_null(0)
    block = (pl.col("is_bare").cum_sum() - pl.col("is_bare")).over("code")
    added = lines.with_columns(block=block, added=charge).with_columns(
        so_far=pl.col("added").cum_sum().over("code"),
        of_block=pl.col("added").sum().over("code", "block"),
        lines=(pl.col("is_line") & ~pl.col("is_bare")).sum().over("code", "block"),
    )
    sum_rows = added.filter(
        "is_bare", pl.any_horizontal(pl.col("so_far", "of_block") == pl.col("charge"))
    )
    if not (sum_rows["lines"] > 1).any():
        return None
    is_sum = pl.repeat(False, cells.height, dtype=pl.Boolean, eager=True)  # noqa: FBT003
    return is_sum.scatter(sum_rows["place"], values=True)


def _is_undated(kept: pl.DataFrame) -> pl.Series | None:
    """Which rows in scope lack a date of service; None where none does."""
    if _DATE not in kept.columns:
        return None
    dates = kept[_DATE]
    is_text = dates.dtype in (pl.String, pl.Categorical)
    is_undated = dates.is_null() | (dates == "") if is_text else dates.is_null()
    return is_undated & (kept["code_kind"] == IN_SCOPE) if is_undated.any() else None


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """The text of a column; blank where the file lacks it."""
    return cell_text(name) if name in frame.columns else pl.lit("")
