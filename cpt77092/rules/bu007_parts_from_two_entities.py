"""The whole service from one provider and a part from another.

Why: one of the two says that it did all of it. The payer pays the first claim and denies the
other as already paid to somebody else.
Basis: 77089 contains its parts, whoever bills them.
Clear: no other billing provider bills a part for the person and date. Only original claims are
compared; the finding stands on the 77089 line.
Not checked: no person, billing provider or date; a part on another claim without a billing
provider.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import GLOBAL, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """Another billing provider bills a part that date."""
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
        at="indicator 4: the code is the whole of the parts; third-party copy",
        url="https://github.com/alex-bea/cms_api",
        confidence=Confidence.PRIMARY,
    ),
    message="{hcpcs_code} is the whole test; another provider bills {parts_of_person}.",
    remedies=(Remedy(text="Settle with the other provider who did what; bill your part alone."),),
    group="CO",
    carc="B20",
    since="0.2.0",
)
