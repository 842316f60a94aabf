"""Global code from one provider and a component from another.

Why: 77089 claims the global service. The payer pays the first claim and denies the second as
already paid to another provider.
Basis: 77089 includes its components, whoever bills them.
Clear: no other billing provider bills a component for the patient and date. Only original claims
are compared; the finding is on the 77089 line.
Not checked: no patient ID, billing NPI or date; a component on another claim without a billing NPI.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import GLOBAL, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """Another billing provider bills a component that date."""
    return pl.col("part_of_another_entity")


RULE = Rule(
    doc=__doc__ or "",
    code="BU007",
    name="parts-from-two-entities",
    severity=Severity.WARNING,
    codes=GLOBAL,
    flag=flag,
    source=Source(
        title="CMS fee schedule file documentation RVU25D, Attachment A",
        at="indicator 4: the code includes all components; third-party copy",
        url="https://github.com/alex-bea/cms_api",
        confidence=Confidence.PRIMARY,
    ),
    message=(
        "{hcpcs_code} (global) already includes {parts_of_person}, billed by another provider."
    ),
    remedies=(
        Remedy(text="Agree with the other provider on who did what; bill only what was done here."),
    ),
    group="CO",
    carc="B20",
    since="0.2.0",
)
