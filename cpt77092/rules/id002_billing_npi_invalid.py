"""Billing NPI blank or invalid.

Why: a claim without a valid billing provider is rejected at intake.
Basis: CMS's NPI standard: ten digits, the first 1 or 2, the last a check digit; CMS-1500 box 33a,
837P loop 2010AA.
Clear: a well-formed NPI; whether it was issued, and to whom, is not tested.
Not checked: no billing NPI column.
"""

from cpt77092.rule import NPI_STANDARD, Denial, Rule, Severity, col

RULE = Rule(
    severity=Severity.ERROR,
    includes_voids=True,
    flag=col("billing_npi_problem") != "",
    source=NPI_STANDARD,
    message="Billing NPI {billing_npi_problem}.",
    remedy="Enter the billing provider's NPI as listed in NPPES.",
    denial=Denial("CO", "16", "N257"),
    since="0.1.0",
)
