"""No bone density study for a TBS line.

Why: TBS is calculated from a stored DXA image. Another provider may have billed the DXA; but a DXA
of your own that was never billed, or a TBS without any DXA, needs a look.
Basis: how the service works. No published payer rule found requires the DXA line, so this is info.
Clear: a DXA or other bone density study on the claim, or for the patient on the date or in the 30
days before, in the batch or in earlier claims. The message names what was searched.
Not checked: no study on the claim and no patient ID; no date of service.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import FAMILY, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """No bone density study of the patient was found for the date or the 30 days before."""
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
        at="Clinical Context: TBS is interpreted with the DXA of the visit",
        confidence=Confidence.PRIMARY,
    ),
    message=(
        "No DXA or other bone density study on {claim_line_start_date} or in the 30 days "
        "before, in {searched_for_scan}."
    ),
    remedies=(
        Remedy(
            text=(
                "Check where the DXA was done; no change is needed if another provider billed it."
            )
        ),
    ),
    since="0.2.0",
)
