"""Diagnosis that is not a billable ICD-10-CM code on the date.

Why: a code that does not exist that year, or a category that needs more characters, gets the whole
claim rejected, whichever line points to it.
Basis: the ICD-10-CM list of one fiscal year (October to September) that ships with this program; in
any other year, the format of the code.
Clear: every diagnosis of the row is a billable code in capitals, with the dot after the third
character or with none.
Not checked: a date outside the fiscal year of the list, or no date, for codes in the right format;
no diagnosis columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, FixKind, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """Some diagnosis of the row has the wrong format, is not on the list, or is too short."""
    return pl.col("diagnosis_problems") != ""


def _only_case_and_dots() -> pl.Expr:
    return pl.col("corrected_diagnoses") != ""


RULE = Rule(
    doc=__doc__ or "",
    code="DX002",
    name="diagnosis-not-billable",
    severity=Severity.ERROR,
    codes=CHECKED,
    flag=flag,
    message="Diagnosis {diagnosis_problems}.",
    remedies=(
        Remedy(
            when=_only_case_and_dots, text="Write it as {corrected_diagnoses}.", kind=FixKind.SAFE
        ),
        Remedy(text="Enter the full billable code that the chart supports."),
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
