"""Claim frequency code not accepted by the payer.

Why: a payer that does not accept replacements or voids returns the claim, and the first claim stays
unchanged.
Basis: the payer's list of claim frequency codes (CMS-1500 box 22, 837P CLM05-3).
Clear: the code is on the list, or is blank, which means an original claim.
Not checked: no list in effect for the payer and date; no claim frequency column.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """The code is not blank and not on the payer's list."""
    return (pl.col("claim_frequency_code") != "") & ~pl.col("claim_frequency_is_accepted")


RULE = Rule(
    doc=__doc__ or "",
    code="CH003",
    name="claim-frequency-not-accepted",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    parameter="claim_frequency_codes",
    message=(
        "{decided_by} does not accept claim frequency code {claim_frequency_code}; accepted: "
        "{accepted_claim_frequencies}."
    ),
    remedies=(
        Remedy(
            text=(
                "Submit as an original claim (1) if the first was never accepted; otherwise "
                "ask {payer_label} to reopen it, or appeal."
            )
        ),
    ),
    group="CO",
    carc="16",
    rarc="MA130",
    since="0.2.0",
)
