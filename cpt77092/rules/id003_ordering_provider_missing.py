"""Ordering provider missing where the payer requires one.

Why: imaging and its interpretation are paid only when ordered by a provider who treats the patient.
Without the ordering NPI the line is denied or returned.
Basis: the payer's rule on the ordering provider; the NPI is CMS-1500 box 17b, 837P loops 2310A and
2420E.
Clear: the cell is filled (ID004 checks the number), or the payer does not require it.
Not checked: no such rule in effect for the payer and date; no ordering NPI column.
"""

from cpt77092.rule import Denial, Rule, Severity, col, param

RULE = Rule(
    severity=Severity.ERROR,
    includes_voids=True,
    flag=(col("ordering_npi") == "") & (param("ordering_provider") == "required"),
    parameter="ordering_provider",
    message="Ordering NPI is blank; {decided_by} requires one for {hcpcs_code}.",
    remedy="Enter the NPI of the provider on the order.",
    denial=Denial("CO", "16", "N265"),
    since="0.2.0",
)
