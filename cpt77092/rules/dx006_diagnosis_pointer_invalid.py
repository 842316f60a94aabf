"""Diagnosis pointer to a diagnosis that is not there.

Why: a service line that points nowhere has no reason for the service, and the claim is rejected.
Basis: CMS-1500 box 24E points by letters A to L, 837P SV107 by numbers 1 to 12, to diagnoses on the
claim.
Clear: the pointer is blank, or every diagnosis it names is filled. `A,B`, `AB`, `1:2`, `1 2` and
`12` name the first two; 10 is the tenth, and 11 or 12 the eleventh or twelfth where that is filled.
Not checked: no pointer column; no diagnosis columns.
"""

from cpt77092.rule import Denial, Rule, Severity, col, guide_837p

RULE = Rule(
    severity=Severity.ERROR,
    flag=col("diagnosis_pointer_problem") != "",
    source=guide_837p("SV107; CMS-1500 box 24E"),
    message="Diagnosis pointer {diagnosis_pointer} {diagnosis_pointer_problem}.",
    remedy="Point to the diagnosis that is the reason for {hcpcs_code}, or enter it.",
    denial=Denial("CO", "16", "M76"),
    since="0.2.0",
)
