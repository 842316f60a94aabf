"""Modifier 26 where the payer's own position is not on file.

Why: the sources contradict each other on 26, and the default policy decides only for want of
better. If the payer sides with the other source, the line is denied: no silent pass.
Basis: the default policy's source, and the source that says otherwise; the finding names both.
Clear: no 26; a position of the payer's own, or of the policy it follows; or a default that does not
allow 26 (MO001 speaks).
Not checked: no position in force on the date; no modifier columns; a modifier that cannot be read,
which might be the 26.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import INTERPRETATION, Remedy, Rule, Severity, decided_by, param


def flag() -> pl.Expr:
    """The read carries 26 and only the default policy says that it may."""
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
        "{payer_label} has no position on 26 on file; "
        '"{source_title}" says {modifier_26} on {hcpcs_code}.'
    ),
    remedies=(
        Remedy(
            when=_sources_differ,
            text=(
                "Ask {payer_label} whether it takes 26 on {hcpcs_code}: "
                '"{contradicted_title}" says it is not valid here.'
            ),
        ),
        Remedy(text="Ask {payer_label} whether it takes 26 on {hcpcs_code}."),
    ),
    group="CO",
    carc="4",
    rarc="N823",
    since="0.1.0",
)
