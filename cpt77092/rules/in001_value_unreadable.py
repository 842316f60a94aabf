"""Unreadable cell.

Why: a date, number or code that this program cannot read, a payer cannot read either. Rules that
need the cell do not run on the line. A cell is quoted only if it looks like what its column is for,
since any other may name a person.
Basis: the columns this program reads, and the formats each accepts.
Clear: every filled cell of the line is in a format of its column. Blank cells are left to other
rules.
Not checked: never; a column that the file lacks has no cells.
"""

from cpt77092.rule import Rule, Severity, Source, col

RULE = Rule(
    severity=Severity.ERROR,
    includes_voids=True,
    flag=col("unreadable_cells") != "",
    source=Source(title="Input columns of this program", at="formats each column accepts"),
    message="Cannot be read: {unreadable_cells}.",
    remedy="Correct the cell; rules that need it did not run on this line.",
    since="0.1.0",
)
