"""A cell that cannot be read.

Why: a date, number or code that a program cannot read, a payer cannot read either; and every rule
that needs the cell goes unchecked on the line.
Basis: the claim-line contract: what a column holds, and the ways in which it may be written.
Clear: every filled cell of the line reads as what its column holds. Blank cells are other rules'.
Not checked: never; a column that the file lacks has no cell to misread.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The line has at least one filled cell that cannot be read."""
    return pl.col("unreadable_cells") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="IN001",
    name="value-unreadable",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Cannot be read: {unreadable_cells}.",
    remedies=(Remedy(text="Correct the cell; until then the rules that need it cannot check."),),
    source=Source(
        title="Claim-line contract of this program",
        at="types of the columns",
        confidence=Confidence.PRIMARY,
    ),
    since="0.1.0",
)
