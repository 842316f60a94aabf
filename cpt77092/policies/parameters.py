"""The closed list of parameters that a policy may state, and the type of each.

A parameter is *scalar* (one value, a column of the lines) or a *set* (the column then has the
number of a distinct set, whose members the facts look up).
"""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, StrEnum, auto
from typing import Literal, get_args

EARLIEST_YEAR = 1990
"""No value is older: a date like 0001-01-01 would mean "always", which no source states."""
MAX_COUNT = 10_000
"""Greatest count that a policy may state."""
MODIFIER = r"^[0-9A-Z]{2}$"
PROCEDURE = r"^[0-9A-Z]\d{3}[0-9A-Z]$"
PLACE = r"^\d{2}$"
FREQUENCY = r"^\d$"
DIAGNOSIS = r"^[A-Z]\d[0-9A-Z](\.[0-9A-Z]{0,4}-?)?-?$"
PERIOD = r"^[1-9]\d{0,3} (days|months)$"
"""A length of time as payers state it: `90 days`, `12 months`."""
KEY = r"^[a-z0-9][a-z0-9-]*$"

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

Subject = Literal[
    "category",
    "clinical_context",
    "workflow",
    "sites",
    "modifiers",
    "documentation",
    "related_codes",
    "prices",
    "coverage",
    "filing",
    "pricing",
    "date_of_service",
]
"""Subjects of `scrub brief`: first the publication's, then those that payers add."""

SUBJECTS: tuple[str, ...] = get_args(Subject)


def read_day(text: object) -> date:
    """A date as policy files write it.

    Raises:
        ValueError: it is not a date, or is before `EARLIEST_YEAR`.
    """
    # date.fromisoformat alone would also take 20260102 and 2026-W01-5.
    if isinstance(text, date):
        return text
    if not isinstance(text, str) or not ISO_DAY.fullmatch(text):
        raise ValueError("not a date; write YYYY-MM-DD")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is not a day of the calendar") from None
    if day.year < EARLIEST_YEAR:
        raise ValueError(f"before {EARLIEST_YEAR}; give the first day that a source supports")
    return day


@dataclass(frozen=True, slots=True, kw_only=True)
class ByPart:
    """An amount for the global service and, where the code splits, for its 26 and TC rows."""

    whole: Decimal
    professional: Decimal | None = None
    technical: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two codes that are not both paid on one day."""

    with_: str
    denied: str
    bypass: bool
    """Whether a bypass modifier (59, X{EPSU}, ...) lets both through."""


class Use(StrEnum):
    """A payer's position on a modifier with a code."""

    REQUIRED = "required"
    EXPECTED = "expected"
    ACCEPTED = "accepted"
    NOT_ALLOWED = "not_allowed"


class Kind(Enum):
    """What a value is: `schema` has the type that checks it, `build` the function that reads it."""

    FLAG = auto()
    USE = auto()
    CHOICE = auto()
    COUNT = auto()
    PERIOD = auto()
    PAYMENT = auto()
    RELATIVE_VALUE = auto()
    MODIFIERS = auto()
    MODIFIER_COUPLES = auto()
    PLACES = auto()
    DIAGNOSES = auto()
    FREQUENCIES = auto()
    PAIRS = auto()


AMOUNTS = frozenset({Kind.PAYMENT, Kind.RELATIVE_VALUE})
"""Kinds that are one amount, or one for each part of the service."""
SETS = frozenset(
    {Kind.MODIFIERS, Kind.MODIFIER_COUPLES, Kind.PLACES}
    | {Kind.DIAGNOSES, Kind.FREQUENCIES, Kind.PAIRS}
)
"""Kinds that are a list of members."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a policy may state of a code."""

    name: str
    kind: Kind
    description: str
    """Our words for it in the schema, in pages and in reasons for what is not checked."""
    _: KW_ONLY
    choices: tuple[str, ...] = ()
    """The values of a choice."""
    unit: str = ""
    existence: bool = False
    """Whether, before its first date and after its end, the answer is *no* and not *unknown*."""

    @property
    def is_set(self) -> bool:
        """Whether a value is a list whose order does not matter."""
        return self.kind in SETS


PARAMETERS: dict[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter("in_force", Kind.FLAG, "code in effect on the date of service", existence=True),
        Parameter("modifier_26", Kind.USE, "modifier 26 (professional component)"),
        Parameter("modifier_tc", Kind.USE, "modifier TC (technical component)"),
        Parameter("inapplicable_modifiers", Kind.MODIFIERS, "modifiers not valid with the code"),
        Parameter(
            "notice_modifiers",
            Kind.MODIFIER_COUPLES,
            "ABN modifiers that cannot be billed together",
        ),
        Parameter("bypass_modifiers", Kind.MODIFIERS, "modifiers that bypass a code pair"),
        Parameter("max_units_per_day", Kind.COUNT, "unit limit per day", unit="units"),
        Parameter("place_of_service", Kind.PLACES, "POS codes the payer accepts"),
        Parameter("typical_place_of_service", Kind.PLACES, "usual POS codes"),
        Parameter(
            "facility_place_of_service", Kind.PLACES, "POS codes the payer treats as facilities"
        ),
        Parameter(
            "technical_in_facility",
            Kind.CHOICE,
            "technical component billed on a professional claim for a facility patient",
            choices=("payable", "not_payable"),
        ),
        Parameter(
            "coverage",
            Kind.CHOICE,
            "coverage position",
            choices=("covered", "adjunct", "investigational", "not_covered", "contractor_decides"),
        ),
        Parameter(
            "prior_authorization",
            Kind.CHOICE,
            "prior authorization",
            choices=("required", "not_required"),
        ),
        Parameter(
            "ordering_provider",
            Kind.CHOICE,
            "ordering provider's NPI",
            choices=("required", "not_required"),
        ),
        Parameter(
            "supporting_diagnoses", Kind.DIAGNOSES, "diagnoses that support medical necessity"
        ),
        Parameter(
            "excluded_diagnoses", Kind.DIAGNOSES, "diagnoses the payer removed from its list"
        ),
        Parameter(
            "min_months_between",
            Kind.COUNT,
            "minimum time between two services",
            unit="full calendar months",
        ),
        Parameter("timely_filing", Kind.PERIOD, "timely filing limit, from the date of service"),
        Parameter(
            "claim_frequency_codes", Kind.FREQUENCIES, "claim frequency codes the payer accepts"
        ),
        Parameter("pairs", Kind.PAIRS, "codes not paid together on one day"),
        Parameter("fee", Kind.PAYMENT, "fee per unit", unit="dollars per unit"),
        Parameter("relative_value_units", Kind.RELATIVE_VALUE, "total RVUs", unit="RVU"),
    )
}
"""Every parameter by name."""
