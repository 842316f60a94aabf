"""Test repeated too soon.

Why: payers limit how often a bone density test is paid. A second one too soon is denied, and the
patient cannot be billed without a signed ABN.
Basis: the payer's interval in full calendar months after the month of the last test, as the
Medicare Benefit Policy Manual counts. It is about bone mass measurements; it holds for TBS only
where the payer's own text names it.
Clear: the last test of the patient that this payer was billed, in the batch or in earlier claims,
is far enough back, and earlier claims reach back far enough to be sure. Tests of one date are one;
one billed with GY or GZ, voided, replaced or, by the history's columns of amounts, paid 0 does not
count; it counts where the amount paid is blank or missing, or the amount allowed is more than 0.
Not checked: no patient ID or date; no interval in effect; no earlier claims (--history), or such as
do not cover the interval: the patient's own rows, of any service, begin too late, or a whole month
before the batch has no row with a patient. Nor is it where the patient's earlier line may be a test
that is too close: its code, date or modifiers cannot be read, or it names no payer. A test that is
too soon needs none of that.
"""

from cpt77092.rule import (
    BONE_MASS,
    INTERPRETED,
    Denial,
    Message,
    Remedy,
    Rule,
    Severity,
    across,
    col,
    is_assumed,
    param,
)

RULE = Rule(
    severity=Severity.WARNING,
    codes=BONE_MASS | INTERPRETED,
    flag=across(col("came_too_soon") | col("may_have_come_too_soon")),
    parameter="min_months_between",
    message=(
        "Too soon: last test billed {earlier_test_date}, full months since: "
        "{full_months_since_test}; {decided_by} requires {min_months_between}."
    ),
    other_messages=(
        Message(
            "Too soon: last test billed {earlier_test_date}, full months since: "
            "{full_months_since_test}; {decided_by}'s interval of {min_months_between} is "
            "assumed to apply to {hcpcs_code}.",
            when=is_assumed(),
        ),
    ),
    remedy="Bill it if the chart shows why it was needed sooner; otherwise expect a denial.",
    other_remedies=(
        Remedy(
            "Bill it if the chart shows why it was needed sooner; otherwise get a signed "
            "ABN before the next one.",
            when=param("notice_modifiers").is_not_null(),
        ),
    ),
    denial=Denial("CO", "119", "N640"),
    since="0.2.0",
)
