"""What is not wrong in a policy file and yet deserves a look: `scrub policies check`.

Warnings: entries that another key or file hides, dates on which nothing is in force, sources that
nobody has read for long. Information: values that change nothing, and rules that no policy can
make fire. Payers whose names collide are errors, and found when the files are read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

import polars as pl

from cpt77092.claims import columns
from cpt77092.engine import EXPECTED_PAYMENT, check, names_read, needed_columns
from cpt77092.facts import closure
from cpt77092.policies import PARAMETERS, PolicySet, Status, decide
from cpt77092.policies.load import PACKAGED
from cpt77092.policies.policy import (
    DEFAULT,
    NATIONAL,
    DatedValue,
    EntryKind,
    Overridden,
    Policy,
    Where,
)
from cpt77092.policies.resolve import Decision
from cpt77092.readers import Batch
from cpt77092.rule import Rule

WEEKS_BACK = 156
"""How far before today rules are tried: no filing limit on file is longer than three years."""

_DAY = timedelta(days=1)


class NoteLevel(StrEnum):
    """How much a note matters."""

    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing to look at, and where; a note on all policies together has no place."""

    weight: NoteLevel
    text: str
    where: Where | None = None

    def __str__(self) -> str:
        if self.where is None:
            return f"{self.weight}: {self.text}"
        here = Path.cwd()
        file = Path(self.where.file)
        shown = os.path.relpath(file) if file.is_absolute() and file.is_relative_to(here) else file
        return f"{shown}:{self.where.line}: {self.weight}: {self.text}"


def lint(
    policies: PolicySet, rules: Sequence[Rule], *, today: date, max_age: int | None = None
) -> list[Note]:
    """Everything worth a look, by file and line; notes without a place come last.

    Args:
        policies: all policies, read without an error.
        rules: the rules that the policies serve.
        today: the day that gaps and ages are counted to.
        max_age: how many days ago a source may have been read; None for any.
    """
    notes: list[Note] = []
    for policy in policies.policies.values():
        notes += _overlaps(policy)
        notes += _gaps(policies, policy, today)
        if max_age is not None:
            notes += _old_sources(policy, today, max_age)
        notes += _without_effect(policies, policy)
    notes += _unread(policies, rules)
    notes += _idle_rules(policies, rules, today)
    placed = [note for note in notes if note.where is not None]
    unplaced = [note for note in notes if note.where is None]
    return [*sorted(placed, key=_place), *unplaced]


def _place(note: Note) -> tuple[str, int, str, str]:
    where = note.where or Where("", 0)
    return (where.file, where.line, note.weight, note.text)


# Overlaps


def _overlaps(policy: Policy) -> Iterator[Note]:
    for overridden in policy.overridden:
        first, last = overridden.by[0].first_day, overridden.by[-1].first_day
        for entry in _hidden(overridden):
            is_early = entry.first_day < first
            why = f"begins only on {first}" if is_early else f"says nothing later than {last}"
            text = (
                f"{overridden.parameter} under {overridden.key} from {entry.first_day} is hidden: "
                f"{overridden.by_key} overrules it for {_codes(overridden.codes)} and {why}"
            )
            # What the user can change stands in the user's file.
            where = overridden.by[-1].where if overridden.key == PACKAGED else entry.where
            yield Note(weight=NoteLevel.WARNING, text=text, where=where)


def _hidden(overridden: Overridden) -> list[DatedValue]:
    """Entries that begin before the overruling key's first entry or after its last."""
    first, last = overridden.by[0].first_day, overridden.by[-1].first_day
    return [e for e in overridden.entries if not first <= e.first_day <= last]


# Gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """Dates on which a file stops the question and gives no value."""

    first: date
    last: date | None
    why: str
    where: Where | None


def _gaps(policies: PolicySet, policy: Policy, today: date) -> Iterator[Note]:
    found: dict[tuple[str, _Gap], list[str]] = {}
    for (code, parameter), entries in policy.values.items():
        if PARAMETERS[parameter].existence:
            continue
        begins = _first_day_of(policies, policy.payer, code) or entries[0].first_day
        for gap in _gaps_of(entries, begins, today):
            found.setdefault((parameter, gap), []).append(code)
    for (parameter, gap), codes in found.items():
        # Files that ask this one meet the same gap; who they are tells how far it reaches.
        met = [
            other.label
            for other in policies.policies.values()
            if other.payer not in {policy.payer, NATIONAL}
            and _is_met(decide(policies, other.payer, codes[0], parameter, gap.first), policy)
        ]
        reach = f" (also for {', '.join(met)})" if met else ""
        until = f"to {gap.last}" if gap.last else "on"
        text = (
            f"{parameter} on {_codes(codes)}: nothing in force from {gap.first} {until}, "
            f"{gap.why}{reach}"
        )
        yield Note(weight=NoteLevel.WARNING, text=text, where=gap.where)


def _is_met(made: Decision, policy: Policy) -> bool:
    stops = made.status in {Status.NOT_YET, Status.ENDED}
    return stops and made.decided_by == policy.label


def _gaps_of(entries: Sequence[DatedValue], begins: date, today: date) -> Iterator[_Gap]:
    first = entries[0]
    if begins < first.first_day <= today and first.kind is EntryKind.VALUE:
        why = f"since the code began on {begins} and the first entry on {first.first_day}"
        yield _Gap(first=begins, last=first.first_day - _DAY, why=why, where=first.where)
    for entry, following in zip(entries, [*entries[1:], None], strict=True):
        if entry.kind is EntryKind.ENDED and entry.first_day <= today:
            last = following.first_day - _DAY if following else None
            why = "since the value ended and nothing follows" if last is None else "then it resumes"
            yield _Gap(first=entry.first_day, last=last, why=why, where=entry.where)


def _first_day_of(policies: PolicySet, payer: str, code: str) -> date | None:
    """The day from which the code exists, where a policy says so."""
    for name in dict.fromkeys((payer, NATIONAL, DEFAULT)):
        policy = policies.policies.get(name)
        for entry in policy.values.get((code, "in_force"), ()) if policy else ():
            if entry.kind is EntryKind.VALUE and entry.value:
                return entry.first_day
    return None


# Age


def _old_sources(policy: Policy, today: date, max_age: int) -> Iterator[Note]:
    limit = today - timedelta(days=max_age)
    for key, source in policy.sources.items():
        if source.retrieved and date.fromisoformat(source.retrieved) < limit:
            text = f"source {key!r} was read on {source.retrieved}, {_ago(source.retrieved, today)}"
            where = policy.where.get(("sources", key))
            yield Note(weight=NoteLevel.WARNING, text=f"{text}; read it again", where=where)
    if all(source.retrieved for source in policy.sources.values()):
        return
    checked, where = policy.checked_on, policy.where.get(("checked_on",))
    if checked is None:
        text = "nobody says when the sources were last read: state checked_on, or retrieved"
        yield Note(weight=NoteLevel.WARNING, text=text, where=policy.where.get(("payer",)))
    elif checked < limit:
        text = f"the sources were last read on {checked}, {_ago(checked.isoformat(), today)}"
        yield Note(weight=NoteLevel.WARNING, text=f"{text}; read them again", where=where)


def _ago(day: str, today: date) -> str:
    return f"{(today - date.fromisoformat(day)).days} days ago"


# Values that change nothing


def _without_effect(policies: PolicySet, policy: Policy) -> Iterator[Note]:
    """Values that the files asked next state as well, for every day that they hold."""
    found: dict[tuple[str, Where | None, str], list[str]] = {}
    days = policies.change_dates()
    for (code, parameter), entries in policy.values.items():
        others = {key: v for key, v in policy.values.items() if key != (code, parameter)}
        without = _with_values(policies, policy, others)
        for entry, following in zip(entries, [*entries[1:], None], strict=True):
            until = following.first_day if following else date.max
            held = [entry.first_day, *(day for day in days if entry.first_day < day < until)]
            made = [decide(without, policy.payer, code, parameter, day) for day in held]
            is_same = all(m.status is Status.VALUE and m.value == entry.value for m in made)
            if entry.kind is EntryKind.VALUE and is_same:
                key = (parameter, entry.where, made[0].decided_by)
                found.setdefault(key, []).append(code)
    for (parameter, where, label), codes in found.items():
        text = f"{parameter} on {_codes(codes)} makes no difference: {label} says the same"
        yield Note(weight=NoteLevel.INFO, text=text, where=where)


def _with_values(
    policies: PolicySet, policy: Policy, values: dict[tuple[str, str], tuple[DatedValue, ...]]
) -> PolicySet:
    changed = {**policies.policies, policy.payer: replace(policy, values=values)}
    return PolicySet(changed, policies.origin, policies.digest)


def _unread(policies: PolicySet, rules: Sequence[Rule]) -> Iterator[Note]:
    """Parameters that no rule reads: they are shown, and no claim is judged by them."""
    _, plain = closure([*names_read(rules), EXPECTED_PAYMENT])
    read = {name.split(".")[1] for name in plain if name.startswith("policy.")}
    read |= {EXPECTED_PAYMENT, *(rule.parameter for rule in rules if rule.parameter)}
    for policy in policies.policies.values():
        stated: dict[str, list[Where]] = {}
        for (_, parameter), entries in policy.values.items():
            used = [e.where for e in entries if e.where and e.kind is EntryKind.VALUE]
            if used and parameter not in read:
                stated.setdefault(parameter, []).extend(used)
        for parameter, places in stated.items():
            text = f"{parameter} is read by no rule; scrub brief and scrub policies show print it"
            where = min(places, key=lambda place: place.line)
            yield Note(weight=NoteLevel.INFO, text=text, where=where)


# Rules that cannot fire


def _idle_rules(policies: PolicySet, rules: Sequence[Rule], today: date) -> Iterator[Note]:
    """Rules whose finding every policy rules out, or on whose parameter no policy has a value.

    They are run on lines of which nothing is known but payer, code and date. Three-valued logic
    then tells a finding that the policies rule out (false) from one that the claim decides (null).
    """
    resting = [rule for rule in rules if rule.parameter is not None]
    if not resting or not policies.change_dates():
        return
    # A week at a time, so that a rule that counts days meets its few days too.
    weeks = [today - timedelta(weeks=week) for week in range(WEEKS_BACK)]
    days = sorted({*policies.change_dates(), *weeks})
    result = check(_bare_lines(policies, resting, days), policies, resting, as_of=today)
    rows = result.lines["policy_row"]
    for rule in resting:
        has_value = result.table.frame[f"policy.{rule.parameter}"].gather(rows).is_not_null()
        may_fire = result.outcomes[rule.code].fill_null(value=True) & has_value
        if not may_fire.any():
            text = f"{rule.code} {rule.name} cannot fire: no policy says what it asks of"
            yield Note(weight=NoteLevel.INFO, text=f"{text} {rule.parameter}")


def _bare_lines(policies: PolicySet, rules: Sequence[Rule], dates: Sequence[date]) -> Batch:
    """A line for each payer, code and day; every other cell is absent or unreadable."""
    named = [payer for payer in policies.policies if payer not in {NATIONAL, DEFAULT}]
    payers = pl.DataFrame({"payer": [*named, "a payer that no policy knows"]})
    codes = pl.DataFrame({"hcpcs_code": sorted({code for rule in rules for code in rule.codes})})
    days = pl.DataFrame({"claim_line_start_date": dates})
    lines = payers.join(codes, how="cross").join(days, how="cross")
    lines = lines.with_columns(
        pl.lit("").alias("claim_id"),
        pl.lit("").alias("payer_id"),
        *(pl.lit("?").alias(name) for name in columns.TYPED if name != "claim_line_start_date"),
    )
    typed = columns.typed(lines, needed_columns(rules)).with_columns(
        pl.lit(0, pl.UInt32).alias("source"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("source_row"),
        pl.lit(None, pl.String).alias("damaged_code"),
    )
    return Batch(lines=typed, rejects=pl.DataFrame(), scans=(), tallies=())


def _codes(codes: Iterable[str]) -> str:
    named = sorted(codes)
    return (
        ", ".join(named) if len(named) < 5 else f"{', '.join(named[:3])} and {len(named) - 3} more"
    )
