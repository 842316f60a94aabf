"""A TBS line without a bone-density scan of the patient.

Why: the score is calculated from a stored scan. A scan billed elsewhere is legitimate; but a scan
of the same practice that was never billed, or a score without any scan, is worth a look.
Basis: how the service works; no payer that was read demands the scan's line, so this is an info.
Clear: a scan on the claim, or of the person on the date or in the 30 days before it, in the batch
or in earlier claims. What was searched stands in the message.
Not checked: no scan on the claim and no person; no date.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import FAMILY, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """No scan of the patient is on file for the date or shortly before."""
    return pl.col("scan_is_absent")


RULE = Rule(
    doc=__doc__ or "",
    code="BU004",
    name="scan-absent",
    severity=Severity.INFO,
    codes=FAMILY,
    flag=flag,
    source=Source(
        title="Publication on CPT 77092, trabecular bone score",
        at="Clinical Context: the score is read with the DXA scan of the visit",
        confidence=Confidence.PRIMARY,
    ),
    message=(
        "No bone-density scan of this patient on {claim_line_start_date} or in the 30 days before, "
        "in {searched_for_scan}."
    ),
    remedies=(Remedy(text="No change, if the scan was billed elsewhere; else look for it."),),
    since="0.2.0",
)
