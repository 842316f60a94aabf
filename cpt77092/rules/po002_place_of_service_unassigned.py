"""Place of service blank, malformed or unassigned.

Why: the POS decides who is paid for what; a line without a valid one is rejected.
Basis: the CMS place-of-service code set that ships with this program, or from its day on the one
that `scrub policies import` took.
Clear: the cell holds a two-digit code that CMS assigns.
Not checked: no POS column.
"""

from cpt77092.rule import Confidence, Denial, FixKind, Remedy, Rule, Severity, Source, col

RULE = Rule(
    severity=Severity.ERROR,
    flag=~col("place_is_assigned"),
    source=Source(
        title="CMS place-of-service code set",
        at="data/places-of-service.txt; third-party copy",
        confidence=Confidence.SECONDARY,
    ),
    cites_list="place_list",
    message="POS is {place_of_service_code}; it must be a two-digit code that CMS assigns.",
    remedy="Enter the POS where the patient was seen.",
    other_remedies=(
        # A spreadsheet turns 01 into 1, but 1 may also be a mistyped 11, so a person must check.
        Remedy(
            "Write 0{place_of_service_code} if the chart shows that POS; it may also be a "
            "longer code cut short.",
            kind=FixKind.UNSAFE,
            when=col("place_of_service_code").cast(str).str.contains(r"^\d$"),
        ),
    ),
    denial=Denial("CO", "16", "M77"),
    since="0.1.0",
)
