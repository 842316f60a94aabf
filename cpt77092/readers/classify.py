"""Says what each row of a file is: the one place that decides it."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from cpt77092.claims.categorical import index_in
from cpt77092.claims.cells import cell_text, columns_with, with_plain_cells, with_plain_texts
from cpt77092.readers.code_cells import BLANK, IN_SCOPE, OTHER, UNREADABLE, read_codes
from cpt77092.readers.scan import REJECT, SHORT
from cpt77092.readers.subtotals import added_cells, called_totals, sums

ROW_KIND = "row_kind"
ROW_KINDS = pl.Enum(["in scope", "out of scope", "no code", "not data", "rejected"])
SORTING = ("claim_id", "claim_line_start_date", "hcpcs_code")
"""Columns by which a row is known to be a claim line."""
_TOTAL = r"(?i)\b(?:sub|grand)?-?\s*(?:totals?|count|sum)\b"
"""A row that counts or adds up the lines of a code."""
_LINE_BREAK = "[\r\n]"
_SWALLOWED = "a cell holds a line break; is a quote left open?"


def is_claim_row(names: Collection[str]) -> pl.Expr:
    """A claim line has a code, or both a claim and a date; a title, total or blank row does not.

    Args:
        names: the columns of the frame that count.
    """
    filled = _filled(names)
    has_both = pl.all_horizontal(filled) if filled else pl.lit(False)  # noqa: FBT003
    if "hcpcs_code" not in names:
        return has_both
    code = pl.col("hcpcs_code").cast(pl.String)
    return (code.str.strip_chars() != "") | has_both


def _filled(names: Collection[str]) -> list[pl.Expr]:
    """Which rows name a claim, and which a date of service."""
    return [
        cell_text(name) != "" for name in ("claim_id", "claim_line_start_date") if name in names
    ]


def classify(kept: pl.DataFrame, scope: frozenset[str], header: str = "") -> pl.DataFrame:
    """Say what each kept row is, and read the code cells where nothing is lost.

    Args:
        kept: rows of a reader, with codes as text or categories, and text as it is written.
        scope: the codes in scope.
        header: what the column of the code is called: a row that repeats it is not data.

    Returns:
        The rows with `row_kind` (`ROW_KINDS`) and `damaged_code`. A row whose code cell is blank or
        unreadable has no code if it looks like a claim line.
    """
    kept = with_codes_read(kept, scope, header)
    return with_row_kinds(kept, sums(added_cells(kept)))


def with_row_kinds(kept: pl.DataFrame, is_sum: pl.Series | None) -> pl.DataFrame:
    """Rows as `classify` gives them.

    Args:
        kept: some rows of a file, with their codes read.
        is_sum: which of them are `subtotals.sums`; None where none is.
    """
    cell = pl.col("code_kind")
    kind = pl.when(cell == IN_SCOPE).then(_kind("in scope")).otherwise(_kind("out of scope"))
    if kept["code_kind"].is_in([BLANK, UNREADABLE]).any():
        kind = pl.when(cell.is_in([IN_SCOPE, OTHER])).then(kind).otherwise(_kind_without_code(kept))
    if kept["code_is_total"].any():
        is_total = pl.col("code_is_total") & ~is_claim_row(set(kept.columns) - {"hcpcs_code"})
        kind = pl.when(is_total).then(_kind("not data")).otherwise(kind)
    for totals in (called_totals(kept), is_sum):
        if totals is not None:
            kind = pl.when(pl.lit(totals)).then(_kind("not data")).otherwise(kind)
    if kept["code_is_header"].any():
        kind = pl.when("code_is_header").then(_kind("not data")).otherwise(kind)
    if kept[REJECT].null_count() < kept.height:
        kind = pl.when(pl.col(REJECT).is_not_null()).then(_kind("rejected")).otherwise(kind)
    return kept.with_columns(kind.alias(ROW_KIND), hcpcs_code=pl.col("code_read")).drop(
        "code_read", "code_kind", "code_is_header", "code_is_total"
    )


def _kind_without_code(kept: pl.DataFrame) -> pl.Expr:
    """A blank code cell needs a claim and a date to be a claim line; a filled one needs either."""
    names = set(kept.columns) - {"hcpcs_code"}
    has_either = pl.any_horizontal(pl.lit(False), *_filled(names))  # noqa: FBT003
    is_claim = is_claim_row(names) | (has_either & (pl.col("code_kind") == UNREADABLE))
    return pl.when(is_claim).then(_kind("no code")).otherwise(_kind("not data"))


def _kind(name: str) -> pl.Expr:
    return pl.lit(name, dtype=ROW_KINDS)


def with_codes_read(kept: pl.DataFrame, scope: frozenset[str], header: str) -> pl.DataFrame:
    """Kept rows with what their code cells are, and why rows are rejected, as of `classify`.

    Many rows share few codes, so each is read once.
    """
    kept = with_plain_cells(with_plain_texts(kept))
    known = kept["hcpcs_code"].unique()
    texts = known.cast(pl.String)
    is_header = (texts == header.strip().upper()) & (texts != "")
    read = (
        read_codes(texts, scope)
        .with_columns(
            pl.col("code_read", "damaged_code").cast(known.dtype), code_is_header=is_header
        )
        .with_columns(code_is_total=texts.str.contains(_TOTAL))
    )
    index = pl.lit(index_in(kept["hcpcs_code"], known))
    kept = kept.hstack(read.select(pl.all().gather(index)))
    kept = _with_swallowed_rows(kept)
    if kept[REJECT].null_count() == kept.height:
        return kept
    return kept.with_columns(settled_reason(set(kept.columns) & {*SORTING}).alias(REJECT))


def _with_swallowed_rows(kept: pl.DataFrame) -> pl.DataFrame:
    """Reject rows with a line break in a cell: a quote left open swallows the rows behind it."""
    names = columns_with(_LINE_BREAK, kept, ("claim_id", "payer", "claim_line_start_date"))
    if not names:
        return kept
    is_swallowed = pl.any_horizontal(pl.col(names).cast(pl.String).str.contains(_LINE_BREAK))
    return kept.with_columns(
        pl.when(is_swallowed).then(pl.lit(_SWALLOWED)).otherwise(REJECT).alias(REJECT)
    )


def settled_reason(names: Collection[str]) -> pl.Expr:
    """Why a row is rejected; too few fields are no reason for a row that is not a claim line.

    Args:
        names: the columns that tell claim lines.
    """
    reason = pl.col(REJECT)
    is_rejected = ~reason.str.starts_with(SHORT) | is_claim_row(names)
    return pl.when(is_rejected).then(reason.str.strip_prefix(SHORT))
