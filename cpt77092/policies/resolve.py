"""Who decides: the value of a parameter for a payer, a code and a date, and who was asked before.

Chain: the payer's own file (with the user's laid over it), the file it follows, `default`, and
the file that one follows. `not available` passes on and is quoted. `ended`, and a date before a
file's own first entry, stop the chain: a line of 2022 is not judged by a default which the payer
later contradicts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Any

from cpt77092.policies.parameters import PARAMETERS, Pair
from cpt77092.policies.policy import DEFAULT, DatedValue, EntryKind, Policy, PolicySet
from cpt77092.reference.codes import CHECKED
from cpt77092.reference.sources import Confidence, Source


class Status(StrEnum):
    """How the question ended."""

    VALUE = "value"
    ENDED = "ended"
    NOT_YET = "not_yet"
    """The date lies before the first entry of the file that speaks."""
    NOT_AVAILABLE = "not_available"
    """Nobody on file says anything."""


class Level(StrEnum):
    """Whose file decided."""

    PAYER = "payer"
    FOLLOWS = "follows"
    DEFAULT = "default"


NO_RULE_FOUND = ": no published rule found"
"""End of a *not checked* reason where neither the payer nor those it follows have a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer for one payer, code and parameter over a stretch of dates."""

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
    """What the files before it said for want of a value."""

    @property
    def is_recalled(self) -> bool:
        """It rests on general knowledge alone."""
        return self.source is not None and self.source.confidence is Confidence.RECALLED

    def reason(self) -> str:
        """Why there is no value, for a *not checked* count."""
        what = PARAMETERS[self.parameter].description
        if self.status is Status.ENDED:
            return f"{what}: ended on {self.first_day} ({self.decided_by})"
        if self.status is Status.NOT_YET:
            return f"{what}: no rule found before {self.first_day} ({self.decided_by})"
        return f"{what}{NO_RULE_FOUND}" + (f" ({'; '.join(self.quotes)})" if self.quotes else "")


_Said = tuple[tuple[Decision, Decision], ...]
"""Of each checked code: its decision on a parameter, and that on its pairs."""


def chain(policies: PolicySet, payer: str) -> list[tuple[Level, str]]:
    """The files to ask, in order, each once."""
    asked: dict[str, Level] = {}
    start: str | None = payer
    level = Level.DEFAULT if payer == DEFAULT else Level.PAYER
    for first in (start, DEFAULT):
        if first == DEFAULT:
            level = Level.DEFAULT
        name: str | None = first
        while name is not None and name in policies.policies and name not in asked:
            asked[name] = level
            name = policies[name].follows
            level = Level.FOLLOWS if level is Level.PAYER else level
    return [(level, name) for name, level in asked.items()]


def decide(policies: PolicySet, payer: str, code: str, parameter: str, on: date) -> Decision:
    """The decision in force on one day."""
    return timeline(policies, payer, code, parameter, [on])[0]


OF_PARTNERS = frozenset({"pairs", "bypass_modifiers"})
"""What policies say of partner codes too, under the checked codes that they are paired with."""


def timeline(
    policies: PolicySet, payer: str, code: str, parameter: str, days: list[date]
) -> list[Decision]:
    """The decision on each of several days.

    Args:
        policies: all policies of the run.
        payer: a policy's key; `default` for a payer without one.
        code: a procedure code.
        parameter: a name of `PARAMETERS`.
        days: the days asked about, in order.

    Returns:
        One decision per day. Days on which the same entries speak share one object.
    """
    return timelines(policies, payer, [code], parameter, days)[0]


def timelines(
    policies: PolicySet, payer: str, codes: Iterable[str], parameter: str, days: list[date]
) -> list[list[Decision]]:
    """What `timeline` gives for each of several codes, in their order."""
    asked = [(level, policies[name]) for level, name in chain(policies, payer)]
    of_checked: list[_Said] = []
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
    """What holds for a code under which policies may state the parameter."""
    _, code, parameter = question
    speaking = [
        (level, policy.label, entries)
        for level, policy in asked
        if (entries := policy.values.get((code, parameter)))
    ]
    turns = {bisect_left(days, entry.first_day) for *_, entries in speaking for entry in entries}
    answers: list[Decision] = []
    for turn, until in pairwise(sorted(turns | {0, len(days)})):
        answers += [_decide(question, speaking, days[turn])] * (until - turn)
    return answers


def _of_checked(
    asked: list[tuple[Level, Policy]], payer: str, parameter: str, days: list[date]
) -> list[_Said]:
    """For each day what each checked code says of a parameter, and its pairs."""
    of_each = []
    for code in sorted(CHECKED):
        pairs = made = _own_timeline(asked, (payer, code, "pairs"), days)
        if parameter != "pairs":
            made = _own_timeline(asked, (payer, code, parameter), days)
        of_each.append(zip(made, pairs, strict=True))
    return list(zip(*of_each, strict=True))


def _partner_timeline(
    of_checked: list[_Said], payer: str, code: str, parameter: str
) -> list[Decision]:
    """What holds for a partner code, by what holds for each checked code."""
    made: dict[tuple[int, ...], Decision] = {}
    answers = []
    for said in of_checked:
        same = tuple(id(decision) for decisions in said for decision in decisions)
        if same not in made:
            made[same] = _of_partner(said, payer, code, parameter)
        answers.append(made[same])
    return answers


def _of_partner(said: _Said, payer: str, code: str, parameter: str) -> Decision:
    """What the checked codes that deny a partner say of it; all of them where none does.

    Its pairs are theirs, each read from the side of the code that is paid. Of the codes that may be
    quoted one that is only recalled goes first, since what rests on it makes no error.
    """
    denying = [of for of, pairs in said if any(p.denied == code for p in pairs.value or ())]
    asked = denying or [of for of, _ in said]
    speaking = [made for made in asked if made.status is Status.VALUE]
    unknown = Decision(payer=payer, code=code, parameter=parameter, status=Status.NOT_AVAILABLE)
    if not speaking:
        return unknown
    quoted = min(speaking, key=lambda made: not made.is_recalled)
    if parameter == "pairs":
        pairs = tuple(
            Pair(with_=made.code, denied=code, bypass=pair.bypass)
            for made in denying
            for pair in made.value
            if pair.denied == code
        )
        return replace(quoted, code=code, value=pairs)
    if denying and any(made.value != quoted.value for made in denying):
        differing = " and ".join(made.code for made in denying)
        return replace(unknown, quotes=(f"they differ under {differing}, which deny {code}",))
    return replace(quoted, code=code)


def _decide(
    question: tuple[str, str, str],
    speaking: list[tuple[Level, str, tuple[DatedValue, ...]]],
    day: date,
) -> Decision:
    payer, code, parameter = question
    quotes: list[str] = []
    for level, label, entries in speaking:
        entry = _in_force(entries, day)
        if entry is not None and entry.kind is EntryKind.NOT_AVAILABLE:
            quotes.append(f"{label}: {entry.note}")
            continue
        if entry is None:
            status, spoke = Status.NOT_YET, entries[0]
        else:
            status, spoke = Status(entry.kind.value), entry
        return Decision(
            payer=payer,
            code=code,
            parameter=parameter,
            status=status,
            value=_value(parameter, status, spoke),
            level=level,
            decided_by=label,
            first_day=spoke.first_day,
            source=spoke.source,
            note=spoke.note,
            contradicted_by=spoke.contradicted_by,
            quotes=tuple(quotes),
        )
    return Decision(
        payer=payer,
        code=code,
        parameter=parameter,
        status=Status.NOT_AVAILABLE,
        quotes=tuple(quotes),
    )


def _in_force(entries: tuple[DatedValue, ...], day: date) -> DatedValue | None:
    return next((entry for entry in reversed(entries) if entry.first_day <= day), None)


def _value(parameter: str, status: Status, entry: DatedValue) -> Any:
    if PARAMETERS[parameter].existence:
        return status is Status.VALUE and entry.value
    return entry.value if status is Status.VALUE else None
