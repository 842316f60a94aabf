"""Line that spans several days.

Why: each of these codes is one service on one day. A line with a date span is rejected or not paid.
Basis: CMS-1500 box 24A and 837P DTP*472 give the first and last day of the line.
Clear: the end date is the start date, or is blank.
Not checked: no end date column; an unreadable start or end date; a blank start date.
"""

from cpt77092.rule import Denial, Rule, Severity, cell_state, col, guide_837p

RULE = Rule(
    severity=Severity.WARNING,
    flag=~(cell_state("claim_line_end_date") == "blank")
    & (col("claim_line_end_date") != col("claim_line_start_date")),
    source=guide_837p("DTP*472; CMS-1500 box 24A"),
    message=(
        "Line runs from {claim_line_start_date} to {claim_line_end_date}; {hcpcs_code} is a "
        "one-day service."
    ),
    remedy="Enter the date of service as both dates; bill each day on its own line.",
    denial=Denial("CO", "16", "M59"),
    since="0.2.0",
)
