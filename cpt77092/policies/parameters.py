"""The closed list of parameters that a policy may state, and the type of each.

A parameter is *scalar* (one value, a column of the lines) or a *set* (the column then has the
number of a distinct set, whose members the facts look up).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
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

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

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
    if not isinstance(text, str) or not _ISO_DAY.fullmatch(text):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing that a policy may state of a code."""

    name: str
    kind: Kind
    choices: tuple[str, ...] = ()
    """The values of a choice."""
    is_set: bool = False
    unit: str = ""
    description: str
    """Our words for it in the schema, in pages and in reasons for what is not checked."""
    existence: bool = False
    """Whether, before its first date and after its end, the answer is *no* and not *unknown*."""


PARAMETERS: dict[str, Parameter] = {
    p.name: p
    for p in (
        Parameter(
            name="in_force",
            kind=Kind.FLAG,
            existence=True,
            description="code in effect on the date of service",
        ),
        Parameter(
            name="modifier_26", kind=Kind.USE, description="modifier 26 (professional component)"
        ),
        Parameter(
            name="modifier_tc", kind=Kind.USE, description="modifier TC (technical component)"
        ),
        Parameter(
            name="inapplicable_modifiers",
            kind=Kind.MODIFIERS,
            is_set=True,
            description="modifiers not valid with the code",
        ),
        Parameter(
            name="notice_modifiers",
            kind=Kind.MODIFIER_COUPLES,
            is_set=True,
            description="ABN modifiers that cannot be billed together",
        ),
        Parameter(
            name="bypass_modifiers",
            kind=Kind.MODIFIERS,
            is_set=True,
            description="modifiers that bypass a code pair",
        ),
        Parameter(
            name="max_units_per_day",
            kind=Kind.COUNT,
            unit="units",
            description="unit limit per day",
        ),
        Parameter(
            name="place_of_service",
            kind=Kind.PLACES,
            is_set=True,
            description="POS codes the payer accepts",
        ),
        Parameter(
            name="typical_place_of_service",
            kind=Kind.PLACES,
            is_set=True,
            description="usual POS codes",
        ),
        Parameter(
            name="facility_place_of_service",
            kind=Kind.PLACES,
            is_set=True,
            description="POS codes the payer treats as facilities",
        ),
        Parameter(
            name="technical_in_facility",
            kind=Kind.CHOICE,
            choices=("payable", "not_payable"),
            description="technical component billed on a professional claim for a facility patient",
        ),
        Parameter(
            name="coverage",
            kind=Kind.CHOICE,
            choices=("covered", "adjunct", "investigational", "not_covered", "contractor_decides"),
            description="coverage position",
        ),
        Parameter(
            name="prior_authorization",
            kind=Kind.CHOICE,
            choices=("required", "not_required"),
            description="prior authorization",
        ),
        Parameter(
            name="ordering_provider",
            kind=Kind.CHOICE,
            choices=("required", "not_required"),
            description="ordering provider's NPI",
        ),
        Parameter(
            name="supporting_diagnoses",
            kind=Kind.DIAGNOSES,
            is_set=True,
            description="diagnoses that support medical necessity",
        ),
        Parameter(
            name="excluded_diagnoses",
            kind=Kind.DIAGNOSES,
            is_set=True,
            description="diagnoses the payer removed from its list",
        ),
        Parameter(
            name="min_months_between",
            kind=Kind.COUNT,
            unit="full calendar months",
            description="minimum time between two services",
        ),
        Parameter(
            name="timely_filing",
            kind=Kind.PERIOD,
            description="timely filing limit, from the date of service",
        ),
        Parameter(
            name="claim_frequency_codes",
            kind=Kind.FREQUENCIES,
            is_set=True,
            description="claim frequency codes the payer accepts",
        ),
        Parameter(
            name="pairs",
            kind=Kind.PAIRS,
            is_set=True,
            description="codes not paid together on one day",
        ),
        Parameter(
            name="fee", kind=Kind.PAYMENT, unit="dollars per unit", description="fee per unit"
        ),
        Parameter(
            name="relative_value_units",
            kind=Kind.RELATIVE_VALUE,
            unit="RVU",
            description="total RVUs",
        ),
    )
}
