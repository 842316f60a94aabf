"""Date of service in the future.

Why: a claim for a service not yet done is rejected. Usually the year is mistyped.
Basis: CMS-1500 box 24A and 837P DTP*472 give the date the service was done.
Clear: the date is on or before the as-of date.
Not checked: a blank or unreadable date of service.
"""

from cpt77092.rule import Denial, Rule, Severity, col, guide_837p

RULE = Rule(
    severity=Severity.ERROR,
    flag=col("claim_line_start_date") > col("as_of_date"),
    source=guide_837p("DTP*472; CMS-1500 box 24A"),
    message="Date of service {claim_line_start_date} is after the as-of date, {as_of_date}.",
    remedy="Correct the date, or hold the line until the service is done.",
    denial=Denial("CO", "16", "M52"),
    since="0.1.0",
)
