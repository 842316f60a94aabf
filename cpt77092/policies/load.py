"""Reads folders of policy files into one `PolicySet`, or reports every problem in them at once."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import fields, replace
from datetime import timedelta
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from operator import attrgetter
from pathlib import Path
from typing import Any

import yaml

from cpt77092.errors import FileProblem, PolicyError, Problem, UsageError
from cpt77092.policies.build import build_policy
from cpt77092.policies.own_rules import own_rules
from cpt77092.policies.parameters import AMOUNTS, PARAMETERS
from cpt77092.policies.policy import (
    DatedValue,
    EntryKind,
    Matches,
    Overridden,
    Policy,
    PolicySet,
)
from cpt77092.policies.validate import (
    PolicyFileRead,
    cross_check,
    is_rule_file,
    problem_of_table,
    validate,
)
from cpt77092.policies.yaml_lines import parse, split_examples
from cpt77092.reference.sources import Confidence
from cpt77092.text import small_file

PACKAGED = "packaged"
TABLES_FOLDER = "tables"
"""The folder, in that of the policies, with lists that are no values of a code."""
ENDINGS = (".yaml", ".yml")


def packaged_folder() -> Traversable:
    """The policies that come with the program: in the wheel, or next to the package in a clone.

    A wheel may be used as it is, as a zip file on the path.
    """
    package = files("cpt77092")
    inside = package.joinpath("_policies")
    return Path(str(package)).with_name("policies") if not inside.is_dir() else inside


def load_policies(user_folder: Path | None = None, *, trust_packaged: bool = True) -> PolicySet:
    """Read the packaged policies and lay the user's folder over them.

    A user's file for a known payer changes that payer's policy. Packaged files are trusted unless
    asked otherwise, which saves a sixth of the time of a short run; tests hold that they are valid.

    Raises:
        UsageError: the folder does not exist or holds no policy file.
        PolicyError: any file is wrong; it lists every problem in all of them.
    """
    return load_folders(packaged_folder(), user_folder, trust_base=trust_packaged)


def load_folders(
    folder: Traversable, user_folder: Path | None = None, *, trust_base: bool = False
) -> PolicySet:
    """Read one complete folder of policies, perhaps known to be valid, and one over it.

    Raises:
        UsageError: a folder does not exist or holds no policy file.
        PolicyError: any file is wrong; it lists every problem in all of them.
    """
    digest = hashlib.sha256()
    read = _read_folder(folder, digest, is_base=True, is_trusted=trust_base)
    tables: dict[str, str] = {}
    problems: list[FileProblem] = []
    if user_folder is not None:
        read += _read_folder(user_folder, digest, is_base=False, is_trusted=False)
        tables = _read_tables(user_folder / TABLES_FOLDER, digest, problems)
    layered: dict[str, Policy] = {}
    for policy in (file.policy for file in read if file.policy is not None):
        base = layered.get(policy.payer)
        layered[policy.payer] = policy if base is None else _lay_over(base, policy)
    layered = {payer: with_amounts_carried_on(policy) for payer, policy in layered.items()}
    rules = own_rules(read, layered)
    problems += [problem for file in read for problem in file.problems]
    problems += cross_check(read, layered)
    if problems:
        raise PolicyError(tuple(sorted(problems, key=lambda p: (p.file, p.line))))
    base_name = PACKAGED if str(folder) == str(packaged_folder()) else str(folder)
    origin = (base_name, str(user_folder)) if user_folder else (base_name,)
    return PolicySet(layered, origin, digest.hexdigest(), tables, rules=rules)


def is_policy_folder(folder: Path) -> bool:
    """Whether a folder holds policy files or lists."""
    return any(folder.glob("*.yaml")) or any((folder / TABLES_FOLDER).glob("*.txt"))


def _read_tables(folder: Path, digest: Any, problems: list[FileProblem]) -> dict[str, str]:
    """The texts of the lists in a folder by name, as `scrub policies import` writes them."""
    tables = {}
    for path in sorted(folder.glob("*.txt")):
        content = file_content(path)
        digest.update(path.name.encode() + b"\0" + content + b"\0")
        text = content.decode("utf-8", errors="replace")
        problem = problem_of_table(path.name, text)
        if problem is not None:
            problems.append(FileProblem(str(path), *problem))
        tables[path.name] = text
    return tables


def file_content(path: Traversable) -> bytes:
    """The bytes of a small file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return small_file(path)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read ({problem.strerror})") from None


def lay_over(policies: PolicySet, payer: str, text: str) -> PolicySet:
    """The policies with one more file of a user's over them, the text of which is given.

    Raises:
        PolicyError: the text is wrong; it lists every problem.
    """
    content = text.encode("utf-8")
    file = _read_file(Path(f"{payer}.yaml"), content, is_base=False, is_trusted=False)
    if file.policy is None or file.problems:
        raise PolicyError(tuple(file.problems))
    changed = {**policies.policies, payer: _lay_over(policies[payer], file.policy)}
    digest = hashlib.sha256(policies.digest.encode() + content).hexdigest()
    return replace(policies, policies=changed, digest=digest)


def _unusable(folder: Traversable, why: str) -> UsageError:
    return UsageError(Problem(text=why, argument="policies", value=str(folder)))


def _read_folder(
    folder: Traversable, digest: Any, *, is_base: bool, is_trusted: bool
) -> list[PolicyFileRead]:
    if not folder.is_dir():
        raise _unusable(folder, "no such folder")
    paths = [path for path in folder.iterdir() if path.name.endswith(ENDINGS)]
    if not paths and (is_base or not (folder / TABLES_FOLDER).is_dir()):
        raise _unusable(folder, "the folder holds no .yaml policy files")
    by_stem: dict[str, PolicyFileRead] = {}
    for path in sorted(paths, key=attrgetter("name")):
        content, _ = split_examples(file_content(path))
        digest.update(path.name.encode() + b"\0" + content + b"\0")
        file = _read_file(path, content, is_base=is_base, is_trusted=is_trusted)
        if file.stem in by_stem:
            file.problem((), f"{by_stem[file.stem].path.name} is this payer's file already")
        by_stem.setdefault(file.stem, file)
        if file is not by_stem[file.stem]:
            by_stem[file.stem].problems += file.problems
    return list(by_stem.values())


def _read_file(
    path: Traversable, content: bytes, *, is_base: bool, is_trusted: bool
) -> PolicyFileRead:
    """Read one policy file, with every problem that can be seen in it alone."""
    if is_trusted:
        # While somebody edits a packaged file it may be broken; validation then says where.
        with suppress(KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
            return replace(_read_trusted(str(path), content), path=path, problems=[])
    file = PolicyFileRead(path)
    tree = parse_file(content, file)
    if tree is None:
        return file
    validate(tree, file, is_base=is_base)
    if not file.problems and not is_rule_file(tree):
        file.policy = build_policy(tree, file.lines, str(path))
    return file


@lru_cache(maxsize=32)
def _read_trusted(path: str, content: bytes) -> PolicyFileRead:
    """Read one policy file that is known to be valid; once for all checks of a program.

    Raises:
        ValueError: it is not YAML, or repeats a key; other mistakes raise what they come to.
    """
    file = PolicyFileRead(Path(path))
    tree = parse_file(content, file)
    if tree is None or file.problems:
        raise ValueError(path)
    file.policy = build_policy(tree, file.lines, path)
    return file


def parse_file(content: bytes, file: PolicyFileRead) -> dict[str, Any] | None:
    """The file as mappings, lists and text; None where it is not YAML with keys."""
    try:
        tree, file.lines, repeated = parse(content.decode("utf-8"))
    except RecursionError:
        file.problem((), "nested too deeply to be a policy")
    except UnicodeDecodeError:
        file.problem((), "the file is not UTF-8 text")
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        what = getattr(problem, "problem", None) or getattr(problem, "reason", "not readable")
        line = mark.line + 1 if mark else 1
        text = f"not readable as YAML: {what}"
        file.problems.append(FileProblem(str(file.path), line, text))
    else:
        file.problems += [FileProblem(str(file.path), line, text) for line, text in repeated]
        if isinstance(tree, dict):
            return tree
        file.problem((), "a policy file is a list of keys and values, beginning with payer: KEY")
    return None


def laid_over(
    ours: tuple[DatedValue, ...], users: tuple[DatedValue, ...]
) -> tuple[DatedValue, ...]:
    """The user's entries over ours.

    Ours hold again where theirs is *not available*, and where ours begin after the last day that
    the source of theirs covers.
    """
    merged = [entry for entry in ours if entry.first_day < users[0].first_day]
    for entry, following in zip(users, [*users[1:], None], strict=True):
        until = following.first_day if following else None
        within = [e for e in ours if e.first_day > entry.first_day]
        within = [e for e in within if until is None or e.first_day < until]
        covered = entry.source.until if entry.source else None
        before = [e for e in ours if e.first_day <= entry.first_day]
        if entry.kind is not EntryKind.NOT_AVAILABLE:
            merged.append(entry)
            merged += [e for e in within if covered is not None and e.first_day > covered]
        elif before:
            merged += [replace(before[-1], first_day=entry.first_day), *within]
        else:
            merged += [entry, *within]
    return tuple(merged)


def with_amounts_carried_on(policy: Policy) -> Policy:
    """The policy with each amount kept, as recalled, after the last day that its source covers.

    A fee of last year is nearer to this year's than nothing is; no error rests on it.
    """
    values = {
        (code, parameter): _carried_on(entries)
        for (code, parameter), entries in policy.values.items()
        if PARAMETERS[parameter].kind in AMOUNTS
    }
    return replace(policy, values={**policy.values, **values})


def _carried_on(entries: tuple[DatedValue, ...]) -> tuple[DatedValue, ...]:
    carried: list[DatedValue] = []
    for entry, following in zip(entries, [*entries[1:], None], strict=True):
        carried.append(entry)
        source = entry.source
        if entry.kind is not EntryKind.VALUE or source is None or source.until is None:
            continue
        first_day = source.until + timedelta(days=1)
        if following is None or following.first_day > first_day:
            note = f"amount of {source.until.year}; none of {first_day.year} is on file"
            recalled = replace(source, confidence=Confidence.RECALLED)
            carried.append(replace(entry, first_day=first_day, source=recalled, note=note))
    return tuple(carried)


def _both(ours: Matches, users: Matches) -> Matches:
    """The words of both files."""
    lists = {
        one.name: getattr(ours, one.name) + getattr(users, one.name)
        for one in fields(Matches)
        if isinstance(getattr(ours, one.name), tuple)
    }
    others = {**ours.others, **users.others}
    for kind in ours.others.keys() & users.others.keys():
        others[kind] = _both(ours.others[kind], users.others[kind])
    return replace(
        ours,
        **lists,
        part_of=users.part_of or ours.part_of,
        states={**ours.states, **users.states},
        others=others,
    )


def _lay_over(ours: Policy, users: Policy) -> Policy:
    """The user's file over ours: from the user's first day of a parameter on, the user's holds."""
    values = dict(ours.values)
    overridden = ours.overridden + users.overridden
    for (code, parameter), entries in users.values.items():
        before = ours.values.get((code, parameter), ())
        values[code, parameter] = laid_over(before, entries)
        overridden += (
            Overridden(
                parameter=parameter,
                codes=frozenset({code}),
                key=PACKAGED,
                by_key=users.payer,
                entries=tuple(entry for entry in before if entry not in values[code, parameter]),
                by=entries,
            ),
        )
    return replace(
        ours,
        label=users.label if users.label != users.payer else ours.label,
        matches=_both(ours.matches, users.matches),
        follows=users.follows or ours.follows,
        checked_on=users.checked_on or ours.checked_on,
        values=values,
        brief={**ours.brief, **users.brief},
        sources={**ours.sources, **users.sources},
        where={**ours.where, **users.where},
        overridden=overridden,
    )
