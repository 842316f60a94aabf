"""Rendering NPI blank or invalid.

Why: a line without a valid rendering provider is rejected or not paid.
Basis: CMS's NPI standard: ten digits, the first 1 or 2, the last a check digit; CMS-1500 box 24J,
837P loops 2310B and 2420A.
Clear: a well-formed NPI; whether it was issued, and to whom, is not tested.
Not checked: no rendering NPI column.
"""

from cpt77092.rule import NPI_STANDARD, Denial, Rule, Severity, col

RULE = Rule(
    severity=Severity.ERROR,
    includes_voids=True,
    flag=col("rendering_npi_problem") != "",
    source=NPI_STANDARD,
    message="Rendering NPI {rendering_npi_problem}.",
    remedy="Enter the rendering provider's NPI as listed in NPPES.",
    denial=Denial("CO", "16", "N290"),
    since="0.1.0",
)
