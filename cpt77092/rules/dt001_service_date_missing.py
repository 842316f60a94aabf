"""Service date missing.

Why: a line without a date is rejected. No payer policy can be selected for it either, so few other
rules can check it.
Basis: the date is CMS-1500 box 24A and 837P DTP*472 (X12 005010X222A1).
Clear: the cell is not blank. An unreadable date is not missing (IN001).
Not checked: never, where there is a column for it; a batch without one exits 2.
"""

from cpt77092.rule import Denial, Rule, Severity, cell_state, guide_837p

RULE = Rule(
    severity=Severity.ERROR,
    flag=cell_state("claim_line_start_date") == "blank",
    source=guide_837p("DTP*472; CMS-1500 box 24A"),
    message="Date of service is blank.",
    remedy="Enter the date of service from the chart.",
    denial=Denial("CO", "16", "M52"),
    since="0.1.0",
)
