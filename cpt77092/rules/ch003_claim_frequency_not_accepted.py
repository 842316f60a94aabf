"""Claim frequency code that the payer does not take.

Why: a payer that takes no replacements or voids returns the claim unread, and the first one stands
as it is.
Basis: the payer's list of claim frequency codes; claim form box 22 and 837P CLM05-3 carry the code.
Clear: the code is on the list, or is blank, which makes an original claim.
Not checked: no list in force for the payer and the date; no claim frequency column.
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
        "Claim frequency code {claim_frequency_code} is not among those that {decided_by} takes: "
        "{accepted_claim_frequencies}."
    ),
    remedies=(
        Remedy(
            text=(
                "Send it as a new claim (1) if the first was never taken in; otherwise ask "
                "{payer_label} to reopen the first, or appeal."
            )
        ),
    ),
    group="CO",
    carc="16",
    rarc="MA130",
    since="0.2.0",
)
