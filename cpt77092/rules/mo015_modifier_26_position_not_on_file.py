"""Modifier 26 where no published payer rule was found.

Why: the sources disagree on 26, and without a payer rule the default policy decides. If the payer
follows the other source, the line is denied.
Basis: the default policy's source, and the source that disagrees; the finding names both.
Clear: no 26; a rule of the payer's own, or of the policy it follows; or a default that does not
allow 26 (MO001).
Not checked: no rule in effect on the date; no modifier columns; an unreadable modifier, which might
be 26.
"""

from cpt77092.rule import INTERPRETATION, Denial, Message, Rule, Severity, col, decided_by, param

RULE = Rule(
    severity=Severity.INFO,
    codes=INTERPRETATION,
    flag=col("has_modifier_26")
    & (decided_by("modifier_26") == "default")
    & (param("modifier_26") != "not_allowed"),
    parameter="modifier_26",
    message=(
        "No published rule found for {payer_label} on 26 with {hcpcs_code}: {modifier_26} per "
        '"{source_title}".'
    ),
    other_messages=(
        Message(
            "No published rule found for {payer_label} on 26 with {hcpcs_code}: {modifier_26} per "
            '"{source_title}", not allowed per "{contradicted_title}".',
            when=col("contradicted_title") != "",
        ),
    ),
    remedy=(
        "Confirm once with {payer_label} whether it accepts 26; then record the answer (scrub "
        "policies set)."
    ),
    denial=Denial("CO", "4", "N823"),
    question=(
        "no published rule found on 26 with 77092; the publication expects it, CMS does not "
        "allow it"
    ),
    asked_of="with 26",
    since="0.1.0",
)
