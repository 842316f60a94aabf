"""A diagnosis that is no billable ICD-10-CM code on the date.

Why: a code that does not exist that year, or a heading that needs more characters, has the whole
claim rejected, whichever line points to it.
Basis: the ICD-10-CM list of one fiscal year (October to September), as shipped with this program;
the form of a code in any year.
Clear: every filled diagnosis cell of the row holds a billable code in capitals, with the dot after
the third character or without it.
Not checked: a date outside the fiscal year of the list, or none, and codes of the right form; no
diagnosis columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, FixKind, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """Some diagnosis of the row is misformed, miswritten, unlisted or too short."""
    return pl.col("diagnosis_problems") != ""


def _only_case_and_dots() -> pl.Expr:
    return pl.col("mended_diagnoses") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="DX002",
    name="diagnosis-not-billable",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Diagnosis {diagnosis_problems}.",
    remedies=(
        Remedy(when=_only_case_and_dots, text="Write it as {mended_diagnoses}.", kind=FixKind.SAFE),
        Remedy(
            text="Enter the full code, billable on the date of service, that the record supports."
        ),
    ),
    source=Source(
        title="CDC/NCHS ICD-10-CM",
        at="data/icd-10-cm.txt: fiscal year 2026 with its April update; third-party copy",
        confidence=Confidence.SECONDARY,
    ),
    group="CO",
    carc="16",
    rarc="M76",
    since="0.2.0",
)
