"""Says what each row of a file is: the one place that decides it."""

from __future__ import annotations

import re
from collections.abc import Collection

import polars as pl

from cpt77092.claims.categorical import index_in
from cpt77092.claims.cells import with_categories
from cpt77092.readers.scan import REJECT, SHORT

ROW_KIND = "row_kind"
ROW_KINDS = pl.Enum(["in scope", "out of scope", "no code", "not data", "rejected"])
DAMAGED = "damaged_code"
"""The code cell as it is, where it only begins with a code in scope (`77092-26`)."""
SORTING = ("claim_id", "claim_line_start_date", "hcpcs_code")
"""Columns by which a row is known to be a claim line."""
# White space, the wrappings with which spreadsheets keep a number text (="77092" and '77092), and
# invisible characters: spaces of no width, marks of direction, byte-order marks of joined files.
AROUND_A_CODE = " \t\r\n\u00a0\0='\"\u2007\u2009\u200b\u200e\u200f\u202f\u2060\ufeff"
_LINE_BREAK = "[\r\n]"
_SWALLOWED = "a cell holds a line break; is a quote left open?"


def may_be_in_scope(code: pl.Expr, scope: frozenset[str], header: str = "") -> pl.Expr:
    """Rows to keep: the cell starts with a code in scope, is blank, or repeats its header.

    ` 77092`, `77092.0`, `="77092"`, `HC:77092:26` and `77092-26` pass, for `classify` to look at
    closely; an exact test would lose them in silence. One expression, since every row of the file
    goes through it.
    """
    heads = sorted({re.escape(text) for text in (*scope, header.strip(AROUND_A_CODE)[:5]) if text})
    around = re.escape(AROUND_A_CODE)
    pattern = rf"(?i)^[{around}]*($|{'|'.join(heads)}|HC|CP)"
    text = code.cast(pl.String)
    return text.is_null() | text.str.contains(pattern)


def is_claim_row(names: Collection[str]) -> pl.Expr:
    """A claim line has a code, or both a claim and a date; a title, total or blank row does not.

    Args:
        names: the columns of the frame that count.
    """
    evidence = [
        pl.col(name).cast(pl.String).fill_null("").str.strip_chars() != ""
        for name in ("claim_id", "claim_line_start_date")
        if name in names
    ]
    has_both = pl.all_horizontal(evidence) if evidence else pl.lit(False)  # noqa: FBT003
    if "hcpcs_code" not in names:
        return has_both
    code = pl.col("hcpcs_code").cast(pl.String)
    return (code.str.strip_chars(AROUND_A_CODE) != "") | has_both


def classify(kept: pl.DataFrame, scope: frozenset[str], header: str = "") -> pl.DataFrame:
    """Say what each kept row is, and read the code cells where nothing is lost.

    Args:
        kept: rows of a reader, with codes as text or categories.
        scope: the codes in scope.
        header: what the column of the code is called: a row that repeats it is not data.

    Returns:
        The rows with `row_kind` (`ROW_KINDS`) and `damaged_code`.
    """
    kept = _with_codes_read(with_categories(kept), scope, header)
    kept = _without_loose_short_rows(_with_swallowed_rows(kept))
    kind = pl.when("code_is_in_scope").then(_kind("in scope")).otherwise(_kind("out of scope"))
    if kept["code_is_blank"].any():
        is_claim = kept.select(is_claim_row(set(kept.columns) - {"hcpcs_code"})).to_series()
        without_code = pl.when(is_claim).then(_kind("no code")).otherwise(_kind("not data"))
        kind = pl.when("code_is_blank").then(without_code).otherwise(kind)
    if kept["code_is_header"].any():
        kind = pl.when("code_is_header").then(_kind("not data")).otherwise(kind)
    if kept[REJECT].null_count() < kept.height:
        kind = pl.when(pl.col(REJECT).is_not_null()).then(_kind("rejected")).otherwise(kind)
    return kept.with_columns(kind.alias(ROW_KIND), hcpcs_code=pl.col("code_read")).drop(
        "code_read", "code_is_in_scope", "code_is_blank", "code_is_header"
    )


def _kind(name: str) -> pl.Expr:
    return pl.lit(name, dtype=ROW_KINDS)


def _with_codes_read(kept: pl.DataFrame, scope: frozenset[str], header: str) -> pl.DataFrame:
    """The rows with what their code cells are; many rows share few codes, so each is read once."""
    known = kept["hcpcs_code"].unique()
    code = pl.col("hcpcs_code")
    read = (
        known.cast(pl.String)
        .to_frame()
        .select(
            *_read_code(scope),
            code_is_blank=code.str.strip_chars("\0") == "",
            code_is_header=(code == header.strip().upper()) & (code != ""),
        )
        .with_columns(pl.col("code_read", DAMAGED).cast(known.dtype))
    )
    index = pl.lit(index_in(kept["hcpcs_code"], known))
    return kept.hstack(read.select(pl.all().gather(index)))


def _read_code(scope: frozenset[str]) -> list[pl.Expr]:
    """Of a code cell: the code, whether it is in scope, and the cell if it is damaged.

    `77092.0` is 77092 as a spreadsheet writes numbers, so it is read as that; any other tail
    (`77092-26`, `77092 26`) leaves a damaged code: the line is in scope and its code is known, but
    not what the rest of the cell means.
    """
    code = pl.col("hcpcs_code").str.strip_chars(AROUND_A_CODE)
    code = code.str.replace(r"^(HCPCS|HC|CPT)[^0-9A-Z]*", "")
    head = code.str.head(5)
    # One letter or digit more makes another code or number (770925); pairs may be modifiers
    # written onto the code (7709226), which is damage and not another code.
    has_tail = code.str.contains(r"^.{5}[0-9A-Z]")
    is_other_code = has_tail & ~code.str.contains(r"^.{5}([0-9A-Z]{2}){1,4}$")
    is_in_scope = head.is_in(sorted(scope)) & ~is_other_code
    is_damaged = is_in_scope & (code.str.replace(r"\.0*$", "") != head)
    return [
        is_in_scope.alias("code_is_in_scope"),
        pl.when(is_in_scope).then(head).otherwise(code).alias("code_read"),
        pl.when(is_damaged).then(code).alias(DAMAGED),
    ]


def _with_swallowed_rows(kept: pl.DataFrame) -> pl.DataFrame:
    """Reject rows with a line break in a cell: a quote left open swallows the rows behind it."""
    has_break = []
    for name in ("claim_id", "payer", "claim_line_start_date"):
        dtype = kept.schema.get(name)
        if dtype == pl.Categorical:
            known = kept[name].unique()
            broken = known.filter(known.cast(pl.String).str.contains(_LINE_BREAK))
            has_break += [pl.col(name).is_in(broken.implode())] if broken.len() else []
        elif dtype == pl.String:
            is_broken = pl.col(name).str.contains(_LINE_BREAK)
            any_broken = kept.lazy().select(is_broken.any()).collect(engine="streaming")
            has_break += [is_broken] if any_broken.item() else []
    if not has_break:
        return kept
    is_swallowed = pl.any_horizontal(has_break)
    return kept.with_columns(
        pl.when(is_swallowed).then(pl.lit(_SWALLOWED)).otherwise(REJECT).alias(REJECT)
    )


def _without_loose_short_rows(kept: pl.DataFrame) -> pl.DataFrame:
    """Reject a row with too few fields only where it is a claim line, not a title or a total."""
    if kept[REJECT].null_count() == kept.height:
        return kept
    return kept.with_columns(settled_reason(set(kept.columns) & {*SORTING}).alias(REJECT))


def settled_reason(names: Collection[str]) -> pl.Expr:
    """Why a row is rejected; too few fields are no reason for a row that is not a claim line.

    Args:
        names: the columns that tell claim lines.
    """
    reason = pl.col(REJECT)
    is_rejected = ~reason.str.starts_with(SHORT) | is_claim_row(names)
    return pl.when(is_rejected).then(reason.str.strip_prefix(SHORT))
