"""The closed list of things a policy may say, and the type of each.

A parameter is *scalar* (one value, attached to a line as a column) or a *set* (attached as the
number of a distinct set, whose members the facts look up).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


EARLIEST_YEAR = 1990
"""No value is older: a date like 0001-01-01 would stand for "since always", which nobody reads."""


def _day(text: object) -> object:
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


def _is_whole(text: object) -> object:
    if isinstance(text, str) and not re.fullmatch(r"\d+", text):
        raise ValueError("not a whole number")
    return text


Day = Annotated[date, BeforeValidator(_day)]
Count = Annotated[int, BeforeValidator(_is_whole), Field(ge=0, le=10_000)]
Modifier = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2}$")]
Procedure = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]\d{3}[0-9A-Z]$")]
Place = Annotated[str, StringConstraints(pattern=r"^\d{2}$")]
Diagnosis = Annotated[str, StringConstraints(pattern=r"^[A-Z]\d[0-9A-Z](\.[0-9A-Z]{0,4}-?)?-?$")]
Dollars = Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=2)]
Units = Annotated[Decimal, Field(ge=0, max_digits=7, decimal_places=2)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ByPart(_Strict):
    """An amount for the whole service and, where the code splits, for its 26 and TC rows."""

    whole: Units
    professional: Units | None = None
    technical: Units | None = None


class Pair(_Strict):
    """Two codes that are not both paid on one day."""

    with_: Procedure = Field(alias="with")
    denied: Procedure
    bypass: bool
    """Whether a bypass modifier (59, X{EPSU}, ...) lets both through."""


def _amount_or_parts(given: object) -> str:
    return "parts" if isinstance(given, dict | ByPart) else "amount"


Payment = Annotated[
    Annotated[Dollars, Tag("amount")] | Annotated[ByPart, Tag("parts")],
    Discriminator(_amount_or_parts),
]
RelativeValue = Annotated[
    Annotated[Units, Tag("amount")] | Annotated[ByPart, Tag("parts")],
    Discriminator(_amount_or_parts),
]


def _each_code_once(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    seen = [pair.with_ for pair in pairs]
    if len(set(seen)) != len(seen):
        raise ValueError("a code stands in two pairs")
    return pairs


Period = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,3} (days|months)$")]
"""A length of time as payers state it: `90 days`, `12 months`."""


class Use(StrEnum):
    """What a payer says of a modifier on a code."""

    REQUIRED = "required"
    EXPECTED = "expected"
    ACCEPTED = "accepted"
    NOT_ALLOWED = "not_allowed"


Coverage = Literal["covered", "adjunct", "investigational", "not_covered", "contractor_decides"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing a policy may say about a code."""

    name: str
    type: Any
    """The type that pydantic reads the value as."""
    is_set: bool = False
    unit: str = ""
    says: str
    """Our sentence for the schema and for `scrub policies show`."""
    existence: bool = False
    """Before its first date and after it ended the answer is *no*, not *unknown*."""


PARAMETERS: dict[str, Parameter] = {
    p.name: p
    for p in (
        Parameter(name="in_force", type=bool, existence=True, says="the code exists on the date"),
        Parameter(name="modifier_26", type=Use, says="modifier 26 (professional component)"),
        Parameter(name="modifier_tc", type=Use, says="modifier TC (technical component)"),
        Parameter(
            name="inapplicable_modifiers",
            type=tuple[Modifier, ...],
            is_set=True,
            says="modifiers that mean nothing on the code",
        ),
        Parameter(
            name="notice_modifiers",
            type=tuple[tuple[Modifier, Modifier], ...],
            is_set=True,
            says="notice modifiers that may not stand together",
        ),
        Parameter(
            name="bypass_modifiers",
            type=tuple[Modifier, ...],
            is_set=True,
            says="modifiers that let both codes of a bypassable pair through",
        ),
        Parameter(
            name="max_units_per_day", type=Count, unit="units", says="most units paid for one day"
        ),
        Parameter(
            name="place_of_service",
            type=tuple[Place, ...],
            is_set=True,
            says="places of service that the payer accepts",
        ),
        Parameter(
            name="typical_place_of_service",
            type=tuple[Place, ...],
            is_set=True,
            says="the usual places of service",
        ),
        Parameter(
            name="facility_place_of_service",
            type=tuple[Place, ...],
            is_set=True,
            says="places of service that the payer treats as facilities",
        ),
        Parameter(
            name="technical_in_facility",
            type=Literal["payable", "not_payable"],
            says="technical work billed on a professional claim for a facility patient",
        ),
        Parameter(name="coverage", type=Coverage, says="coverage position"),
        Parameter(
            name="prior_authorization",
            type=Literal["required", "not_required"],
            says="prior authorization",
        ),
        Parameter(
            name="ordering_provider",
            type=Literal["required", "not_required"],
            says="the ordering provider's NPI",
        ),
        Parameter(
            name="supporting_diagnoses",
            type=tuple[Diagnosis, ...],
            is_set=True,
            says="diagnoses that support the service",
        ),
        Parameter(
            name="excluded_diagnoses",
            type=tuple[Diagnosis, ...],
            is_set=True,
            says="diagnoses that the payer took off its list",
        ),
        Parameter(
            name="min_months_between",
            type=Count,
            unit="full calendar months",
            says="least time between two services",
        ),
        Parameter(name="timely_filing", type=Period, says="time to file, from the service date"),
        Parameter(
            name="claim_frequency_codes",
            type=tuple[Annotated[str, StringConstraints(pattern=r"^\d$")], ...],
            is_set=True,
            says="claim frequency codes that the payer takes",
        ),
        Parameter(
            name="pairs",
            type=Annotated[tuple[Pair, ...], AfterValidator(_each_code_once)],
            is_set=True,
            says="codes not paid beside this one on one day",
        ),
        Parameter(name="fee", type=Payment, unit="dollars a unit", says="payment for one unit"),
        Parameter(
            name="relative_value_units", type=RelativeValue, unit="RVU", says="total relative value"
        ),
    )
}
