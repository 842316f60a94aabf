"""Refuses a file that lacks a column without which nothing can be checked."""

from __future__ import annotations

import polars as pl

from cpt77092.claims.columns import COLUMNS
from cpt77092.claims.headers import names_column
from cpt77092.errors import ClaimsError
from cpt77092.readers.scan import OpenedFile


def require_columns(opened: OpenedFile, payer: str | None) -> None:
    """Refuse a file whose headers lack a required column.

    Args:
        opened: the file.
        payer: whose claims these are, where the user stated it.

    Raises:
        ClaimsError: which column, and how to name it.
    """
    if critical := [question for question in opened.headers.questions if question.is_critical]:
        raise ClaimsError(*(f"{opened.path}: headers {question}" for question in critical))
    _require_code(opened)
    present, path = opened.headers.columns, opened.path
    for column in COLUMNS:
        if not column.required or column.name in present:
            continue
        if column.name != "payer":
            raise ClaimsError(
                f"{path}: no column for {column.name}; name it: --map {column.name}=HEADER "
                f"(scrub columns {path} shows the headers)"
            )
        if payer is None and "payer_id" not in present:
            raise ClaimsError(
                f"{path}: no payer column; say whose claims these are with --payer medicare "
                f"(or another payer), or name the column: --map payer=HEADER"
            )


def require_payers(lines: pl.DataFrame, path: str) -> None:
    """Refuse lines without a payer column of which some have no payer id either.

    Raises:
        ClaimsError: how many, and how to state the payer.
    """
    if "payer" in lines.columns or not lines.height:
        return
    unnamed = int((lines["payer_id"] == "").sum())
    if unnamed:
        raise ClaimsError(
            f"{path}: no payer column, and {unnamed} of {lines.height} lines have no payer id; "
            f"name the column: --map payer=HEADER, or say whose claims they are: --payer medicare"
        )


def _require_code(opened: OpenedFile) -> None:
    """Refuse a file without procedure codes; its headers are named unless they may be cells."""
    names = opened.names
    if "hcpcs_code" in opened.headers.columns:
        return
    if any(map(names_column, names)):
        shown = ", ".join(map(repr, names[:8]))
        problem = f"no procedure-code column among {shown}{' ...' if len(names) > 8 else ''}."
    else:
        problem = f"none of the headers ({len(names)}) is known here; does it have a header row?"
    notes = f" ({'; '.join(opened.notes)})" if opened.notes else ""
    raise ClaimsError(f"{opened.path}: {problem} Name it: --map hcpcs_code=HEADER{notes}")
