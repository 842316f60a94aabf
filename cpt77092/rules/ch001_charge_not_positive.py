"""Charge blank, zero or negative.

Why: a line without a charge above zero is rejected at intake.
Basis: the charge is CMS-1500 box 24F and 837P SV102 (X12 005010X222A1).
Clear: a charge above zero.
Not checked: no charge column, or an unreadable charge (IN001).
"""

from cpt77092.rule import Denial, Rule, Severity, cell_state, col, guide_837p

RULE = Rule(
    severity=Severity.ERROR,
    flag=(cell_state("charge_amount") == "blank") | (col("charge_amount") <= 0),
    source=guide_837p("SV102; CMS-1500 box 24F"),
    message="Charge is {charge_amount}; it must be above $0.00.",
    remedy="Enter the charge from your fee schedule.",
    denial=Denial("CO", "16", "M79"),
    since="0.1.0",
)
