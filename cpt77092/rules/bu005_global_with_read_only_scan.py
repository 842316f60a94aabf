"""The whole TBS service beside a scan that is only read.

Why: 26 on the scan says that somebody else made the image; then the calculation was probably
theirs too, and 77092 is what is left to bill.
Basis: the two lines contradict each other; which one is right the record must say.
Clear: no scan of the person, billing provider and date carries 26, or its technical part is billed
here too.
Not checked: no scan on the claim and no person or billing provider; a scan's modifiers absent or
unreadable.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import GLOBAL, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The same entity bills its scan of that date with 26."""
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
        at="26 is the professional component alone; indicator 4 the whole test; third-party copy",
        url="https://github.com/alex-bea/cms_api",
        confidence=Confidence.PRIMARY,
    ),
    message="{hcpcs_code} is the whole test, but {scan_billed} is only read here (26).",
    remedies=(Remedy(text="Bill 77092 in its place, if only the read was done here."),),
    group="CO",
    carc="4",
    rarc="N823",
    since="0.2.0",
)
