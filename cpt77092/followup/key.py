"""What makes a finding of one run the same finding in another: nothing that a new export changes.

Rows are never part of it: a claim that is exported again has another place in its file.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cpt77092.text import safe_expr

PAYER = "payer_label"
"""The policy's label, or the payer as the claim has it where a policy is of several payers."""
ON_LINE = (PAYER, "claim_id", "claim_line_number", "hcpcs_code", "claim_line_start_date")
KEY = (*ON_LINE, "rule")
"""The columns of a finding's key."""
IS_NEW = "is_new"
"""Column of `Result.findings` in a run that is compared with a former report, which lacks those."""


def as_texts(rows: pl.DataFrame, names: Sequence[str] = KEY) -> pl.DataFrame:
    """Columns of a key as the texts that two runs, a workbook or a file of decisions share."""
    texts = rows.select(safe_expr(name).fill_null("").str.strip_chars() for name in names)
    return texts.with_columns(pl.col(PAYER).str.to_lowercase()) if PAYER in names else texts


def without_rows(message: str = "message") -> pl.Expr:
    """What is wrong without the numbers of rows, which differ from file to file."""
    return pl.col(message).str.replace_all(r" ?\(?\brows? [\d, ]+\)?", "")


def name_of(claim: str, line: str, rule: str) -> str:
    """`A-1009/1 MO012`: a finding as a person names it."""
    return f"{claim or 'no claim id'}{f'/{line}' if line else ''} {rule}"
