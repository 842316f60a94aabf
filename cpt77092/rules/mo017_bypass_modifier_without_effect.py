"""Bypass modifier that has no effect.

Why: 59 and the X modifiers show two distinct services. 77089 always includes its components, so the
modifier changes nothing and hides the real error.
Basis: the payer's code pair edits, usually NCCI, which no modifier bypasses here.
Clear: no such modifier on 77089; no component billed with it; an edit that can be bypassed.
Not checked: no edits or bypass modifiers in effect for the payer and date; modifiers absent or
unreadable; across claims, no patient ID or billing NPI.
"""

from cpt77092.rule import GLOBAL, FixKind, Remedy, Rule, Severity, across, col

RULE = Rule(
    severity=Severity.INFO,
    codes=GLOBAL,
    flag=across(col("has_bypass_modifier") & col("denied_for_good_beside_part")),
    parameter="pairs",
    message=(
        "Modifier {bypass_modifiers_found} does not bypass the edit between {hcpcs_code} and "
        "{parts_billed_beside}."
    ),
    remedy=Remedy(
        "Remove {bypass_modifiers_found}, and bill the code the chart supports (see BU001).",
        kind=FixKind.UNSAFE,
    ),
    since="0.2.0",
)
