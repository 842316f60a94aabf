"""Policy files in, one checked `PolicySet` out, or every problem in them at once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from cpt77092.codes import CHECKED
from cpt77092.errors import PolicyError, PolicyProblem, UsageError
from cpt77092.policies.parameters import PARAMETERS
from cpt77092.policies.schema import GROUPS, PLAIN_SOURCE, expand, policy_model, specificity
from cpt77092.policies.yaml_lines import Lines, parse
from cpt77092.sources import Confidence, Source
from cpt77092.suggest import did_you_mean

DEFAULT = "default"
PACKAGED = "packaged"
ENDINGS = (".yaml", ".yml")


class Says(StrEnum):
    """What one dated entry states."""

    VALUE = "value"
    ENDED = "ended"
    NOT_AVAILABLE = "not_available"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedValue:
    """What a policy says of one parameter from `first_day` until the next entry."""

    first_day: date
    says: Says
    value: Any = None
    source: Source | None = None
    note: str = ""
    """Why nothing is available, or a remark on the value."""
    contradicted_by: Source | None = None
    is_users: bool = False
    """From a file the user laid over ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One payer's policy, its values per code and parameter in date order."""

    payer: str
    label: str
    names: tuple[str, ...] = ()
    payer_ids: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    follows: str | None = None
    checked_on: date | None = None
    values: Mapping[tuple[str, str], tuple[DatedValue, ...]] = field(default_factory=dict)
    brief: Mapping[str, tuple[str, Source | None]] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PolicySet:
    """All policies of a run."""

    policies: Mapping[str, Policy]
    origin: tuple[str, ...]
    """Where they came from: `packaged`, or a folder; the user's last."""
    digest: str
    """SHA-256 over the files' names and bytes: two runs with one digest had the same policies."""

    def __getitem__(self, payer: str) -> Policy:
        return self.policies[payer]

    def change_dates(self) -> list[date]:
        """Every day on which some policy says something new, in order."""
        days = {
            entry.first_day
            for policy in self.policies.values()
            for entries in policy.values.values()
            for entry in entries
        }
        return sorted(days)


def packaged_folder() -> Path:
    """The policies that come with the program: in the wheel, or beside a source checkout."""
    inside = Path(__file__).parents[1] / "_policies"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "policies"


def load_policies(user_folder: Path | None = None) -> PolicySet:
    """Read the packaged policies and lay the user's folder over them.

    Raises:
        UsageError: the folder does not exist or holds no policy file.
        PolicyError: any file is wrong; it lists every problem in all of them.
    """
    folder = packaged_folder()
    return load_folders(folder, user_folder)


def load_folders(folder: Path, user_folder: Path | None = None) -> PolicySet:
    """Read one complete folder of policies, and optionally a second one over it."""
    digest = hashlib.sha256()
    files = _read_folder(folder, digest, users=False)
    if user_folder is not None:
        files += _read_folder(user_folder, digest, users=True)
    layered: dict[str, Policy] = {}
    for file in files:
        if file.policy is not None:
            payer = file.policy.payer
            ours = layered.get(payer)
            layered[payer] = file.policy if ours is None else _lay_over(ours, file.policy)
    problems = [problem for file in files for problem in file.problems]
    problems += _cross_check(files, layered)
    if problems:
        raise PolicyError(tuple(sorted(problems, key=lambda p: (p.file, p.line))))
    base = PACKAGED if folder == packaged_folder() else str(folder)
    origin = (base, str(user_folder)) if user_folder else (base,)
    return PolicySet(layered, origin, digest.hexdigest())


@dataclass(slots=True)
class _File:
    """One policy file as read: where its parts stand, what is wrong, and what came of it."""

    path: Path
    lines: Lines
    problems: list[PolicyProblem]
    policy: Policy | None = None

    def problem(self, path: tuple[Any, ...], text: str) -> None:
        self.problems.append(PolicyProblem(str(self.path), self.lines.at(path), text))


def _read_folder(folder: Path, digest: Any, *, users: bool) -> list[_File]:
    if not folder.is_dir():
        raise UsageError(f"--policies {folder}: no such folder")
    paths = sorted(path for path in folder.iterdir() if path.suffix in ENDINGS)
    if not paths:
        raise UsageError(f"--policies {folder}: the folder holds no .yaml policy files")
    files: dict[str, _File] = {}
    for path in paths:
        content = path.read_bytes()
        digest.update(path.name.encode() + b"\0" + content + b"\0")
        file = read_policy(path, content, users=users)
        if path.stem in files:
            file.problem((), f"{files[path.stem].path.name} is this payer's file already")
        files.setdefault(path.stem, file)
        if file is not files[path.stem]:
            files[path.stem].problems += file.problems
    return list(files.values())


def read_policy(path: Path, content: bytes, *, users: bool) -> _File:
    """Read one policy file, with every problem that can be seen in it alone."""
    file = _File(path, Lines(), [])
    try:
        tree, file.lines, repeated = parse(content.decode("utf-8"))
    except UnicodeDecodeError:
        file.problem((), "the file is not UTF-8 text")
        return file
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        what = getattr(problem, "problem", None) or getattr(problem, "reason", "not readable")
        line = mark.line + 1 if mark else 1
        file.problems.append(PolicyProblem(str(path), line, f"not readable as YAML: {what}"))
        return file
    if not isinstance(tree, dict):
        file.problem((), "a policy file is a list of keys and values, beginning with payer: KEY")
        return file
    file.problems += [PolicyProblem(str(path), line, text) for line, text in repeated]
    _check_sources(tree, file)
    _check_dates(tree, file)
    try:
        model = policy_model().model_validate(tree)
    except ValidationError as invalid:
        file.problems += _explain(invalid, file.lines, str(path))
        return file
    _check_head(model, file, users=users)
    if not file.problems:
        file.policy = _Builder(model, users=users).policy()
    return file


def _check_head(model: Any, file: _File, *, users: bool) -> None:
    """The payer's name, whom it follows, and what only our own files must have."""
    if model.payer != file.path.stem:
        stem = file.path.stem
        text = f"payer is {model.payer!r} but the file is named {stem}; make them the same"
        file.problem(("payer",), text)
    if model.follows == model.payer:
        file.problem(("follows",), f"{model.payer} cannot follow itself")
    if not users:
        for key in ("label", "checked_on"):
            if getattr(model, key) is None:
                file.problem(("payer",), f"{key} is missing")


def _check_dates(tree: dict[str, Any], file: _File) -> None:
    """Dates of a parameter stand earliest first."""
    for path, entries in _dated(tree.get("codes")):
        days = [day for day in entries if re.fullmatch(r"\d{4}-\d{2}-\d{2}", day)]
        if days != sorted(days):
            file.problem(path, f"{path[-1]}: the dates are not in order, earliest first")


def _check_sources(tree: dict[str, Any], file: _File) -> None:
    """Every value cites a source, every source cited is listed, and every one listed is cited."""
    stated = tree.get("sources", {})
    listed = stated if isinstance(stated, dict) else {}

    def uses(path: tuple[Any, ...], record: Any, *, must_cite: bool) -> None:
        keys = [record.get("source"), record.get("contradicted_by")]
        for key in (key for key in keys if isinstance(key, str) and key not in listed):
            hint = did_you_mean(key, listed)
            file.problem(path, f"source {key!r} is not listed under sources{hint}")
        if keys[0] is None and must_cite and not isinstance(stated, str):
            file.problem(path, f"{path[-2]} from {path[-1]} names no source")

    for path, entries in _dated(tree.get("codes")):
        for day, entry in entries.items():
            if isinstance(entry, dict):
                says = "value" in entry or "ended" in entry
                is_sound = entry.keys() <= set(_ENTRY_KEYS)  # else `sorce:` would be told twice
                uses((*path, day), entry, must_cite=says and is_sound)
    brief = tree.get("brief")
    for key, statement in brief.items() if isinstance(brief, dict) else ():
        if isinstance(statement, dict):
            uses(("brief", key), statement, must_cite=False)
    # Any mention counts, so that one mistake is not told again as an unused source.
    for key in listed.keys() - set(_texts([tree.get("codes"), brief])):
        file.problem(("sources", key), f"source {key!r} is used by no value; remove it")


def _texts(tree: Any) -> Iterable[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict | list):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from _texts(part)


def _dated(codes: Any) -> Iterable[tuple[tuple[str, str, str], dict[Any, Any]]]:
    """Path and dated entries of every known parameter in a raw `codes` tree."""
    for code, parameters in codes.items() if isinstance(codes, dict) else ():
        for name, entries in parameters.items() if isinstance(parameters, dict) else ():
            if name in PARAMETERS and isinstance(entries, dict):
                yield ("codes", code, name), entries


class _Builder:
    """Turns a valid file into a `Policy`."""

    def __init__(self, model: Any, *, users: bool) -> None:
        self.model = model
        self.users = users
        self.sources = self._sources()

    def policy(self) -> Policy:
        matches = self.model.matches
        return Policy(
            payer=self.model.payer,
            label=self.model.label or self.model.payer,
            names=matches.names,
            payer_ids=matches.payer_ids,
            unless=matches.unless,
            follows=self.model.follows,
            checked_on=self.model.checked_on,
            values=self._values(),
            brief={
                key: (statement.text, self._source(statement.source))
                for key, statement in self.model.brief.items()
            },
            sources=self.sources,
        )

    def _sources(self) -> dict[str, Source]:
        stated = self.model.sources
        if isinstance(stated, str):
            return {PLAIN_SOURCE: Source(title=stated, confidence=Confidence.PRIMARY)}
        return {
            key: Source(title=entry, confidence=Confidence.PRIMARY)
            if isinstance(entry, str)
            else Source(
                title=entry.title,
                at=entry.at,
                url=entry.url,
                retrieved=entry.retrieved.isoformat() if entry.retrieved else "",
                confidence=entry.confidence,
            )
            for key, entry in stated.items()
        }

    def _values(self) -> dict[tuple[str, str], tuple[DatedValue, ...]]:
        values: dict[tuple[str, str], tuple[DatedValue, ...]] = {}
        for code_key in sorted(self.model.codes, key=specificity):
            for parameter in PARAMETERS:
                stated = getattr(self.model.codes[code_key], parameter)
                if stated is not None:
                    entries = tuple(self._entry(day, entry) for day, entry in stated.items())
                    values |= {(code, parameter): entries for code in expand(code_key)}
        return values

    def _entry(self, day: date, entry: Any) -> DatedValue:
        says = Says.NOT_AVAILABLE
        if entry.value is not None:
            says = Says.VALUE
        elif entry.ended is not None:
            says = Says.ENDED
        return DatedValue(
            first_day=day,
            says=says,
            value=entry.value,
            source=self._source(entry.source),
            note=entry.not_available or entry.note,
            contradicted_by=self.sources[entry.contradicted_by] if entry.contradicted_by else None,
            is_users=self.users,
        )

    def _source(self, key: str | None) -> Source | None:
        return self.sources.get(PLAIN_SOURCE if key is None else key)


def _lay_over(ours: Policy, users: Policy) -> Policy:
    """The user's file over ours: from a parameter's first day of theirs on, only theirs holds."""
    values = dict(ours.values)
    for key, entries in users.values.items():
        earlier = tuple(e for e in values.get(key, ()) if e.first_day < entries[0].first_day)
        values[key] = earlier + entries
    return replace(
        ours,
        label=users.label if users.label != users.payer else ours.label,
        names=ours.names + users.names,
        payer_ids=ours.payer_ids + users.payer_ids,
        unless=ours.unless + users.unless,
        follows=users.follows or ours.follows,
        checked_on=users.checked_on or ours.checked_on,
        values=values,
        brief={**ours.brief, **users.brief},
        sources={**ours.sources, **users.sources},
    )


def _cross_check(files: Sequence[_File], policies: Mapping[str, Policy]) -> Iterable[PolicyProblem]:
    """What only shows between files: who follows whom, and names that two payers claim."""
    there = {file.path.stem for file in files} | policies.keys()
    claimed: dict[str, str] = {}
    for file in files:
        policy = file.policy
        if policy is None:
            continue
        where = str(file.path)
        if policy.follows is not None and policy.follows not in there:
            text = f"follows {policy.follows!r}, but there is no such policy"
            line = file.lines.at(("follows",))
            yield PolicyProblem(where, line, text + did_you_mean(policy.follows, there))
        for name, path in _claims(policy):
            other = claimed.setdefault(name, policy.payer)
            if other != policy.payer:
                text = (
                    f"{name!r} is claimed by {other} and by {policy.payer}; a claim has one payer"
                )
                yield PolicyProblem(where, file.lines.at(path), text)


def _claims(policy: Policy) -> Iterable[tuple[str, tuple[Any, ...]]]:
    """Everything that a claim may call the payer, and where the file says so."""
    named: dict[str, tuple[Any, ...]] = {
        normal_name(policy.payer): ("payer",),
        normal_name(policy.label): ("label",),
    }
    named |= {
        normal_name(name): ("matches", "names", number) for number, name in enumerate(policy.names)
    }
    yield from named.items()
    for number, payer_id in enumerate(policy.payer_ids):
        yield payer_id, ("matches", "payer_ids", number)


def normal_name(name: str) -> str:
    """A payer's name as names are compared: lower case, letters and digits, single spaces."""
    kept = "".join(c if c.isalnum() else " " for c in name.casefold())
    return " ".join(kept.split())


def _explain(invalid: ValidationError, lines: Lines, file: str) -> list[PolicyProblem]:
    """Pydantic's errors as sentences about the file, each once."""
    told: dict[tuple[int, str], PolicyProblem] = {}
    for error in invalid.errors(include_url=False):
        line, text = lines.at(lines.nearest(error["loc"])), _sentence(error)
        told.setdefault((line, text), PolicyProblem(file, line, text))
    return list(told.values())


_TOP_KEYS = ("payer", "label", "matches", "follows", "checked_on", "sources", "codes", "brief")
_ENTRY_KEYS = ("value", "source", "ended", "not_available", "note", "contradicted_by")
_KNOWN_CODES = (*GROUPS, *sorted(CHECKED))
_SHAPES = {
    "tuple_type": "write a list, [A, B]",
    "dict_type": "expected keys and values under it",
    "model_type": "expected keys and values, as in {value: 1, source: manual}",
    "model_attributes_type": "expected keys and values, as in {value: 1, source: manual}",
    "decimal_parsing": "not an amount",
    "decimal_type": "not an amount",
    "string_type": "expected text",
}


def _sentence(error: Any) -> str:
    """One validation error as a sentence that a reader of the file understands."""
    kind = error["type"]
    # Pydantic names union branches and list positions too; the reader knows only the keys.
    where = [str(p) for p in error["loc"] if isinstance(p, str | date) and p not in _BRANCHES]
    key = where[-1] if where else "the file"
    if kind == "extra_forbidden":
        if len(where) == 3 and where[0] == "codes":
            return f"{key} is not a parameter we know{did_you_mean(key, PARAMETERS)}"
        return f"{key} is not a key we know here{did_you_mean(key, (*_TOP_KEYS, *_ENTRY_KEYS))}"
    if kind == "missing":
        return f"{key} is missing" if error["loc"][-1] == key else f"{key}: an item is missing"
    if error["loc"][-1] == "[key]" and len(where) == 2:
        return f"{key} is not a code we check{did_you_mean(key, _KNOWN_CODES)}"
    subject = where[2] if key == "value" and len(where) > 3 else key
    given = error.get("input")
    message = _SHAPES.get(kind, error["msg"].removeprefix("Value error, "))
    message = message[0].lower() + message[1:]
    quoted = f" {given!r}" if isinstance(given, str) and given not in (message, subject) else ""
    return f"{subject}{quoted}: {message}"


_BRANCHES = frozenset({"[key]", "text", "record", "amount", "parts"})
