"""A policy as the program holds it: values per code and parameter, in date order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date
from enum import StrEnum
from typing import Any

from cpt77092.frozen import frozen
from cpt77092.reference.sources import Source
from cpt77092.rule import Rule

DEFAULT = "default"
"""Key of the policy that decides where a payer's own policy has no value."""
NATIONAL = "cms"
"""Key of the policy with the national CMS tables, which other policies follow; no payer's own."""


class EntryKind(StrEnum):
    """What one dated entry states; each is also the entry's key in the file."""

    VALUE = "value"
    ENDED = "ended"
    NOT_AVAILABLE = "not_available"


@frozen
class Where:
    """A line of a policy file."""

    file: str
    line: int


@frozen(kw_only=True)
class DatedValue:
    """What holds for one parameter from `first_day` until the next entry."""

    first_day: date
    kind: EntryKind
    value: Any = None
    source: Source | None = None
    note: str = ""
    """Why nothing is available, or a remark on the value."""
    contradicted_by: Source | None = None
    where: Where | None = field(default=None, compare=False)

    @property
    def is_carried_on(self) -> bool:
        """Whether it only goes on after the last day that its source covers."""
        until = self.source.until if self.source else None
        return until is not None and self.first_day > until


def in_force(entries: Sequence[DatedValue], day: date) -> DatedValue | None:
    """The entry of one file that is in force on a day, if any."""
    return next((entry for entry in reversed(entries) if entry.first_day <= day), None)


@frozen(kw_only=True)
class Overridden:
    """Entries that a more specific key, or a user's file, replaces."""

    parameter: str
    codes: frozenset[str]
    key: str
    """Their key in `codes`, or `packaged` where a user's file replaces ours."""
    by_key: str
    entries: tuple[DatedValue, ...]
    by: tuple[DatedValue, ...]


@frozen(kw_only=True)
class Matches:
    """How claims name a payer, or a kind of payer; `policies/README.md` explains each list."""

    names: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    plan_words: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    payer_ids: tuple[str, ...] = ()
    shared_ids: tuple[str, ...] = ()
    filing_indicators: tuple[str, ...] = ()
    part_of: str | None = None
    any_words: bool = False
    states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Two-letter code of a state to its other spellings; in the default policy."""
    others: Mapping[str, Matches] = field(default_factory=dict)
    """Kinds of payers that no policy is for; in the default policy."""


@frozen(kw_only=True)
class Policy:
    """One payer's policy, its values per code and parameter in date order."""

    payer: str
    label: str
    matches: Matches = Matches()
    follows: str | None = None
    checked_on: date | None = None
    values: Mapping[tuple[str, str], tuple[DatedValue, ...]] = field(default_factory=dict)
    brief: Mapping[str, tuple[tuple[str, Source | None], ...]] = field(default_factory=dict)
    """Subject to the statements on it, each with its source."""
    sources: Mapping[str, Source] = field(default_factory=dict)
    where: Mapping[tuple[str, ...], Where] = field(default_factory=dict)
    """Lines of `(payer,)`, `(checked_on,)` and each `(sources, key)`."""
    overridden: tuple[Overridden, ...] = ()


@frozen(eq=False)
class PolicySet:
    """All policies of a run."""

    policies: Mapping[str, Policy]
    origin: tuple[str, ...]
    """Where they came from: `packaged`, or a folder; the user's last."""
    digest: str
    """SHA-256 over the files' names and bytes, without examples: two runs with one digest had the
    same policies."""
    tables: Mapping[str, str] = field(default_factory=dict)
    """Texts of the lists in the user's folder, by their names."""
    locality: str = ""
    """The locality whose fees Medicare's are; blank where they are national."""
    rules: tuple[Rule, ...] = ()
    """The rules of the user's own."""
    own_names: Mapping[str, str] = field(default_factory=dict)
    """Names that the user's settings give a policy, in the form they are compared."""
    for_all: str | None = None
    """The policy that the user gives every line (`--payer`), whatever payer it names."""

    def __getitem__(self, payer: str) -> Policy:
        return self.policies[payer]

    def change_dates(self) -> list[date]:
        """Every day on which an entry of some policy begins, in order."""
        days = {
            entry.first_day
            for policy in self.policies.values()
            for entries in policy.values.values()
            for entry in entries
        }
        return sorted(days)

    def partner_codes(self) -> frozenset[str]:
        """Codes that some policy pairs with a checked code; their lines are read as context."""
        return frozenset(
            pair.with_
            for policy in self.policies.values()
            for (_, parameter), entries in policy.values.items()
            if parameter == "pairs"
            for entry in entries
            for pair in entry.value or ()
        )
