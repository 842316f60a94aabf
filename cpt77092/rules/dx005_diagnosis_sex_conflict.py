"""A diagnosis of women on a man's claim.

Why: menopause and removed or failed ovaries on a claim of a male patient are edited out; most
often the sex or the diagnosis is a slip.
Basis: the sex that ICD-10-CM ties to Z78.0, N95.-, E28.3- and Z90.72-; modifier KX tells the payer
that the claim is right as it stands.
Clear: no such diagnosis among the line's, the patient is female, or the line carries KX.
Not checked: such a diagnosis, and the sex is blank, not understood or no column; a pointer that
cannot be followed; a modifier that cannot be read; no diagnosis columns.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import CHECKED, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """A diagnosis that only women have, on a male patient's line without KX."""
    is_of_women = pl.col("diagnoses_of_women") != ""
    return pl.col("patient_is_male") & is_of_women & ~pl.col("has_modifier_kx")


RULE = Rule(
    doc=__doc__ or "",
    code="DX005",
    name="diagnosis-sex-conflict",
    severity=Severity.WARNING,
    codes=CHECKED,
    flag=flag,
    message="Diagnosis {diagnoses_of_women} is one of women, and the patient is entered as male.",
    remedies=(
        Remedy(
            text=(
                "Correct the sex or the diagnosis from the record; where both are right, "
                "say so with modifier KX if the payer takes it."
            )
        ),
    ),
    source=Source(
        title="ICD-10-CM",
        at="codes tied to one sex",
        confidence=Confidence.RECALLED,
    ),
    group="CO",
    carc="10",
    since="0.2.0",
)
