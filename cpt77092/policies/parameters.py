"""The closed list of parameters that a policy may state, and the type of each.

A parameter is *scalar* (one value, a column of the lines) or a *set* (the column then has the
number of a distinct set, whose members the facts look up). A key of `codes` names one code that has
it, or several.
"""

from __future__ import annotations

import csv
import re
from datetime import date
from decimal import Decimal
from enum import StrEnum, auto
from importlib.resources import files
from typing import Literal, get_args

from cpt77092.frozen import frozen
from cpt77092.reference.codes import CHECKED, COMPANIONS, FAMILY

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


@frozen(kw_only=True)
class ByPart:
    """An amount for the global service and, where the code splits, for its 26 and TC rows."""

    whole: Decimal
    professional: Decimal | None = None
    technical: Decimal | None = None


@frozen(kw_only=True)
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


class Kind(StrEnum):
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


@frozen
class Parameter:
    """One thing that a policy may state of a code: a row of `parameters.csv`."""

    name: str
    kind: Kind
    description: str
    """Our words for it in the schema, in pages and in reasons for what is not checked."""
    unit: str
    choices: tuple[str, ...]
    """The values of a choice."""
    existence: bool
    """Whether, before its first date and after its end, the answer is *no* and not *unknown*."""

    @property
    def is_set(self) -> bool:
        """Whether a value is a list whose order does not matter."""
        return self.kind in SETS


def _read_parameters() -> dict[str, Parameter]:
    text = files("cpt77092.policies").joinpath("parameters.csv").read_text(encoding="utf-8")
    return {
        row["name"]: Parameter(
            row["name"],
            Kind(row["kind"]),
            row["description"],
            row["unit"],
            tuple(row["choices"].split()),
            row["existence"] == "yes",
        )
        for row in csv.DictReader(text.splitlines())
    }


PARAMETERS = _read_parameters()
"""Every parameter by name."""

GROUPS: dict[str, frozenset[str]] = {
    "all": CHECKED,
    "tbs_family": FAMILY,
    "companions": COMPANIONS,
}
"""Name to codes; a code's own key overrides a group."""


def expand(code_key: str) -> frozenset[str]:
    """The procedure codes that a key of `codes` means."""
    return GROUPS.get(code_key, frozenset({code_key}))


def specificity(code_key: str) -> int:
    """Rank of a key; the higher overrides: a code over a group, a group over `all`."""
    return {"all": 0, **dict.fromkeys(GROUPS.keys() - {"all"}, 1)}.get(code_key, 2)
