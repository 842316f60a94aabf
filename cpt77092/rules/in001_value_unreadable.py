"""Unreadable cell.

Why: a date, number or code that this program cannot read, a payer cannot read either. Rules that
need the cell do not run on the line.
Basis: the columns this program reads, and the formats each accepts.
Clear: every filled cell of the line is in a format of its column. Blank cells are left to other
rules.
Not checked: never; a column that the file lacks has no cells.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The line has at least one filled cell that is unreadable."""
    return pl.col("unreadable_cells") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="IN001",
    name="value-unreadable",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Cannot be read: {unreadable_cells}.",
    remedies=(Remedy(text="Correct the cell; rules that need it did not run on this line."),),
    source=Source(
        title="Input columns of this program",
        at="formats each column accepts",
        confidence=Confidence.PRIMARY,
    ),
    since="0.1.0",
)
