"""A bypass modifier on the global code billed with its parts.

Why: 59 and the X modifiers say that two services were distinct; 77089 contains its parts whatever
the circumstances, so the modifier changes nothing and hides the real mistake.
Basis: the payer's code pairs, mostly the NCCI table, which lets nothing bypass these.
Clear: no such modifier on 77089; no part billed beside it; a pair that may be bypassed.
Not checked: no pairs or bypass modifiers in force for the payer and the date; modifiers absent or
unreadable; across claims, no person or billing provider.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import GLOBAL, FixKind, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """The global code carries a bypass modifier beside a part that it can never bypass."""
    return pl.col("has_bypass_modifier") & pl.col("denied_for_good_beside_part")


RULE = Rule(
    doc=__doc__ or "",
    code="MO017",
    name="bypass-modifier-without-effect",
    severity=Severity.INFO,
    codes=GLOBAL,
    flag=flag,
    parameter="pairs",
    message=(
        "Modifier {bypass_modifiers_found} on {hcpcs_code} does not let it through beside "
        "{parts_billed_beside}."
    ),
    remedies=(
        Remedy(
            text="Remove {bypass_modifiers_found}, and mend the codes as BU001 says.",
            kind=FixKind.UNSAFE,
        ),
    ),
    since="0.2.0",
)
