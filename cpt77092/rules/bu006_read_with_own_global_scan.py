"""Interpretation only, with the provider's own global bone density study.

Why: a provider that does the whole DXA often runs the TBS software too. Then 77089 was done, and
77092 leaves most of the payment unbilled.
Basis: the study is billed with neither 26 nor TC. Another provider may still have done the
calculation.
Clear: no bone density study is billed globally for the patient, billing provider and date; or 77089
or 77091 is billed here too (BU001, BU002).
Not checked: no study on the claim and no patient ID or billing NPI; the study's modifiers are
absent or unreadable.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import INTERPRETATION, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The same provider bills its bone density study of that date globally, and no calculation."""
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
        at="indicator 1: a code without 26 or TC is global; third-party copy",
        url="https://github.com/alex-bea/cms_api",
        confidence=Confidence.PRIMARY,
    ),
    message="{hcpcs_code} is interpretation only, but this provider bills {scan_billed} globally.",
    remedies=(Remedy(text="Bill 77089 instead if the calculation was done here too."),),
    since="0.2.0",
)
