"""Service not covered by the payer, and no ABN modifier.

Why: the payer denies a service that it considers investigational or excludes. Whether the patient
can be billed depends on an ABN signed beforehand.
Basis: the payer's coverage position on the code.
Clear: the service is covered, if only as an adjunct; a contractor decides (CV003); or an ABN
modifier (GA, GX, GY, GZ) shows that the denial is expected.
Not checked: no coverage position in effect for the payer and date; where the service is not
covered, no modifier columns or an unreadable modifier.
"""

from cpt77092.rule import FAMILY, Denial, Message, Remedy, Rule, Severity, col, param

# ABNs are Medicare's own; a payer that takes their modifiers has a rule on them.
_TAKES_ABN = param("notice_modifiers").is_not_null()

RULE = Rule(
    severity=Severity.WARNING,
    codes=FAMILY,
    flag=param("coverage").is_in(["investigational", "not_covered"]) & ~col("has_notice_modifier"),
    parameter="coverage",
    message="{decided_by} considers {hcpcs_code} {coverage}.",
    other_messages=(
        Message(
            "{decided_by} considers {hcpcs_code} {coverage}; the line has no ABN modifier (GA, GX, "
            "GY, GZ).",
            when=_TAKES_ABN,
        ),
    ),
    remedy="Ask {payer_label} whether this plan covers it, and for which indication.",
    other_remedies=(
        Remedy(
            "Check {payer_label}'s policy for a covered indication; add GA only if the patient "
            "signed an ABN before the service.",
            when=_TAKES_ABN,
        ),
    ),
    denial=Denial("CO", "96", "N130"),
    other_denials=(Denial("CO", "55", "N130", when=param("coverage") == "investigational"),),
    since="0.2.0",
)
