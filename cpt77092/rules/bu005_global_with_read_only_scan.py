"""Global TBS code with a spine DXA billed interpretation only.

Why: 26 on the DXA means another provider made the image. The calculation was probably theirs too,
which leaves 77092 to bill.
Basis: the two lines contradict each other; only the chart shows which is right.
Clear: no spine DXA (77080, 77085) for the patient, billing provider and date has 26, or its
technical component is billed here too.
Not checked: no such DXA on the claim and no patient ID or billing NPI; its modifiers are
absent or unreadable.
"""

from cpt77092.rule import GLOBAL, Rule, Severity, across, col, fee_schedule_file

RULE = Rule(
    severity=Severity.WARNING,
    codes=GLOBAL,
    flag=across(col("entity_only_reads_scan")),
    source=fee_schedule_file("26: professional component only; indicator 4: global test only"),
    message="{hcpcs_code} is global, but {scan_read_only} has 26 (interpretation only).",
    remedy="Bill 77092 instead if only the interpretation was done here.",
    since="0.2.0",
)
