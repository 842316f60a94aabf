"""Diagnosis that is not a billable ICD-10-CM code on the date.

Why: a code that does not exist that year, or a category that needs more characters, gets the whole
claim rejected, whichever line points to it.
Basis: the ICD-10-CM list of the fiscal year (October to September): of the one that ships with this
program, and of those that `scrub policies import` took. In any other year a wrong format is an
error, and a category of the nearest list is a warning.
Clear: every diagnosis of the row is a billable code in capitals, with the dot after the third
character or with none.
Not checked: a date outside the fiscal years of the lists, or no date, for any other code in the
right format; no diagnosis columns.
"""

from cpt77092.rule import Confidence, Denial, FixKind, Remedy, Rewrite, Rule, Severity, Source, col

RULE = Rule(
    severity=Severity.ERROR,
    error_when=col("diagnosis_is_wrong_in_any_year"),
    flag=col("diagnosis_problems") != "",
    source=Source(
        title="CDC/NCHS ICD-10-CM",
        at="fiscal year 2026 with its April update; third-party copy",
        confidence=Confidence.SECONDARY,
    ),
    cites_list="list_year",
    message="Diagnosis {diagnosis_problems}.",
    remedy="Enter the full billable code that the chart supports.",
    other_remedies=(
        Remedy(
            "Write it as {corrected_diagnoses}.",
            kind=FixKind.SAFE,
            change=Rewrite.DIAGNOSIS_FORM,
            when=col("corrected_diagnoses") != "",
        ),
    ),
    denial=Denial("CO", "16", "M76"),
    # What a list of another year has may have changed.
    other_denials=(Denial(when=~col("diagnosis_is_wrong_in_any_year")),),
    since="0.2.0",
)
