"""Global TBS code with a bone density study billed interpretation only.

Why: 26 on the DXA means another provider made the image. The calculation was probably theirs too,
which leaves 77092 to bill.
Basis: the two lines contradict each other; only the chart shows which is right.
Clear: no bone density study for the patient, billing provider and date has 26, or its technical
component is billed here too.
Not checked: no study on the claim and no patient ID or billing NPI; the study's modifiers are
absent or unreadable.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import GLOBAL, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The same provider bills its bone density study of that date with 26."""
    return pl.col("entity_only_reads_scan")


RULE = Rule(
    doc=__doc__ or "",
    code="BU005",
    name="global-with-read-only-scan",
    severity=Severity.WARNING,
    codes=GLOBAL,
    flag=flag,
    source=Source(
        title="CMS fee schedule file documentation RVU25D, Attachment A",
        at="26: professional component only; indicator 4: global test only; third-party copy",
        url="https://github.com/alex-bea/cms_api",
        confidence=Confidence.PRIMARY,
    ),
    message="{hcpcs_code} is global, but {scan_billed} has 26 (interpretation only).",
    remedies=(Remedy(text="Bill 77092 instead if only the interpretation was done here."),),
    group="CO",
    carc="4",
    rarc="N823",
    since="0.2.0",
)
