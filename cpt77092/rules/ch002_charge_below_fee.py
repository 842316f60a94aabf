"""Charge below the payer's fee.

Why: payers pay the lower of charge and fee, so the difference is lost. Usually your fee schedule is
out of date.
Basis: the payer's fee for the code on the date, times the units, or times the unit limit
where they are over it. A fee with components is compared
by component: professional with 26, technical with TC.
Clear: the charge is the fee or more, or is not above zero (CH001).
Not checked: no fee in effect for the payer, code and date; where the fee has components: 26 with
TC, an unreadable modifier, no modifier columns, or a component without a fee; units that are blank,
not a whole number above zero, or a million or more; a blank or unreadable charge.
"""

from cpt77092.rule import Message, Rule, Severity, col, is_assumed

RULE = Rule(
    severity=Severity.WARNING,
    flag=(col("charge_amount") > 0) & (col("charge_amount") < col("paid_units") * col("line_fee")),
    parameter="fee",
    message=(
        "Charge {charge_amount} is below {decided_by}'s {expected_payment}; you are paid the lower."
    ),
    other_messages=(
        Message(
            "Charge {charge_amount} is below {decided_by}'s {expected_payment} under an older fee "
            "schedule ({source_title}); a newer one may differ.",
            when=is_assumed(),
        ),
        Message(
            "Charge {charge_amount} is below {decided_by}'s {expected_payment} "
            "({line_fee} per unit); you are paid the lower.",
            when=col("paid_units") > 1,
        ),
    ),
    remedy="Check the charge against your fee schedule; update the schedule if it is out of date.",
    since="0.2.0",
)
