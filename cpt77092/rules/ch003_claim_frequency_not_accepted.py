"""Claim frequency code not accepted by the payer.

Why: a payer that does not accept replacements or voids returns the claim, and the first claim stays
unchanged.
Basis: the payer's list of claim frequency codes (CMS-1500 box 22, 837P CLM05-3).
Clear: the code is on the list, or is blank, which means an original claim.
Not checked: no list in effect for the payer and date; no claim frequency column.
"""

from cpt77092.rule import Denial, Rule, Severity, col

RULE = Rule(
    severity=Severity.ERROR,
    includes_voids=True,
    flag=(col("claim_frequency_code") != "") & ~col("claim_frequency_is_accepted"),
    parameter="claim_frequency_codes",
    message=(
        "{decided_by} does not accept claim frequency code {claim_frequency_code}; accepted: "
        "{accepted_claim_frequencies}."
    ),
    remedy=(
        "Submit as an original claim (1) if the first was never accepted; otherwise "
        "ask {payer_label} to reopen it, or appeal."
    ),
    denial=Denial("CO", "16", "MA130"),
    since="0.2.0",
)
