"""A code denied beside another of the same day.

Why: the payer counts one of two codes as part of the other, or as excluded by it, and denies it
unless a modifier says that the services were distinct.
Basis: the payer's code pairs, mostly the NCCI table for practitioners.
Clear: no paid code of a pair is billed for the person, billing provider and date; the pair may be
bypassed and either line carries a bypass modifier; or the pair is 77089 with a part (BU001). The
finding stands on the line that is denied, which may be a code that no other rule looks at.
Not checked: no pairs in force for the payer and the date; a modifier that cannot be read, where it
might bypass the pair; across claims, no person or billing provider.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Remedy, Rule, Severity


def flag() -> pl.Expr:
    """A code that is paid in its place is billed that date, and nothing lets both through."""
    return pl.col("denied_beside_other")


def _is_hard() -> pl.Expr:
    """None of the pairs that deny the code may be bypassed."""
    return pl.col("bypassable_codes") == 0


RULE = Rule(
    doc=__doc__ or "",
    code="BU003",
    name="code-pair-denied",
    severity=Severity.ERROR,
    codes=CHECKED,
    includes_partners=True,
    flag=flag,
    parameter="pairs",
    message="{hcpcs_code} is not paid beside {denied_beside_lines} on {claim_line_start_date}.",
    remedies=(
        Remedy(
            when=_is_hard,
            text="Drop {hcpcs_code}; no modifier lets both through.",
        ),
        Remedy(
            text=(
                "Drop {hcpcs_code}, unless the record shows a distinct service and the payer takes "
                "a modifier for it."
            ),
        ),
    ),
    group="CO",
    carc="236",
    rarc="M80",
    since="0.2.0",
)
