"""Service date missing.

Why: a line without its date is rejected; and no policy can be chosen for it, so hardly any other
rule can look at it.
Basis: claim form box 24A and 837P DTP*472 carry the service date of the line; X12 005010X222A1.
Clear: the cell is not blank. A date that cannot be read is not missing (IN001 speaks of it).
Not checked: never; a file without the column is refused.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source, cell_state


def flag() -> pl.Expr:
    """The cell of the start date is blank."""
    return cell_state("claim_line_start_date") == "blank"


RULE = Rule(
    doc=__doc__ or "",
    code="DT001",
    name="service-date-missing",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="The service date is blank.",
    remedies=(Remedy(text="Enter the date of the service from the record."),),
    source=Source(
        title="837P guide 005010X222A1",
        at="DTP*472; CMS-1500 box 24A",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="M52",
    since="0.1.0",
)
