"""Ordering NPI invalid.

Why: an invalid NPI identifies no provider, and the line is denied as if it were blank.
Basis: CMS's NPI standard: ten digits, the first 1 or 2, the last a check digit; CMS-1500 box 17b,
837P loops 2310A and 2420E.
Clear: a well-formed NPI, or a blank cell (ID003 where the payer requires one).
Not checked: no ordering NPI column.
"""

from cpt77092.rule import NPI_STANDARD, Denial, Rule, Severity, col

RULE = Rule(
    severity=Severity.ERROR,
    includes_voids=True,
    flag=(col("ordering_npi") != "") & (col("ordering_npi_problem") != ""),
    source=NPI_STANDARD,
    message="Ordering NPI {ordering_npi_problem}.",
    remedy="Enter the ordering provider's NPI as listed in NPPES.",
    denial=Denial("CO", "16", "N265"),
    since="0.2.0",
)
