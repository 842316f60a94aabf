"""What a payer says of each parameter on a day, for the codes that share the answer, by subject."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from cpt77092.policies.parameters import PARAMETERS
from cpt77092.policies.policy import PolicySet
from cpt77092.policies.resolve import Decision, decide

BY_SUBJECT: dict[str, tuple[str, ...]] = {
    "The code": ("in_force",),
    "Modifiers": (
        "modifier_26",
        "modifier_tc",
        "inapplicable_modifiers",
        "notice_modifiers",
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
    "How often": ("max_units_per_day", "min_months_between", "pairs"),
    "Filing": ("timely_filing", "claim_frequency_codes"),
    "Payment": ("fee", "relative_value_units"),
}
"""Every parameter under what it is about, in the order in which people ask."""


@dataclass(frozen=True, slots=True)
class Position:
    """One parameter of a payer as it stands on a day, for the codes that share the answer."""

    payer: str
    codes: tuple[str, ...]
    decision: Decision

    @property
    def unit(self) -> str:
        """What its value is counted in; empty where it is no number."""
        return PARAMETERS[self.decision.parameter].unit


def positions(
    policies: PolicySet, payer: str, codes: Iterable[str], parameters: Iterable[str], on: date
) -> list[Position]:
    """The decisions in force, by parameter, each with all codes that it was made for."""
    found: list[Position] = []
    asked = list(codes)
    for parameter in parameters:
        same: dict[tuple[object, ...], list[Decision]] = {}
        for code in asked:
            made = decide(policies, payer, code, parameter, on)
            key = (made.status, str(made.value), made.first_day, made.source, made.note)
            same.setdefault((*key, made.contradicted_by, made.quotes), []).append(made)
        found += [
            Position(payer, tuple(made.code for made in decisions), decisions[0])
            for decisions in same.values()
        ]
    return found
