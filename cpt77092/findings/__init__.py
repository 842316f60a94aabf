"""What a run found: findings, totals, roll-ups by line and claim, and what was not checked."""

from cpt77092.findings.gaps import of_unjudged_payer
from cpt77092.findings.lines import checked_lines
from cpt77092.findings.not_checked import not_checked_reasons, not_checked_rows, rejects
from cpt77092.findings.rollup import as_table
from cpt77092.findings.schema import FINDINGS_SCHEMA_VERSION, SCHEMAS
from cpt77092.findings.table import accepted_table, lines_with, worst
from cpt77092.findings.totals import AcceptedTotals, AtRisk, Rework, Totals, totals

__all__ = [
    "FINDINGS_SCHEMA_VERSION",
    "SCHEMAS",
    "AcceptedTotals",
    "AtRisk",
    "Rework",
    "Totals",
    "accepted_table",
    "as_table",
    "checked_lines",
    "lines_with",
    "not_checked_reasons",
    "not_checked_rows",
    "of_unjudged_payer",
    "rejects",
    "totals",
    "worst",
]
