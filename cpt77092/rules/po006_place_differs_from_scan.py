"""Interpretation and bone density study in different places of service.

Why: the POS of an interpretation is where the patient had the study, not where it was interpreted.
A payer that sees two POS codes for one visit denies one line.
Basis: CMS CR 7631, in effect since April 1, 2013.
Clear: a bone density study of the patient that date has the same POS, or no study has a POS. An
interpretation dated after its study is not compared.
Not checked: no study on the claim and no patient ID; no POS column; no date of service.
"""

from cpt77092.rule import INTERPRETATION, Denial, Rule, Severity, Source, across, col

RULE = Rule(
    severity=Severity.WARNING,
    codes=INTERPRETATION,
    flag=across(col("place_differs_from_scan")),
    source=Source(
        title="CMS CR 7631, place of service of the professional component",
        at=(
            "where the patient had the technical component, from April 1, 2013; "
            "quoted on a coding site"
        ),
        url="https://radiologybillingcoding.com/2016/07/place-of-service-pos-instructions-for.html",
    ),
    message=(
        "POS {place_of_service_code} on the interpretation, but the bone density study that "
        "day has POS {places_of_scan}."
    ),
    remedy="Enter the POS where the patient had the study, not where it was interpreted.",
    denial=Denial("CO", "5", "M77"),
    since="0.2.0",
)
