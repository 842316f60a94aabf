"""Only the read of the score, beside a scan done and read here.

Why: who makes and reads the scan often runs the software too; then the whole service, 77089, is
what was done, and 77092 leaves most of the payment behind.
Basis: the scan is billed with neither 26 nor TC. The calculation may still be another entity's.
Clear: no scan of the person, billing provider and date is billed whole, or 77089 or 77091 is
billed here too (BU001 and BU002 speak of those).
Not checked: no scan on the claim and no person or billing provider; a scan's modifiers absent or
unreadable.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import INTERPRETATION, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The same entity bills its scan of that date whole, and no calculation."""
    bills_calculation = pl.col("day_surely_bills_global") | pl.col("day_surely_bills_calculation")
    return pl.col("entity_bills_whole_scan") & ~bills_calculation


RULE = Rule(
    doc=__doc__ or "",
    code="BU006",
    name="read-with-own-global-scan",
    severity=Severity.INFO,
    codes=INTERPRETATION,
    flag=flag,
    source=Source(
        title="CMS fee schedule file documentation RVU25D, Attachment A",
        at="a code without 26 and TC is the whole service (indicator 1); third-party copy",
        url="https://github.com/alex-bea/cms_api",
        confidence=Confidence.PRIMARY,
    ),
    message="{hcpcs_code} is only the read, but {scan_billed} is billed whole by this provider.",
    remedies=(Remedy(text="Bill 77089 in its place, if the calculation was done here too."),),
    since="0.2.0",
)
