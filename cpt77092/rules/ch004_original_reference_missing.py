"""Replacement or void without the number of the claim that it is for.

Why: a payer that cannot tell which claim a replacement or void is for returns it.
Basis: the 837P guide: a replacement (7) or void (8) carries the payer's number of the original
claim (CMS-1500 box 22, 837P REF*F8).
Clear: the number is there; an original claim; a frequency code that the payer does not accept
(CH003).
Not checked: no column for the original reference number or the claim frequency code.
"""

from cpt77092.rule import Denial, Rule, Severity, col, guide_837p

RULE = Rule(
    severity=Severity.ERROR,
    includes_voids=True,
    flag=(col("original_reference_number") == "") & col("needs_original_reference"),
    source=guide_837p("loop 2300, REF with F8, payer claim control number"),
    message=(
        "Claim frequency code {claim_frequency_code} without the payer's number of the original "
        "claim."
    ),
    remedy="Enter the payer's number of the original claim (box 22, REF*F8).",
    denial=Denial("CO", "16", "M47"),
    since="0.4.0",
)
