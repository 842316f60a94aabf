"""Modifier 26 absent where the policy expects it.

Why: "use 26 when billing only the interpretation" is printed advice that some payers follow; for
others the code says it already, and 26 draws the denial. Only the payer can settle it.
Basis: the payer's own statement; where none is on file, the default policy, whose source expects
26. The finding then names that source and the one that says otherwise.
Clear: 26 stands on the line; the policy says anything but expected (MO001 and MO002 speak of the
others); or the claim also bills 77089, 77090 or 77091, so that it is not only the read.
Not checked: no position in force for the payer and the date; no modifier columns; a modifier that
cannot be read, which might be the 26; a blank claim number.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import INTERPRETATION, FixKind, Remedy, Rule, Severity, decided_by, param


def flag() -> pl.Expr:
    """The read is billed alone, without 26, and the policy in force expects it."""
    is_alone = ~pl.col("claim_bills_own_technical")
    return is_alone & ~pl.col("has_modifier_26") & (param("modifier_26") == "expected")


def _sources_differ() -> pl.Expr:
    return pl.col("contradicted_title") != ""


def _payer_is_silent() -> pl.Expr:
    return decided_by("modifier_26") == "default"


RULE = Rule(
    doc=__doc__ or "",
    code="MO003",
    name="modifier-26-absent-where-expected",
    severity=Severity.WARNING,
    codes=INTERPRETATION,
    flag=flag,
    parameter="modifier_26",
    message='{hcpcs_code} is billed alone without modifier 26, which "{source_title}" expects.',
    remedies=(
        Remedy(
            when=_sources_differ,
            text=(
                'Ask {payer_label} before you add 26: "{source_title}" expects it, '
                '"{contradicted_title}" says it is not valid here.'
            ),
            kind=FixKind.UNSAFE,
        ),
        Remedy(
            when=_payer_is_silent,
            text="Ask {payer_label} before you add 26: its own position is not on file.",
            kind=FixKind.UNSAFE,
        ),
        Remedy(
            text="Add modifier 26, after a look at the payer's current policy.",
            kind=FixKind.UNSAFE,
        ),
    ),
    group="CO",
    carc="16",
    rarc="N822",
    since="0.1.0",
)
