"""Coverage left to the payer's regional contractor.

Why: without a national decision the regional contractor decides, so a line that is paid in one
state is denied in the next.
Basis: the payer's statement that its contractors decide.
Clear: the payer decides itself (CV001 where it does not cover); or an ABN modifier (GA, GX, GY, GZ)
shows that coverage was considered; or an earlier line already reported this payer.
Not checked: no coverage position in effect for the payer and date; where a contractor decides, no
modifier columns or an unreadable modifier.
"""

from cpt77092.rule import FAMILY, Rule, Severity, col

RULE = Rule(
    severity=Severity.INFO,
    codes=FAMILY,
    flag=col("is_first_left_to_contractor"),
    parameter="coverage",
    message="{decided_by} leaves coverage of {hcpcs_code} to its regional contractor.",
    remedy=(
        "Look up the contractor's coverage policy once; add GA where the patient signed an ABN "
        "before the service."
    ),
    since="0.2.0",
)
