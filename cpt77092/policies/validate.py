"""Checks of policy files: each mistake with its file, its line and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpt77092.errors import FileProblem, did_you_mean
from cpt77092.policies.parameters import GROUPS, ISO_DAY, PARAMETERS, SUBJECTS
from cpt77092.policies.payer_words import normal_name
from cpt77092.policies.policy import Policy
from cpt77092.policies.yaml_lines import Lines
from cpt77092.reference import icd10
from cpt77092.reference.code_list import CARCS, MODIFIERS, PLACES, RARCS, problem_of_code_list
from cpt77092.reference.codes import CHECKED
from cpt77092.reference.localities import LOCALITIES, RELATIVE_VALUES, problem_of_indices

if TYPE_CHECKING:
    from pydantic import ValidationError


@dataclass(slots=True)
class PolicyFileRead:
    """One policy file as read: the line of each part, what is wrong, and the policy it gave."""

    path: Traversable
    lines: Lines = field(default_factory=Lines)
    problems: list[FileProblem] = field(default_factory=list)
    policy: Policy | None = None
    own_rules: Mapping[str, Any] = field(default_factory=dict)
    """Own rules by code, valid but for what their conditions and messages name."""

    @property
    def stem(self) -> str:
        """The payer's key, by the file's name."""
        return Path(self.path.name).stem

    def problem(self, path: tuple[Any, ...], text: str) -> None:
        """Record a mistake at the line of a path of keys."""
        self.problems.append(FileProblem(str(self.path), self.lines.at(path), text))


def validate(tree: dict[str, Any], file: PolicyFileRead, *, is_base: bool) -> None:
    """Record every mistake that can be seen in one file alone, given as a parsed tree.

    A file of the complete set, not of a user's folder over it, has to say more (`is_base`).
    """
    from pydantic import ValidationError

    from cpt77092.policies.schema import RuleFile, policy_model

    if is_rule_file(tree):
        try:
            RuleFile.model_validate(tree)
            file.own_rules = tree["rules"]
        except ValidationError as invalid:
            file.problems += as_problems(invalid, file)
        return
    _check_sources(tree, file)
    _check_dates(tree, file)
    try:
        policy_model().model_validate(tree)
    except ValidationError as invalid:
        file.problems += as_problems(invalid, file)
        return
    _check_head(tree, file, is_base=is_base)
    _check_pairs(tree, file)


def is_rule_file(tree: Mapping[str, Any]) -> bool:
    """Whether a file of a policy folder has own rules, and not a payer's policy."""
    return "rules" in tree and "payer" not in tree


def _check_head(tree: dict[str, Any], file: PolicyFileRead, *, is_base: bool) -> None:
    """The payer's key, whom it follows, and what only a file of the complete set must have."""
    payer, stem = tree["payer"], file.stem
    if payer != stem:
        text = f"payer is {payer!r} but the file is named {stem}; make them the same"
        file.problem(("payer",), text)
    if tree.get("follows") == payer:
        file.problem(("follows",), f"{payer} cannot follow itself")
    if is_base:
        for key in ("label", "checked_on"):
            if key not in tree:
                file.problem(("payer",), f"{key} is missing")


def _check_dates(tree: dict[str, Any], file: PolicyFileRead) -> None:
    """The dates of a parameter are in order, earliest first."""
    for path, entries in _dated(tree.get("codes")):
        days = [day for day in entries if ISO_DAY.fullmatch(day)]
        if days != sorted(days):
            file.problem(path, f"{path[-1]}: the dates are not in order, earliest first")


def _check_sources(tree: dict[str, Any], file: PolicyFileRead) -> None:
    """Every value cites a source, every source cited is listed, and every one listed is cited."""
    stated = tree.get("sources", {})
    listed = stated if isinstance(stated, dict) else {}
    brief = tree.get("brief")
    for path, entries in _dated(tree.get("codes")):
        for day, entry in entries.items():
            if isinstance(entry, dict):
                _check_cited((*path, day), entry, listed, file)
                if _lacks_source(entry) and not isinstance(stated, str):
                    file.problem((*path, day), f"{path[-1]} from {day} names no source")
    for path, statement in _statements(brief):
        _check_cited(path, statement, listed, file)
    # Any mention counts, so that a misplaced citation is not reported again as an unused source.
    for key in listed.keys() - set(_texts([tree.get("codes"), brief])):
        file.problem(("sources", key), f"source {key!r} is used by no value; remove it")


def _check_cited(
    path: tuple[Any, ...], record: dict[str, Any], listed: Mapping[str, Any], file: PolicyFileRead
) -> None:
    for key in (record.get("source"), record.get("contradicted_by")):
        if isinstance(key, str) and key not in listed:
            hint = did_you_mean(key, listed)
            file.problem(path, f"source {key!r} is not listed under sources{hint}")


def _lacks_source(entry: dict[str, Any]) -> bool:
    # A misspelled key (`sorce:`) is reported as unknown, so it is not reported here again.
    is_well_formed = entry.keys() <= set(_ENTRY_KEYS)
    return is_well_formed and bool(entry.keys() & {"value", "ended"}) and "source" not in entry


def _check_pairs(tree: dict[str, Any], file: PolicyFileRead) -> None:
    """A pair is stated once: under the code it denies, or if that is not checked, the paid one."""
    for code_key, parameters in tree.get("codes", {}).items():
        for day, entry in parameters.get("pairs", {}).items():
            for number, pair in enumerate(entry.get("value", ())):
                if problem := _misplaced(code_key, pair["with"], pair["denied"]):
                    path = ("codes", code_key, "pairs", day, "value", number)
                    file.problem(path, f"pairs: {problem}")


def _misplaced(code_key: str, partner: str, denied: str) -> str | None:
    """What is wrong with a pair under a key of `codes`."""
    if partner == code_key:
        return f"{code_key} is paired with itself"
    if code_key not in GROUPS and denied not in {code_key, partner}:
        return f"denied is {denied}; name {code_key} or {partner}, the one that goes unpaid"
    if denied != code_key and denied in CHECKED:
        return f"{denied} is the denied code; state the pair under {denied}"
    if denied not in {code_key, partner}:
        return f"denied is {denied}; under a group it can only be {partner}"
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
    """Mistakes between files: a policy followed that does not exist, a name of two payers."""
    known = {file.stem for file in files if not file.own_rules} | policies.keys()
    owners: dict[str, str] = {}
    for file in files:
        if file.policy is None:
            continue
        follows = file.policy.follows
        if follows is not None and follows not in known:
            text = f"follows {follows!r}, but there is no such policy{did_you_mean(follows, known)}"
            yield FileProblem(str(file.path), file.lines.at(("follows",)), text)
        yield from _shared_names(file, file.policy, owners)


def _shared_names(
    file: PolicyFileRead, policy: Policy, owners: dict[str, str]
) -> Iterable[FileProblem]:
    """Names and ids that another payer has already, one problem for each other payer.

    New names of this policy are added to `owners`, the payer of each name so far.
    """
    clashes: dict[str, list[tuple[str, tuple[Any, ...]]]] = {}
    for name, path in _payer_names(policy):
        owner = owners.setdefault(name, policy.payer)
        if owner != policy.payer:
            clashes.setdefault(owner, []).append((name, path))
    for owner, names in clashes.items():
        (name, path), more = names[0], len(names) - 1
        also = f" (and {more} more)" if more else ""
        text = (
            f"{name!r}{also} is claimed by {owner} and by {policy.payer}; a claim has one payer: "
            "change matches"
        )
        yield FileProblem(str(file.path), file.lines.at(path), text)


def _payer_names(policy: Policy) -> Iterable[tuple[str, tuple[Any, ...]]]:
    """Everything that a claim may call the payer, each with its path in the file."""
    named: dict[str, tuple[Any, ...]] = {
        normal_name(policy.payer): ("payer",),
        normal_name(policy.label): ("label",),
    }
    named |= {
        normal_name(name): ("matches", "names", number)
        for number, name in enumerate(policy.matches.names)
    }
    yield from named.items()
    for number, payer_id in enumerate(policy.matches.payer_ids):
        yield payer_id, ("matches", "payer_ids", number)


def as_problems(invalid: ValidationError, file: PolicyFileRead) -> list[FileProblem]:
    """Pydantic's errors as sentences about the file, each once."""
    lines = file.lines
    errors = invalid.errors(include_url=False)
    located = dict.fromkeys((lines.at(lines.nearest(e["loc"])), _sentence(e)) for e in errors)
    return [FileProblem(str(file.path), line, text) for line, text in located]


_TOP_KEYS = ("payer", "label", "matches", "follows", "checked_on", "sources", "codes", "brief")
_ENTRY_KEYS = ("value", "source", "ended", "not_available", "note", "contradicted_by")
_RULE_KEYS = (
    *("name", "codes", "condition", "severity", "message", "remedy", "denial", "source", "why"),
    *("group", "carc", "rarc"),
)
_EXAMPLE_KEYS = ("name", "lines", "findings")
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
    """One validation error as a sentence in the words of the file."""
    kind, last = error["type"], error["loc"][-1]
    # Pydantic also names union branches and list positions; the file has only the keys.
    keys = [str(p) for p in error["loc"] if isinstance(p, str | date) and p not in _BRANCHES]
    key = keys[-1] if keys else "the file"
    if kind == "extra_forbidden":
        return _extra_key(keys)
    if kind == "missing":
        return f"{last} is missing" if isinstance(last, str) else f"{key}: an item is missing"
    if last == "[key]" and len(keys) == 2:
        return _unknown_key(keys[0], key)
    subject = keys[2] if key == "value" and len(keys) > 3 else key
    message = _SHAPES.get(kind, error["msg"].removeprefix("Value error, "))
    message = message[0].lower() + message[1:]
    given = error.get("input")
    quoted = f" {given!r}" if isinstance(given, str) and given not in (message, subject) else ""
    return f"{subject}{quoted}: {message}"


def _extra_key(keys: list[str]) -> str:
    key = keys[-1]
    if len(keys) == 3 and keys[0] == "codes":
        return f"{key} is not a parameter we know{did_you_mean(key, PARAMETERS)}"
    if keys == ["rules"]:
        return "rules: write them in a file of their own, without payer"
    if keys == ["examples"]:
        return "examples: write them at the end of the file, below a line of ---"
    if keys[0] == "examples":
        from cpt77092.policies.example_line import EXAMPLE_LINE

        known = EXAMPLE_LINE if "lines" in keys else _EXAMPLE_KEYS
        return f"{key} is not a key we know here{did_you_mean(key, known)}"
    if keys[0] == "rules" and len(keys) > 1:
        return f"{key} is not a key of a rule{did_you_mean(key, _RULE_KEYS)}"
    return f"{key} is not a key we know here{did_you_mean(key, (*_TOP_KEYS, *_ENTRY_KEYS))}"


def _unknown_key(under: str, key: str) -> str:
    if under == "rules":
        return f"{key}: the codes of own rules are OWN001 to OWN999"
    if under == "codes":
        return f"{key} is not a code we check{did_you_mean(key, _KNOWN_CODES)}"
    if under == "brief":
        return f"{key} is not a subject of the brief{did_you_mean(key, SUBJECTS)}"
    return f"{key}: write a name under {under} in lowercase letters, digits and hyphens"


_BRANCHES = frozenset({"[key]", "text", "record", "amount", "parts", "one", "several"})


_PROBLEM_OF: Mapping[str, Callable[[str], tuple[int, str] | None]] = {
    icd10.USERS_LIST: icd10.problem_of_list,
    **dict.fromkeys((MODIFIERS, PLACES, CARCS, RARCS), problem_of_code_list),
    RELATIVE_VALUES: partial(problem_of_indices, is_of_codes=True),
    LOCALITIES: partial(problem_of_indices, is_of_codes=False),
}
"""The lists that a user's policy folder may hold, by the beginnings of their names."""


def problem_of_table(name: str, text: str) -> tuple[int, str] | None:
    """What is wrong with a list, and in which line; None where nothing is."""
    for beginning, problem_of in _PROBLEM_OF.items():
        if name.startswith(beginning):
            return problem_of(text)
    known = ", ".join(f"{beginning}..." for beginning in _PROBLEM_OF)
    return 1, f"not the name of a list; those are named {known}"
