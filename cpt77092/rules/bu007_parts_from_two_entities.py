"""Global code from one provider and a component from another.

Why: 77089 claims the global service. The payer pays the first claim and denies the second as
already paid to another provider.
Basis: 77089 includes its components, whoever bills them.
Clear: no other billing provider bills a component for the patient and date. Only original claims
are compared; the finding is on the 77089 line.
Not checked: no patient ID, billing NPI or date; a component on another claim without a billing NPI.
"""

from cpt77092.rule import GLOBAL, Denial, Rule, Severity, across, col, fee_schedule_file

RULE = Rule(
    severity=Severity.WARNING,
    codes=GLOBAL,
    flag=across(col("part_of_another_entity")),
    source=fee_schedule_file("indicator 4: the code includes all components"),
    message="{hcpcs_code} (global) already includes {parts_of_others}, billed by another provider.",
    remedy="Agree with the other provider on who did what; bill only what was done here.",
    denial=Denial("CO", "B20"),
    since="0.2.0",
)
