"""What a run found: the findings table, what was not checked, totals, and the roll-up by claim."""

from cpt77092.findings.table import (
    LONGEST_CELL,
    PIECE,
    SCHEMA,
    AtRisk,
    Rework,
    Totals,
    as_pieces,
    as_table,
    lines_with,
    not_checked_rows,
    rejects,
    texts,
    totals,
    worst,
)

__all__ = [
    "LONGEST_CELL",
    "PIECE",
    "SCHEMA",
    "AtRisk",
    "Rework",
    "Totals",
    "as_pieces",
    "as_table",
    "lines_with",
    "not_checked_rows",
    "rejects",
    "texts",
    "totals",
    "worst",
]
