"""Duplicate of another line in the batch.

Why: the payer pays the first line and denies the second as an exact duplicate. Frequent duplicates
draw a review.
Basis: X12 code 18, exact duplicate: the same payer, patient (or claim), code, date, set of
modifiers and rendering provider. A claim is payer, billing provider, patient and number.
Clear: no earlier line of the run is the same. Earlier is by date, claim number and line number, so
the order of rows does not matter. A void (8), and what is voided or replaced, repeats nothing.
Not checked: no date, modifier column or rendering provider column; across claims, no patient ID; a
blank patient ID or billing NPI where one claim number has several; that day a void or replacement
that the payer may not accept, or a replacement whose original is unknown.
"""

from cpt77092.rule import (
    DUPLICATE_CODE,
    Denial,
    FixKind,
    Remedy,
    Rule,
    Severity,
    across,
    col,
    param,
)

RULE = Rule(
    severity=Severity.ERROR,
    flag=across(col("repeats_earlier_line")),
    source=DUPLICATE_CODE,
    message="{hcpcs_code} on {claim_line_start_date} duplicates {line_it_repeats}.",
    remedy=Remedy(
        "Hold this line; if the chart shows a second service, bill it with 76 or 77 instead.",
        kind=FixKind.UNSAFE,
    ),
    other_remedies=(
        Remedy(
            "Hold this line; no modifier gets a second one paid that day (MUE 1, MAI 2).",
            kind=FixKind.UNSAFE,
            when=(param("max_units_per_day") == 1) & (param("mue_adjudication_indicator") == "2"),
        ),
    ),
    denial=Denial("OA", "18"),
    since="0.2.0",
)
