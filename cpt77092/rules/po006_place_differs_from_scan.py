"""Interpretation and bone density study in different places of service.

Why: the POS of an interpretation is where the patient had the study, not where it was interpreted.
A payer that sees two POS codes for one visit denies one line.
Basis: CMS CR 7631, in effect since April 1, 2013.
Clear: a bone density study of the patient that date has the same POS, or no study has a POS. An
interpretation dated after its study is not compared.
Not checked: no study on the claim and no patient ID; no POS column; no date of service.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import INTERPRETATION, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The patient's bone density studies of that date have other POS codes."""
    return pl.col("place_differs_from_scan")


RULE = Rule(
    doc=__doc__ or "",
    code="PO006",
    name="place-differs-from-scan",
    severity=Severity.WARNING,
    codes=INTERPRETATION,
    flag=flag,
    source=Source(
        title="CMS CR 7631, place of service of the professional component",
        at=(
            "where the patient had the technical component, from April 1, 2013; "
            "quoted on a coding site"
        ),
        url="https://radiologybillingcoding.com/2016/07/place-of-service-pos-instructions-for.html",
        confidence=Confidence.PRIMARY,
    ),
    message=(
        "POS {place_of_service_code} on the interpretation, but the bone density study that "
        "day has POS {places_of_scan}."
    ),
    remedies=(
        Remedy(text="Enter the POS where the patient had the study, not where it was interpreted."),
    ),
    group="CO",
    carc="5",
    rarc="M77",
    since="0.2.0",
)
