"""Line already billed on an earlier claim.

Why: the payer denies a line already billed as a duplicate; a correction must be sent as a
replacement (7).
Basis: X12 code 18, exact duplicate: the key of FR001, looked up in earlier claims (--history).
Clear: no earlier claim bills the same. A void (8), and what is voided or replaced, bills nothing.
Not checked: no earlier claims; no date, modifier column, rendering provider column or patient ID; a
void or replacement that the payer may not accept; the patient's earlier line that is otherwise the
same, without a readable code, a payer, readable date, modifiers or rendering provider. A file that
is an input of the run is not its own history.
"""

from cpt77092.rule import DUPLICATE_CODE, Denial, FixKind, Remedy, Rule, Severity, across, col

RULE = Rule(
    severity=Severity.WARNING,
    flag=across(col("already_submitted") | col("past_doubt")),
    source=DUPLICATE_CODE,
    message="{hcpcs_code} on {claim_line_start_date} was already billed: {line_in_past}.",
    remedy=Remedy(
        "Hold this line if the earlier claim was received. To correct that claim, send a "
        "replacement (frequency 7) where {payer_label} accepts one.",
        kind=FixKind.UNSAFE,
    ),
    other_remedies=(
        Remedy(
            "Hold this line if the earlier claim was received. {payer_label} accepts no "
            "replacement (7): ask it to reopen that claim, or appeal.",
            kind=FixKind.UNSAFE,
            when=~col("replacement_is_accepted"),
        ),
    ),
    denial=Denial("OA", "18"),
    since="0.2.0",
)
