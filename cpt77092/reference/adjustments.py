"""Claim adjustment reason codes (CARC) that are no denial: the patient's share, and reductions.

The code list is X12's (external code list 139): that the codes exist was read in a third-party copy
of June 2024, what they mean is general knowledge, in our own words.
"""

from __future__ import annotations

PATIENT_SHARE = frozenset({"1", "2", "3", "66", "241", "247", "248"})
"""Deductible, coinsurance, copayment: with group PR, the line was allowed and the patient pays."""

REDUCTIONS = frozenset(
    {"24", "44", "45", "59", "90", "91", "94", "100", "102", "103", "104", "105", "118", "121"}
    | {"122", "130", "131", "132", "137", "139", "142", "143", "144", "161", "172", "187"}
    | {"203", "209", "215", "223", "225", "237", "238", "253"}
    | {"42", "A2"}  # the fee schedule and the contract, as old remittances have them
)
"""Why less is paid than charged although the service is accepted: fee schedule, contract,
sequestration, capitation, withholding and the like."""

OTHER_PAYER = frozenset({"23"})
"""What an earlier payer paid or adjusted."""

NOT_DENIALS = PATIENT_SHARE | REDUCTIONS | OTHER_PAYER

REVERSAL = "22"
"""Claim status (CLP02): takes an earlier payment of the claim back."""
FORWARDED = "23"
"""Not the payer's claim, sent on to another."""
PREDETERMINATION = "25"
"""A price given before the service: nothing is paid."""
DENIED = "4"
LATER_PAYER = frozenset({"2", "3", "20", "21"})
"""Processed as secondary or tertiary: not the answer of the payer that was billed first."""
