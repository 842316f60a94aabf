"""Coverage left to the payer's regional contractor.

Why: without a national decision the regional contractor decides, so a line that is paid in one
state is denied in the next.
Basis: the payer's statement that its contractors decide.
Clear: the payer decides itself (CV001 where it does not cover); or an ABN modifier (GA, GX, GY, GZ)
shows that coverage was considered.
Not checked: no coverage position in effect for the payer and date; where a contractor decides, no
modifier columns or an unreadable modifier.
"""

import polars as pl

from cpt77092.rule import FAMILY, Remedy, Rule, Severity, param

RULE = Rule(
    module=__name__,
    severity=Severity.INFO,
    codes=FAMILY,
    flag=(param("coverage") == "contractor_decides") & ~pl.col("has_notice_modifier"),
    parameter="coverage",
    message="{decided_by} leaves coverage of {hcpcs_code} to its regional contractor.",
    remedy=Remedy(
        "Look up the contractor's coverage policy. If it may not pay: GA with a signed "
        "ABN, GZ without one."
    ),
    since="0.2.0",
)
