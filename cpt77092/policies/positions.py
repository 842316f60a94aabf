"""A payer's position on each parameter on a day, by subject; codes with one answer share a row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from cpt77092.policies.policy import PolicySet
from cpt77092.policies.resolve import Decision, decide

BY_SUBJECT: dict[str, tuple[str, ...]] = {
    "The code": ("in_force",),
    "Modifiers": (
        "modifier_26",
        "modifier_tc",
        "inapplicable_modifiers",
        "notice_modifiers",
        "modifier_gz",
        "modifier_gy",
        "bypass_modifiers",
    ),
    "Place of service": (
        "typical_place_of_service",
        "place_of_service",
        "facility_place_of_service",
        "technical_in_facility",
    ),
    "Coverage": (
        "coverage",
        "prior_authorization",
        "ordering_provider",
        "supporting_diagnoses",
        "excluded_diagnoses",
    ),
    "How often": (
        "max_units_per_day",
        "mue_adjudication_indicator",
        "min_months_between",
        "pairs",
        "report_with_visit",
    ),
    "Filing": (
        "timely_filing",
        "timely_filing_replacement",
        "timely_filing_weekend",
        "claim_frequency_codes",
    ),
    "Payment": ("fee", "relative_value_units"),
}
"""Every parameter by subject, in the order in which billers ask."""


class Position(NamedTuple):
    """A payer's answer on one parameter on a day, and the codes that share it."""

    payer: str
    codes: tuple[str, ...]
    decision: Decision


def positions(
    policies: PolicySet, payer: str, codes: Iterable[str], parameters: Iterable[str], on: date
) -> list[Position]:
    """The decisions in force, by parameter, each with all codes that share it."""
    rows: list[Position] = []
    asked = list(codes)
    for parameter in parameters:
        alike: dict[tuple[object, ...], list[Decision]] = {}
        for code in asked:
            decision = decide(policies, payer, code, parameter, on)
            answer = (decision.status, str(decision.value), decision.first_day, decision.source)
            key = (*answer, decision.note, decision.contradicted_by, decision.quotes)
            alike.setdefault(key, []).append(decision)
        rows += [
            Position(payer, tuple(decision.code for decision in decisions), decisions[0])
            for decisions in alike.values()
        ]
    return rows
