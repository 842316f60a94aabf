"""What can be wrong in policy files, and how each mistake is told: file, line, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpt77092.errors import FileProblem, did_you_mean
from cpt77092.policies.code_groups import GROUPS
from cpt77092.policies.parameters import PARAMETERS, SUBJECTS
from cpt77092.policies.policy import Policy, normal_name
from cpt77092.policies.yaml_lines import Lines
from cpt77092.reference.codes import CHECKED

if TYPE_CHECKING:
    from pydantic import ValidationError


@dataclass(slots=True)
class PolicyFileRead:
    """One policy file as read: where its parts stand, what is wrong, and what came of it."""

    path: Path
    lines: Lines
    problems: list[FileProblem]
    policy: Policy | None = None

    def problem(self, path: tuple[Any, ...], text: str) -> None:
        """Note a mistake where a path of keys stands in the file."""
        self.problems.append(FileProblem(str(self.path), self.lines.at(path), text))


def check_head(model: Any, file: PolicyFileRead, *, users: bool) -> None:
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


def check_dates(tree: dict[str, Any], file: PolicyFileRead) -> None:
    """Dates of a parameter stand earliest first."""
    for path, entries in _dated(tree.get("codes")):
        days = [day for day in entries if _is_day(day)]
        if days != sorted(days):
            file.problem(path, f"{path[-1]}: the dates are not in order, earliest first")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def check_sources(tree: dict[str, Any], file: PolicyFileRead) -> None:
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
    for path, statement in _statements(brief):
        uses(path, statement, must_cite=False)
    # Any mention counts, so that one mistake is not told again as an unused source.
    for key in listed.keys() - set(_texts([tree.get("codes"), brief])):
        file.problem(("sources", key), f"source {key!r} is used by no value; remove it")


def check_pairs(model: Any, file: PolicyFileRead) -> None:
    """A pair stands once: under the code it denies, or where that is not checked, the paid one."""
    for code_key, parameters in model.codes.items():
        for day, entry in (parameters.pairs or {}).items():
            for number, pair in enumerate(entry.value or ()):
                if wrong := _misplaced(code_key, pair):
                    path = ("codes", code_key, "pairs", str(day), "value", number)
                    file.problem(path, f"pairs: {wrong}")


def _misplaced(code_key: str, pair: Any) -> str | None:
    """What is wrong with a pair that stands under a key of `codes`."""
    if pair.with_ == code_key:
        return f"{code_key} is paired with itself"
    if code_key not in GROUPS and pair.denied not in {code_key, pair.with_}:
        return f"denied is {pair.denied}; name {code_key} or {pair.with_}, the one that goes unpaid"
    if pair.denied != code_key and pair.denied in CHECKED:
        return f"{pair.denied} is the denied code; state the pair under {pair.denied}"
    if pair.denied not in {code_key, pair.with_}:
        return f"denied is {pair.denied}; under a group it can only be {pair.with_}"
    return None


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


def _statements(brief: Any) -> Iterable[tuple[tuple[Any, ...], dict[Any, Any]]]:
    """Path and record of every statement in a raw `brief` tree."""
    for key, stated in brief.items() if isinstance(brief, dict) else ():
        for number, statement in enumerate(stated if isinstance(stated, list) else [stated]):
            if isinstance(statement, dict):
                yield ("brief", key, number), statement


def cross_check(
    files: Sequence[PolicyFileRead], policies: Mapping[str, Policy]
) -> Iterable[FileProblem]:
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
            yield FileProblem(where, line, text + did_you_mean(policy.follows, there))
        clashes: dict[str, list[tuple[str, tuple[Any, ...]]]] = {}
        for name, path in _claims(policy):
            other = claimed.setdefault(name, policy.payer)
            if other != policy.payer:
                clashes.setdefault(other, []).append((name, path))
        for other, names in clashes.items():
            (name, path), more = names[0], len(names) - 1
            also = f" (and {more} more)" if more else ""
            text = (
                f"{name!r}{also} is claimed by {other} and by {policy.payer}; a claim has one "
                f"payer: change matches"
            )
            yield FileProblem(where, file.lines.at(path), text)


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


def explain(invalid: ValidationError, lines: Lines, file: str) -> list[FileProblem]:
    """Pydantic's errors as sentences about the file, each once."""
    told: dict[tuple[int, str], FileProblem] = {}
    for error in invalid.errors(include_url=False):
        line, text = lines.at(lines.nearest(error["loc"])), _sentence(error)
        told.setdefault((line, text), FileProblem(file, line, text))
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
    "too_short": "the list is empty",
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
        absent = error["loc"][-1]
        return f"{absent} is missing" if isinstance(absent, str) else f"{key}: an item is missing"
    if error["loc"][-1] == "[key]" and len(where) == 2:
        return _unknown_key(where[0], key)
    subject = where[2] if key == "value" and len(where) > 3 else key
    given = error.get("input")
    message = _SHAPES.get(kind, error["msg"].removeprefix("Value error, "))
    message = message[0].lower() + message[1:]
    quoted = f" {given!r}" if isinstance(given, str) and given not in (message, subject) else ""
    return f"{subject}{quoted}: {message}"


def _unknown_key(under: str, key: str) -> str:
    if under == "codes":
        return f"{key} is not a code we check{did_you_mean(key, _KNOWN_CODES)}"
    if under == "brief":
        return f"{key} is not a subject of the brief{did_you_mean(key, SUBJECTS)}"
    return f"{key}: a name under {under} is written in small letters, digits and hyphens"


_BRANCHES = frozenset({"[key]", "text", "record", "amount", "parts", "one", "several"})
