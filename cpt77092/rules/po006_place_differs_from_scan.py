"""A read whose place differs from its scan's.

Why: the place of a read is where the patient had the scan, not the reader's desk; a payer that
sees two places for one visit denies one of them.
Basis: CMS CR 7631, in force since 1 April 2013.
Clear: a scan of the patient that date has the read's place, or there is no scan with a place. A
read dated later than its scan is not compared.
Not checked: no scan on the claim and no person; no place column; no date.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import INTERPRETATION, Confidence, Remedy, Rule, Severity, Source


def flag() -> pl.Expr:
    """The patient's scans of that date have other places."""
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
        at="where the patient had the technical part, from 1 April 2013; read on a coding site",
        url="https://radiologybillingcoding.com/2016/07/place-of-service-pos-instructions-for.html",
        confidence=Confidence.PRIMARY,
    ),
    message=(
        "Place {place_of_service_code} on the read, but the scan of that day has place "
        "{places_of_scan}."
    ),
    remedies=(Remedy(text="Use the place where the patient had the scan, not the reader's desk."),),
    group="CO",
    carc="5",
    rarc="M77",
    since="0.2.0",
)
