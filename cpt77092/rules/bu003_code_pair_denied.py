"""Code denied by an edit with another code of the same day.

Why: the payer counts one code as included in the other, or as mutually exclusive with it, and
denies it unless a modifier shows a distinct service.
Basis: the payer's code pair edits, usually the NCCI practitioner table.
Clear: the paid code of the pair is not billed for the patient, billing provider and date; the edit
can be bypassed and either line has a bypass modifier; or the pair is 77089 with a component
(BU001). The finding is on the denied line, which may be a code that no other rule checks.
Not checked: no edits in effect for the payer and date; an unreadable modifier that might bypass the
edit; across claims, no patient ID or billing NPI.
"""

from cpt77092.rule import Denial, Remedy, Rule, Severity, across, col

RULE = Rule(
    severity=Severity.ERROR,
    includes_partners=True,
    flag=across(col("denied_beside_other")),
    parameter="pairs",
    paid_codes="others_surely_paid",
    message="{hcpcs_code} is not paid with {denied_beside_lines} on {claim_line_start_date}.",
    remedy=(
        "Remove {hcpcs_code}, unless the chart shows a distinct service and the payer "
        "accepts a modifier for it."
    ),
    other_remedies=(
        Remedy(
            "Remove {hcpcs_code}; no modifier bypasses this edit.",
            when=col("denied_for_good_beside_other"),
        ),
    ),
    denial=Denial("CO", "236"),
    since="0.2.0",
)
