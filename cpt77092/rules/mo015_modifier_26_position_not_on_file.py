"""Modifier 26 where no published payer rule was found.

Why: the sources disagree on 26, and without a payer rule the default policy decides. If the payer
follows the other source, the line is denied.
Basis: the default policy's source, and the source that disagrees; the finding names both.
Clear: no 26; a rule of the payer's own, or of the policy it follows; or a default that does not
allow 26 (MO001).
Not checked: no rule in effect on the date; no modifier columns; an unreadable modifier, which might
be 26.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import INTERPRETATION, Message, Remedy, Rule, Severity, decided_by, param


def flag() -> pl.Expr:
    """The interpretation has 26 and only the default policy allows it."""
    is_default = decided_by("modifier_26") == "default"
    return pl.col("has_modifier_26") & is_default & (param("modifier_26") != "not_allowed")


def _sources_differ() -> pl.Expr:
    return pl.col("contradicted_title") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="MO015",
    name="modifier-26-position-not-on-file",
    severity=Severity.INFO,
    codes=INTERPRETATION,
    flag=flag,
    parameter="modifier_26",
    message=(
        "No published {payer_label} rule found on 26 with {hcpcs_code}: {modifier_26} per "
        '"{source_title}".'
    ),
    other_messages=(
        Message(
            when=_sources_differ,
            text=(
                "No published {payer_label} rule found on 26 with {hcpcs_code}: {modifier_26} per "
                '"{source_title}", not allowed per "{contradicted_title}".'
            ),
        ),
    ),
    remedies=(
        Remedy(
            text=(
                "Confirm once with {payer_label} whether it accepts 26; then record the answer "
                "in a policy file."
            )
        ),
    ),
    group="CO",
    carc="4",
    rarc="N823",
    since="0.1.0",
)
