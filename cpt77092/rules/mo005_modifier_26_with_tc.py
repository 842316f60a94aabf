"""Modifiers 26 and TC on the same line.

Why: 26 is the professional component only and TC the technical component only. A line with both is
denied as an invalid combination.
Basis: PC/TC indicators of the fee schedule: each modifier is one component, and the global service
has neither.
Clear: at most one of the two is on the line.
Not checked: no modifier columns; an unreadable modifier, unless both 26 and TC are on the line.
"""

from cpt77092.rule import FAMILY, Denial, Remedy, Rule, Severity, Source, col

RULE = Rule(
    severity=Severity.ERROR,
    flag=col("has_modifier_26") & col("has_modifier_tc"),
    source=Source(
        title="CMS physician fee schedule, file documentation", at="Attachment A, PC/TC indicators"
    ),
    message="{hcpcs_code} has both 26 and TC; they cannot be billed together.",
    remedy="Keep the modifier for the component billed; bill the global service with neither.",
    other_remedies=(
        Remedy(
            "Remove TC; each TBS component has its own code.",
            when=col("hcpcs_code").is_in(sorted(FAMILY)),
        ),
    ),
    denial=Denial("CO", "4", "N519"),
    since="0.1.0",
)
