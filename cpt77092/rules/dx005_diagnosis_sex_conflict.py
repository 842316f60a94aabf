"""Female-only diagnosis on a male patient.

Why: a claim edit denies menopause, or removed or failed ovaries, on a male patient. Usually the sex
or the diagnosis is mistyped.
Basis: the sex that ICD-10-CM ties to Z78.0, N95.-, E28.3- and Z90.72-; modifier KX tells the payer
that the claim is right.
Clear: the line has no such diagnosis, the patient is female, or the line has KX.
Not checked: such a diagnosis, and the sex is blank, not understood or has no column; a pointer that
cannot be followed; an unreadable modifier; no diagnosis columns.
"""

from cpt77092.rule import Confidence, Denial, Rule, Severity, Source, col

RULE = Rule(
    severity=Severity.WARNING,
    flag=col("patient_is_male") & (col("diagnoses_of_women") != "") & ~col("has_modifier_kx"),
    source=Source(title="ICD-10-CM", at="codes tied to one sex", confidence=Confidence.RECALLED),
    message="Female-only diagnosis on a male patient: {diagnoses_of_women}.",
    remedy=(
        "Correct the sex or the diagnosis from the chart; if both are right, add KX if "
        "the payer accepts it."
    ),
    denial=Denial("CO", "10"),
    since="0.2.0",
)
