"""Modifier 26 on a read whose claim also bills the technical part.

Why: 26 says only the interpretation is billed; the same claim says the calculation, the image data
or the whole service is billed too. The payer believes one of the two.
Basis: the policy takes 26 for the interpretation alone; the claim bills 77089, 77090 or 77091.
Clear: no 26, or a claim that bills the read alone. Where the payer does not allow 26, MO001 speaks.
Not checked: no position in force for the payer and the date; no modifier columns; a modifier that
cannot be read; a blank claim number.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import INTERPRETATION, FixKind, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The read carries 26, which the policy takes, beside a technical or global line."""
    is_valid = param("modifier_26").is_in(["required", "expected", "accepted"])
    return pl.col("claim_bills_own_technical") & pl.col("has_modifier_26") & is_valid


RULE = Rule(
    doc=__doc__ or "",
    code="MO014",
    name="modifier-26-with-own-technical",
    severity=Severity.WARNING,
    codes=INTERPRETATION,
    flag=flag,
    parameter="modifier_26",
    message=(
        "{hcpcs_code} carries 26 (only the read), but its claim also bills {own_technical_codes}."
    ),
    remedies=(
        Remedy(
            text="Remove 26, if the record shows that {own_technical_codes} was done here too.",
            kind=FixKind.UNSAFE,
        ),
    ),
    group="CO",
    carc="4",
    rarc="N823",
    since="0.1.0",
)
