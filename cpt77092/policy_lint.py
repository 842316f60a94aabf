"""Notes on valid policy files, for `scrub policies check`.

Warnings: entries that another key or file hides, dates with no value in force, sources last read
too long ago. Information: values that change nothing, and rules that cannot fire under any policy.
Names that two payers share are errors, reported when the files are read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl

from cpt77092.claims import columns
from cpt77092.claims.cells import with_types
from cpt77092.engine import EXPECTED_PAYMENT, check, names_read, needed_columns
from cpt77092.facts import closure
from cpt77092.frozen import frozen
from cpt77092.policies import PARAMETERS, Decision, PolicySet, Status, decide
from cpt77092.policies.load import PACKAGED
from cpt77092.policies.policy import DEFAULT, NATIONAL, DatedValue, EntryKind, Policy, Where
from cpt77092.readers import Batch
from cpt77092.reference.code_list import denial_codes
from cpt77092.rule import Rule, Severity
from cpt77092.text import gathered

WEEKS_BACK = 156
"""How far before today rules are tried: no filing limit of a policy is longer than three years."""

_DAY = timedelta(days=1)


@frozen
class Note:
    """One thing to review, with its line; a note on all policies together has none."""

    level: Severity
    """A warning or an information."""
    text: str
    where: Where | None = None

    def __str__(self) -> str:
        if self.where is None:
            return f"{self.level}: {self.text}"
        here = Path.cwd()
        file = Path(self.where.file)
        shown = os.path.relpath(file) if file.is_absolute() and file.is_relative_to(here) else file
        return f"{shown}:{self.where.line}: {self.level}: {self.text}"


def lint(
    policies: PolicySet, rules: Sequence[Rule], *, today: date, max_age: int | None = None
) -> list[Note]:
    """All notes, by file and line; those without a line come last.

    Gaps and ages are counted to today; a source may have been read `max_age` days ago, if any.
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
    notes += _denial_codes(policies, rules, today)
    return sorted(notes, key=_order)


def _order(note: Note) -> tuple[bool, str, int, str, str]:
    if note.where is None:
        return (True, "", 0, "", "")  # in the order in which they came
    return (False, note.where.file, note.where.line, note.level, note.text)


# Denial codes


def _denial_codes(policies: PolicySet, rules: Sequence[Rule], today: date) -> Iterator[Note]:
    """Codes of predicted denials that the user's newest lists do not have, or that were stopped."""
    lists = denial_codes(policies.tables)
    predicted = gathered(
        (key, rule.code)
        for rule in rules
        for key in dict.fromkeys(key for one in rule.denials for key in one.listed_codes)
    )
    for (kind, code), of in sorted(predicted.items()):
        if kind not in lists:
            continue
        listed = lists[kind].codes.get(code)
        name = f"{kind.rstrip('-').upper()} {code}, which {', '.join(of)} "
        name += "predicts" if len(of) == 1 else "predict"
        if listed is None:
            text = f"{name}, is not on the list of {lists[kind].first_day}"
            yield Note(Severity.WARNING, text)
        elif listed.last_day is not None and listed.last_day < today:
            yield Note(Severity.WARNING, f"{name}, was stopped on {listed.last_day}")


# Overlaps


def _overlaps(policy: Policy) -> Iterator[Note]:
    """Entries that begin before the overriding key's first entry or after its last."""
    for overridden in policy.overridden:
        first, last = overridden.by[0].first_day, overridden.by[-1].first_day
        for entry in overridden.entries:
            if first <= entry.first_day <= last:
                continue
            is_early = entry.first_day < first
            why = f"begins only on {first}" if is_early else f"has no entry after {last}"
            text = (
                f"{overridden.parameter} under {overridden.key} from {entry.first_day} is hidden: "
                f"{overridden.by_key} overrides it for {_codes(overridden.codes)} and {why}"
            )
            # The note is on a line that the user can change.
            where = overridden.by[-1].where if overridden.key == PACKAGED else entry.where
            yield Note(Severity.WARNING, text, where)


# Gaps


class _Gap(NamedTuple):
    """Dates on which a policy decides and gives no value."""

    first: date
    last: date | None
    why: str
    where: Where | None


def _gaps(policies: PolicySet, policy: Policy, today: date) -> Iterator[Note]:
    codes_of: dict[tuple[str, _Gap], list[str]] = {}
    for (code, parameter), entries in policy.values.items():
        if PARAMETERS[parameter].existence:
            continue
        begins = _first_day_of(policies, policy.payer, code) or entries[0].first_day
        for gap in _gaps_of(entries, begins, today):
            codes_of.setdefault((parameter, gap), []).append(code)
    for (parameter, gap), codes in codes_of.items():
        # Policies that follow this one have the same gap.
        followers = [
            other.label
            for other in policies.policies.values()
            if other.payer not in {policy.payer, NATIONAL}
            and _is_gap(decide(policies, other.payer, codes[0], parameter, gap.first), policy)
        ]
        reach = f" (also for {', '.join(followers)})" if followers else ""
        until = f"to {gap.last}" if gap.last else "on"
        text = (
            f"{parameter} on {_codes(codes)}: no value in force from {gap.first} {until}, "
            f"{gap.why}{reach}"
        )
        yield Note(Severity.WARNING, text, gap.where)


def _is_gap(decision: Decision, policy: Policy) -> bool:
    has_none = decision.status in {Status.NOT_YET, Status.ENDED}
    return has_none and decision.decided_by == policy.label


def _gaps_of(entries: Sequence[DatedValue], begins: date, today: date) -> Iterator[_Gap]:
    first = entries[0]
    if begins < first.first_day <= today and first.kind is EntryKind.VALUE:
        why = f"since the code began on {begins} and the first entry is of {first.first_day}"
        yield _Gap(begins, first.first_day - _DAY, why, first.where)
    for entry, following in zip(entries, [*entries[1:], None], strict=True):
        if entry.kind is EntryKind.ENDED and entry.first_day <= today:
            last = following.first_day - _DAY if following else None
            why = "since the value ended and none follows" if last is None else "then it resumes"
            yield _Gap(entry.first_day, last, why, entry.where)


def _first_day_of(policies: PolicySet, payer: str, code: str) -> date | None:
    """The first day on which the code is in effect, where a policy states it."""
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
            yield Note(level=Severity.WARNING, text=f"{text}; read it again", where=where)
    if all(source.retrieved for source in policy.sources.values()):
        return
    checked, where = policy.checked_on, policy.where.get(("checked_on",))
    if checked is None:
        text = "no date on which the sources were last read: state checked_on, or retrieved"
        yield Note(level=Severity.WARNING, text=text, where=policy.where.get(("payer",)))
    elif checked < limit:
        text = f"the sources were last read on {checked}, {_ago(checked.isoformat(), today)}"
        yield Note(level=Severity.WARNING, text=f"{text}; read them again", where=where)


def _ago(day: str, today: date) -> str:
    return f"{(today - date.fromisoformat(day)).days} days ago"


# Values that change nothing


def _without_effect(policies: PolicySet, policy: Policy) -> Iterator[Note]:
    """Values that the policies asked next also have, on every day on which they hold."""
    codes_of: dict[tuple[str, Where | None, str], list[str]] = {}
    days = policies.change_dates()
    for (code, parameter), entries in policy.values.items():
        others = {key: v for key, v in policy.values.items() if key != (code, parameter)}
        changed = {**policies.policies, policy.payer: replace(policy, values=others)}
        without = replace(policies, policies=changed)
        for entry, following in zip(entries, [*entries[1:], None], strict=True):
            until = following.first_day if following else date.max
            held = [entry.first_day, *(day for day in days if entry.first_day < day < until)]
            next_ones = [decide(without, policy.payer, code, parameter, day) for day in held]
            is_same = all(d.status is Status.VALUE and d.value == entry.value for d in next_ones)
            if entry.kind is EntryKind.VALUE and is_same:
                key = (parameter, entry.where, next_ones[0].decided_by)
                codes_of.setdefault(key, []).append(code)
    for (parameter, where, label), codes in codes_of.items():
        text = f"{parameter} on {_codes(codes)} makes no difference: {label} has the same value"
        yield Note(Severity.INFO, text, where)


def _unread(policies: PolicySet, rules: Sequence[Rule]) -> Iterator[Note]:
    """Parameters that no rule reads: they are shown, and no claim is checked by them."""
    _, plain = closure([*names_read(rules), EXPECTED_PAYMENT])
    read = {name.split(".")[1] for name in plain if name.startswith("policy.")}
    read |= {EXPECTED_PAYMENT, *(rule.parameter for rule in rules if rule.parameter)}
    for policy in policies.policies.values():
        stated: dict[str, list[Where]] = {}
        for (_, parameter), entries in policy.values.items():
            used = [e.where for e in entries if e.where and e.kind is EntryKind.VALUE]
            if used and parameter not in read:
                stated.setdefault(parameter, []).extend(used)
        for parameter, lines in stated.items():
            text = f"{parameter} is used by no rule; scrub brief and scrub policies show print it"
            where = min(lines, key=lambda where: where.line)
            yield Note(Severity.INFO, text, where)


# Rules that cannot fire


def _idle_rules(policies: PolicySet, rules: Sequence[Rule], today: date) -> Iterator[Note]:
    """Rules that no policy lets fire, or on whose parameter no policy has a value.

    They are run on lines with nothing known but payer, code and date. A rule is then false where
    the policies exclude a finding, and null where the claim decides.
    """
    dependent = [rule for rule in rules if rule.parameter is not None]
    if not dependent or not policies.change_dates():
        return
    # Weekly, so that a rule that counts days fires on some of them.
    weeks = [today - timedelta(weeks=week) for week in range(WEEKS_BACK)]
    days = sorted({*policies.change_dates(), *weeks})
    result = check(_bare_lines(policies, dependent, days), policies, dependent, as_of=today)
    rows = result.lines["policy_row"]
    for rule in dependent:
        has_value = result.table.frame[f"policy.{rule.parameter}"].gather(rows).is_not_null()
        may_fire = result.outcomes[rule.code].fill_null(value=True) & has_value
        if not may_fire.any():
            text = f"{rule.code} {rule.name} cannot fire: no policy has the value of"
            yield Note(level=Severity.INFO, text=f"{text} {rule.parameter} that it needs")


def _bare_lines(policies: PolicySet, rules: Sequence[Rule], dates: Sequence[date]) -> Batch:
    """One line for each payer, code and day; every other cell is absent or unreadable."""
    named = [payer for payer in policies.policies if payer not in {NATIONAL, DEFAULT}]
    payers = pl.DataFrame({"payer": [*named, "a payer without a policy"]})
    codes = pl.DataFrame({"hcpcs_code": sorted({code for rule in rules for code in rule.codes})})
    days = pl.DataFrame({"claim_line_start_date": dates})
    lines = payers.join(codes, how="cross").join(days, how="cross")
    lines = lines.with_columns(
        pl.lit("").alias("claim_id"),
        pl.lit("").alias("payer_id"),
        *(pl.lit("?").alias(name) for name in columns.TYPED if name != "claim_line_start_date"),
    )
    typed = with_types(lines, needed_columns(rules)).with_columns(
        pl.lit(0, pl.UInt32).alias("source"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("source_row"),
        pl.lit(None, pl.String).alias("damaged_code"),
        pl.lit(None, pl.Categorical()).alias("claim_diagnoses"),
    )
    return Batch.of_lines(typed)


def _codes(codes: Iterable[str]) -> str:
    named = sorted(codes)
    if len(named) > 4:
        return f"{', '.join(named[:3])} and {len(named) - 3} more"
    return ", ".join(named)
