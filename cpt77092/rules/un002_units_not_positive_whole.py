"""Units not a whole number above zero.

Why: each of these codes is one complete service. A line with zero or fractional units is rejected.
Basis: the units are CMS-1500 box 24G and 837P SV104 (X12 005010X222A1).
Clear: a whole number above zero; UN001 checks for too many.
Not checked: no units column; blank or unreadable (IN001) units.
"""

from cpt77092.rule import Denial, Rule, Severity, col, guide_837p

RULE = Rule(
    severity=Severity.ERROR,
    flag=(col("service_unit_quantity") <= 0) | (col("service_unit_quantity") % 1 != 0),
    source=guide_837p("SV104; CMS-1500 box 24G"),
    message="Units are {service_unit_quantity}; they must be a whole number above zero.",
    remedy="Enter the number of services the chart shows.",
    denial=Denial("CO", "16", "M53"),
    since="0.1.0",
)
