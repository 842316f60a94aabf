"""`scrub-accepted.yaml`: findings that somebody decided to leave as they are, and until when.

An entry is for one finding, or for all findings of a rule at a payer (then it names no claim):

accepted:
- rule: MO012
  payer: Medicare
  claim: A-1009
  line: '1'
  code: '77080'
  date: 2026-03-06
  billing_npi: '1555001019'
  person: 3f0a...                  # digests, made with a key that is not in the file
  reason: The scanner is ours
  by: KL
  accepted: 2026-11-29
  until: 2027-03-31                # its last day
  severity: error
  policy: [technical_in_facility ...]
  values: {modifiers: 9c1b..., units: 77aa...}
  key: 1f2e3d4c                    # which key the digests were made with
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from cpt77092.errors import UsageError, did_you_mean
from cpt77092.followup.key import name_of
from cpt77092.frozen import frozen
from cpt77092.policies.yaml_lines import SettingsFile, read_tree
from cpt77092.rule import Severity

_ROOT = "accepted"
_HEADING = """\
# Findings that scrub leaves off the list, each with its reason and its last day (until).
# scrub accept adds and removes entries; scrub check counts what they cover in every summary.
"""
_TEXTS = ("rule", "payer", "reason", "by", "severity")
_OF_CLAIM = ("claim", "line", "code", "date", "billing_npi", "person", "key")
_DAYS = ("accepted", "until")
_KNOWN = (*_TEXTS, *_OF_CLAIM, *_DAYS, "policy", "values")
_MOST_BYTES = 1_000_000


@frozen(kw_only=True)
class Entry:
    """One decision."""

    rule: str
    payer: str
    """As `key.PAYER` names it."""
    reason: str
    by: str
    """Initials of who decided."""
    accepted: date
    until: date
    severity: str
    policy: tuple[str, ...]
    """The policy values that it was given for, as `values.policy_text` writes them."""
    claim: str = ""
    """Blank where the decision is for a rule at a payer, whatever the claim."""
    line: str = ""
    code: str = ""
    date: str = ""
    billing_npi: str = ""
    person: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    """Digest of each value of the line, by the name that people use."""
    key: str = ""
    at_line: int = field(default=0, compare=False)
    """Where the entry begins in its file."""

    @property
    def is_standing(self) -> bool:
        """Whether it is for all findings of its rule at its payer."""
        return not self.values

    @property
    def name(self) -> str:
        """`A-1009/1 MO012`, or `MO010 at Cigna`."""
        if self.is_standing:
            return f"{self.rule} at {self.payer}"
        return name_of(self.claim, self.line, self.rule)

    @property
    def subject(self) -> tuple[str, ...]:
        """What it is a decision on: a later entry with the same subject takes its place."""
        place = (self.claim, self.line, self.code, self.date, self.billing_npi, self.person)
        return (self.rule, self.payer.lower(), *place, str(self.is_standing))

    def record(self) -> dict[str, Any]:
        """The entry as the file has it."""
        texts = {name: getattr(self, name) for name in (*_TEXTS[:2], *_OF_CLAIM[:-1])}
        record: dict[str, Any] = {name: text for name, text in texts.items() if text}
        record |= {"reason": self.reason, "by": self.by}
        record |= {"accepted": self.accepted, "until": self.until, "severity": self.severity}
        record["policy"] = list(self.policy)
        if not self.is_standing:
            record |= {"values": dict(self.values), "key": self.key}
        return record


def read_entries(file: str) -> tuple[Entry, ...]:
    """The entries of a file of decisions.

    Raises:
        SettingsError: the file cannot be read or has mistakes; all of them, each with its line.
    """
    read = read_tree(Path(file), "write entries under accepted:, as scrub accept does")
    for key in read.tree.keys() - {_ROOT}:
        read.problem((key,), f"{key}: expected accepted: alone{did_you_mean(key, [_ROOT])}")
    records = read.tree.get(_ROOT) or []
    if not isinstance(records, list):
        read.problem((_ROOT,), "accepted: write a list of entries, as scrub accept does")
        records = []
    entries = [_entry(record, (_ROOT, number), read) for number, record in enumerate(records)]
    read.require_right()
    return tuple(entry for entry in entries if entry is not None)


def _entry(record: Any, where: tuple[Any, ...], file: SettingsFile) -> Entry | None:
    if not isinstance(record, dict):
        file.problem(where, "write an entry with rule, payer, reason, by and until")
        return None
    mistakes = [
        (name, f"{name} is not part of an entry{did_you_mean(name, _KNOWN)}")
        for name in record
        if name not in _KNOWN
    ]
    fields: dict[str, Any] = {name: record.get(name, "") for name in (*_TEXTS, *_OF_CLAIM)}
    mistakes += _mistakes_of_texts(fields)
    for name in _DAYS:
        fields[name] = _day(record.get(name))
        if fields[name] is None:
            mistakes.append((name, f"{name}: write a date, YYYY-MM-DD"))
    policy, values = record.get("policy") or [], record.get("values") or {}
    if not isinstance(policy, list) or not all(isinstance(text, str) for text in policy):
        mistakes.append(("policy", "policy: write a list of texts, as scrub accept does"))
    elif not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        mistakes.append(("values", "values: write names and digests, as scrub accept does"))
    elif bool(values) != bool(fields["code"]):
        mistakes.append(("code", "an entry for one finding has code and values; accept it again"))
    for name, text in mistakes:
        file.problem((*where, name), text)
    if mistakes:
        return None
    return Entry(**fields, policy=tuple(policy), values=values, at_line=file.lines.at(where))


def _mistakes_of_texts(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if not isinstance(value, str) or (name in _TEXTS and not value):
            yield name, f"{name}: write a text"
    if fields["severity"] not in {*Severity}:
        yield "severity", "severity: write error, warning or info"


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def with_entries(file: str, added: Sequence[Entry]) -> str:
    """The text of a file with entries added; those on the same subject are replaced.

    Raises:
        SettingsError: the file has mistakes.
        UsageError: it would grow too large.
    """
    subjects = {entry.subject for entry in added}
    kept = without_entries(file, lambda entry: entry.subject in subjects)[0]
    text = kept if f"\n{_ROOT}:" in f"\n{kept}" else f"{kept or _HEADING}{_ROOT}:\n"
    records = [entry.record() for entry in added]
    listed = yaml.safe_dump(
        records, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )
    whole = f"{text.removesuffix(chr(10))}\n{listed}"
    if len(whole.encode()) > _MOST_BYTES:
        raise UsageError(
            f"{file}: would be larger than 1 MB; accept a rule at a payer (--rule and --payer, no "
            f"--claim), or remove entries that have ended"
        )
    return whole


def without_entries(file: str, is_removed: Callable[[Entry], bool]) -> tuple[str, list[Entry]]:
    """The text of a file without some entries, and those entries; comments elsewhere stay.

    Raises:
        SettingsError: the file has mistakes.
    """
    if not Path(file).exists():
        return "", []
    entries = read_entries(file)
    rows = Path(file).read_text(encoding="utf-8").splitlines(keepends=True)
    parts = pairwise([*(entry.at_line - 1 for entry in entries), len(rows)])
    removed = [entry for entry in entries if is_removed(entry)]
    gone = {id(entry) for entry in removed}
    cut = {
        row
        for entry, part in zip(entries, parts, strict=True)
        if id(entry) in gone
        for row in _without_comments_after(rows, *part)
    }
    return "".join(row for number, row in enumerate(rows) if number not in cut), removed


def _without_comments_after(rows: Sequence[str], start: int, end: int) -> range:
    """The rows of an entry, without blank ones and comments between it and the next."""
    while end > start and (not rows[end - 1].strip() or rows[end - 1].startswith("#")):
        end -= 1
    return range(start, end)
