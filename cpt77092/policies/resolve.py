"""Which value of a parameter holds for a payer, a code and a date, and whose policy decides.

Policies are asked in this order: the payer's own (with the user's file over it), the one it
follows, `default`, and the one that follows. *Not available* passes the question on and is quoted.
An ended value, and a date before a policy's own first entry, stop the question: a line of 2022 is
not judged by a default which the payer later contradicts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Any

from cpt77092.frozen import frozen
from cpt77092.policies.parameters import PARAMETERS, Pair
from cpt77092.policies.policy import DEFAULT, DatedValue, EntryKind, Policy, PolicySet, in_force
from cpt77092.reference.codes import CHECKED
from cpt77092.reference.sources import Confidence, Source


class Status(StrEnum):
    """How the question ended."""

    VALUE = "value"
    ENDED = "ended"
    NOT_YET = "not_yet"
    """The date is before the deciding policy's first entry."""
    NOT_AVAILABLE = "not_available"
    """No policy that was asked has an entry with a value."""


class Level(StrEnum):
    """Whose policy decided."""

    PAYER = "payer"
    FOLLOWS = "follows"
    DEFAULT = "default"


NO_RULE_FOUND = ": no published rule found"
"""End of a *not checked* reason where neither the payer nor those it follows have a value."""


@frozen(kw_only=True)
class Decision:
    """The answer for one payer, code and parameter, on each day of a period."""

    payer: str
    code: str
    parameter: str
    status: Status
    value: Any = None
    level: Level | None = None
    decided_by: str = ""
    """Label of the policy that decided."""
    first_day: date | None = None
    """First day of the deciding entry; with `not_yet`, the day it will begin."""
    source: Source | None = None
    note: str = ""
    contradicted_by: Source | None = None
    quotes: tuple[str, ...] = ()
    """Why the policies asked before have no value, each with its label."""

    @property
    def is_recalled(self) -> bool:
        """Whether its source is general knowledge alone."""
        return self.source is not None and self.source.confidence is Confidence.RECALLED

    @property
    def is_by_default(self) -> bool:
        """Whether it is the default's, for a payer without a rule of its own."""
        return self.level is Level.DEFAULT and self.payer != DEFAULT

    def reason(self) -> str:
        """Why there is no value, for a *not checked* count."""
        what = PARAMETERS[self.parameter].description
        if self.status is Status.ENDED:
            return f"{what}: ended on {self.first_day} ({self.decided_by})"
        if self.status is Status.NOT_YET:
            return f"{what}: no rule found before {self.first_day} ({self.decided_by})"
        return f"{what}{NO_RULE_FOUND}" + (f" ({'; '.join(self.quotes)})" if self.quotes else "")


OF_PARTNERS = frozenset({"pairs", "bypass_modifiers"})
"""Parameters that hold for partner codes too, as the checked codes they are paired with say."""

_OfChecked = tuple[tuple[Decision, Decision], ...]
"""For each checked code: the decision on a parameter, and that on its pairs."""


def chain(policies: PolicySet, payer: str) -> list[tuple[Level, str]]:
    """The policies to ask, in order, each once."""
    asked: dict[str, Level] = {}
    for start in (payer, DEFAULT):
        level = Level.DEFAULT if start == DEFAULT else Level.PAYER
        name: str | None = start
        while name is not None and name in policies.policies and name not in asked:
            asked[name] = level
            name = policies[name].follows
            level = Level.FOLLOWS if level is Level.PAYER else level
    return [(level, name) for name, level in asked.items()]


def decide(policies: PolicySet, payer: str, code: str, parameter: str, on: date) -> Decision:
    """The decision in force on one day."""
    return timelines(policies, payer, [code], parameter, [on])[0][0]


def timelines(
    policies: PolicySet, payer: str, codes: Iterable[str], parameter: str, days: list[date]
) -> list[list[Decision]]:
    """For each code in order, the decision on each of several days in order.

    Days with one deciding entry share one object. A payer without a policy has that of `default`.
    """
    asked = [(level, policies[name]) for level, name in chain(policies, payer)]
    of_checked: list[_OfChecked] = []
    answers = []
    for code in codes:
        if code in CHECKED or parameter not in OF_PARTNERS:
            answers.append(_own_timeline(asked, (payer, code, parameter), days))
            continue
        # No policy has a partner code as a key, so the checked codes are asked: once for them all.
        of_checked = of_checked or _of_checked(asked, payer, parameter, days)
        answers.append(_partner_timeline(of_checked, payer, code, parameter))
    return answers


def _own_timeline(
    asked: list[tuple[Level, Policy]], question: tuple[str, str, str], days: list[date]
) -> list[Decision]:
    """The decisions for a code that policies may state the parameter of."""
    _, code, parameter = question
    stated = [
        (level, policy.label, entries)
        for level, policy in asked
        if (entries := policy.values.get((code, parameter)))
    ]
    changes = {bisect_left(days, entry.first_day) for *_, entries in stated for entry in entries}
    answers: list[Decision] = []
    for start, end in pairwise(sorted(changes | {0, len(days)})):
        answers += [_decide(question, stated, days[start])] * (end - start)
    return answers


def _of_checked(
    asked: list[tuple[Level, Policy]], payer: str, parameter: str, days: list[date]
) -> list[_OfChecked]:
    """On each day, the decisions for every checked code."""
    of_each = []
    for code in sorted(CHECKED):
        pairs = decisions = _own_timeline(asked, (payer, code, "pairs"), days)
        if parameter != "pairs":
            decisions = _own_timeline(asked, (payer, code, parameter), days)
        of_each.append(zip(decisions, pairs, strict=True))
    return list(zip(*of_each, strict=True))


def _partner_timeline(
    of_checked: list[_OfChecked], payer: str, code: str, parameter: str
) -> list[Decision]:
    """The decisions for a partner code, one object for days on which the checked codes agree."""
    known: dict[tuple[int, ...], Decision] = {}
    answers = []
    for of_day in of_checked:
        key = tuple(id(decision) for decisions in of_day for decision in decisions)
        if key not in known:
            known[key] = _of_partner(of_day, payer, code, parameter)
        answers.append(known[key])
    return answers


def _of_partner(of_day: _OfChecked, payer: str, code: str, parameter: str) -> Decision:
    """The decision for a partner code: that of the checked codes that deny it, or else of all.

    Its pairs are theirs, as seen from the code that is paid. A decision that is only recalled is
    quoted before others, since no error rests on it.
    """
    denying = [of for of, pairs in of_day if any(p.denied == code for p in pairs.value or ())]
    candidates = denying or [of for of, _ in of_day]
    valued = [decision for decision in candidates if decision.status is Status.VALUE]
    unknown = Decision(payer=payer, code=code, parameter=parameter, status=Status.NOT_AVAILABLE)
    if not valued:
        return unknown
    quoted = min(valued, key=lambda decision: not decision.is_recalled)
    if parameter == "pairs":
        pairs = tuple(
            Pair(with_=decision.code, denied=code, bypass=pair.bypass)
            for decision in denying
            for pair in decision.value
            if pair.denied == code
        )
        return replace(quoted, code=code, value=pairs)
    if denying and any(decision.value != quoted.value for decision in denying):
        codes = " and ".join(decision.code for decision in denying)
        return replace(unknown, quotes=(f"they differ under {codes}, which deny {code}",))
    return replace(quoted, code=code)


def _decide(
    question: tuple[str, str, str],
    stated: list[tuple[Level, str, tuple[DatedValue, ...]]],
    day: date,
) -> Decision:
    payer, code, parameter = question
    quotes: list[str] = []
    for level, label, entries in stated:
        entry = in_force(entries, day)
        if entry is not None and entry.kind is EntryKind.NOT_AVAILABLE:
            quotes.append(f"{label}: {entry.note}")
            continue
        status = Status.NOT_YET if entry is None else Status(entry.kind.value)
        entry = entry or entries[0]
        return Decision(
            payer=payer,
            code=code,
            parameter=parameter,
            status=status,
            value=_value(parameter, status, entry),
            level=level,
            decided_by=label,
            first_day=entry.first_day,
            source=entry.source,
            note=entry.note,
            contradicted_by=entry.contradicted_by,
            quotes=tuple(quotes),
        )
    none = Status.NOT_AVAILABLE
    return Decision(payer=payer, code=code, parameter=parameter, status=none, quotes=tuple(quotes))


def _value(parameter: str, status: Status, entry: DatedValue) -> Any:
    if PARAMETERS[parameter].existence:
        return status is Status.VALUE and entry.value
    return entry.value if status is Status.VALUE else None
