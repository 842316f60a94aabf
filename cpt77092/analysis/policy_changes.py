"""What differs between two sets of policies, or between two days of one set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

from cpt77092.frozen import frozen
from cpt77092.policies import PARAMETERS, Decision, Status
from cpt77092.policies.policy import DatedValue, Policy, PolicySet, in_force
from cpt77092.policies.value_text import members_text, short_value
from cpt77092.reference.sources import Source
from cpt77092.rule import Rule
from cpt77092.text import gathered

_ORDER = {name: number for number, name in enumerate(PARAMETERS)}

_Entries = Sequence[DatedValue]
_Period = tuple[date | None, date | None, DatedValue | None, DatedValue | None]
"""First and last day on which two entries hold, and the entries."""
_Differences = Callable[[_Entries, _Entries], Iterator[_Period]]
"""Where the entries of one parameter differ."""


@frozen(kw_only=True)
class Change:
    """What one policy states of one parameter, before and after, over some dates of service."""

    parameter: str
    codes: tuple[str, ...]
    first_day: date | None
    """None where it was never stated before the day it is compared on."""
    last_day: date | None
    old: DatedValue | None
    """None where the policy states nothing."""
    new: DatedValue | None

    @property
    def sources(self) -> tuple[Source, ...]:
        """The source of the new entry, then that of the old one."""
        cited = (one.source for one in (self.new, self.old) if one is not None)
        return tuple(dict.fromkeys(source for source in cited if source is not None))

    @property
    def texts(self) -> tuple[str, str]:
        """Both values in words; of two lists only what the newer one adds and drops."""
        old, new = self.old, self.new
        if old and new and isinstance(old.value, tuple) and isinstance(new.value, tuple):
            return self._text(old), _members(old.value, new.value) or self._text(new)
        texts = [self._text(old), self._text(new)]
        if texts[0] == texts[1]:  # what differs is how sure the source is
            texts = [
                f"{text} ({_confidence(e)})" for text, e in zip(texts, (old, new), strict=True)
            ]
        return texts[0], texts[1]

    def _text(self, entry: DatedValue | None) -> str:
        if entry is None:
            return "not stated"
        status = Status(entry.kind.value)
        if status is Status.ENDED:
            return "ended"
        return short_value(
            Decision(payer="", code="", parameter=self.parameter, status=status, value=entry.value)
        )


@frozen(kw_only=True)
class PolicyChanges:
    """What differs in one policy."""

    payer: str
    label: str
    changes: tuple[Change, ...] = ()
    others: tuple[str, ...] = ()
    """Differences in words that are of no parameter."""


def between_sets(old: PolicySet, new: PolicySet) -> list[PolicyChanges]:
    """The policies that differ, in the order of their keys, with the dates on which they do."""
    return _each(old, new, _by_dates) + _of_rules(old.rules, new.rules)


def between_days(policies: PolicySet, old: date, new: date) -> list[PolicyChanges]:
    """The policies whose values on one day are not those of the other."""

    def of_days(entries: _Entries, _: _Entries) -> Iterator[_Period]:
        before, after = in_force(entries, old), in_force(entries, new)
        if _state(before) != _state(after):
            later = max(filter(None, (before, after)), key=lambda entry: entry.first_day)
            yield later.first_day, None, before, after

    return _each(policies, policies, of_days)


def _each(old: PolicySet, new: PolicySet, differences: _Differences) -> list[PolicyChanges]:
    compared = [
        _of_policy(key, old.policies.get(key), new.policies.get(key), differences)
        for key in sorted({*old.policies, *new.policies})
    ]
    return [one for one in compared if one.changes or one.others]


def _of_rules(old: Sequence[Rule], new: Sequence[Rule]) -> list[PolicyChanges]:
    """The own rules that differ, as differences in words."""
    before, after = ({rule.code: rule for rule in rules} for rules in (old, new))
    others = []
    for code in sorted({*before, *after}):
        one, other = before.get(code), after.get(code)
        if one is None or other is None:
            others.append(f"{code} {'is new' if one is None else 'is gone'}")
        elif _stated(one) != _stated(other) or not one.flag.meta.eq(other.flag):
            others.append(f"{code} has changed")
    if not others:
        return []
    return [PolicyChanges(payer="own-rules", label="Own rules", others=tuple(others))]


def _stated(rule: Rule) -> object:
    """What a rule states besides its condition."""
    denial = rule.denial.group, rule.denial.carc, rule.denial.rarc
    return rule.name, rule.severity, rule.codes, rule.message, rule.remedies[-1].text, denial


def _of_policy(
    key: str, old: Policy | None, new: Policy | None, differences: _Differences
) -> PolicyChanges:
    if old is not None and new is not None:
        changes, others = tuple(_changes(old, new, differences)), tuple(_others(old, new))
        return PolicyChanges(payer=key, label=new.label, changes=changes, others=others)
    if new is not None:
        return PolicyChanges(payer=key, label=new.label, others=("New policy",))
    label = key if old is None else old.label
    return PolicyChanges(payer=key, label=label, others=("Policy that is gone",))


def _changes(old: Policy, new: Policy, differences: _Differences) -> Iterator[Change]:
    """What differs, codes that differ in the same way together; in the order of parameters."""
    codes_of = gathered(
        ((key[1], period), key[0])
        for key in sorted({*old.values, *new.values})
        for period in differences(old.values.get(key, ()), new.values.get(key, ()))
    )
    for (parameter, period), codes in sorted(codes_of.items(), key=_order):
        first, last, before, after = period
        yield Change(
            parameter=parameter,
            codes=tuple(codes),
            first_day=first,
            last_day=last,
            old=before,
            new=after,
        )


def _order(item: tuple[tuple[str, _Period], list[str]]) -> tuple[int, str, str]:
    (parameter, period), codes = item
    return _ORDER[parameter], codes[0], str(period[0])


def _others(old: Policy, new: Policy) -> Iterator[str]:
    """Differences that are of no parameter."""
    if old.follows != new.follows:
        yield f"Followed {old.follows or 'no policy'}, now follows {new.follows or 'no policy'}"
    if old.matches != new.matches:
        yield "Other names or payer IDs in claims mean the payer (scrub payers shows which)"


def _by_dates(old: _Entries, new: _Entries) -> Iterator[_Period]:
    """The longest periods over which both state the same, where they differ."""
    days = sorted({entry.first_day for entry in (*old, *new)})
    pairs = [
        (day, before, after)
        for day in days
        for before, after in [(in_force(old, day), in_force(new, day))]
        # Where both only go on, what differs is what differed before.
        if not (before and after and before.is_carried_on and after.is_carried_on)
    ]
    runs = [
        list(run) for _, run in groupby(pairs, key=lambda one: (_state(one[1]), _state(one[2])))
    ]
    for number, run in enumerate(runs):
        day, before, after = run[0]
        if _state(before) != _state(after):
            is_last = number + 1 == len(runs)
            last_day = None if is_last else runs[number + 1][0][0] - timedelta(days=1)
            yield day, last_day, before, after


def _state(entry: DatedValue | None) -> object:
    """What of an entry decides how claims are checked."""
    if entry is None:
        return None
    return entry.kind, entry.value, _confidence(entry)


def _confidence(entry: DatedValue | None) -> str:
    return entry.source.confidence.value if entry is not None and entry.source else ""


def _members(old: tuple[object, ...], new: tuple[object, ...]) -> str:
    """`adds M80.-; drops Z79.3`; blank where both lists have the same members."""
    added = [one for one in new if one not in old]
    dropped = [one for one in old if one not in new]
    words = (("adds", added), ("drops", dropped))
    return "; ".join(f"{verb} {members_text(members)}" for verb, members in words if members)
