"""Policy files in, one checked `PolicySet` out, or every problem in them at once."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from cpt77092.errors import FileProblem, PolicyError, UsageError
from cpt77092.policies.code_groups import expand, specificity
from cpt77092.policies.packaged import read_sound
from cpt77092.policies.parameters import PARAMETERS
from cpt77092.policies.policy import DatedValue, EntryKind, Overridden, Policy, PolicySet, Where
from cpt77092.policies.validate import (
    PolicyFileRead,
    check_dates,
    check_head,
    check_pairs,
    check_sources,
    cross_check,
    explain,
)
from cpt77092.policies.yaml_lines import Lines, parse
from cpt77092.reference.sources import Confidence, Source

PACKAGED = "packaged"
ENDINGS = (".yaml", ".yml")
PLAIN_SOURCE = "this file"
"""Key of the one source of a file whose `sources` is a plain sentence."""


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
    problems += cross_check(files, layered)
    if problems:
        raise PolicyError(tuple(sorted(problems, key=lambda p: (p.file, p.line))))
    base = PACKAGED if folder == packaged_folder() else str(folder)
    origin = (base, str(user_folder)) if user_folder else (base,)
    return PolicySet(layered, origin, digest.hexdigest())


def _read_folder(folder: Path, digest: Any, *, users: bool) -> list[PolicyFileRead]:
    if not folder.is_dir():
        raise UsageError(f"--policies {folder}: no such folder")
    paths = sorted(path for path in folder.iterdir() if path.suffix in ENDINGS)
    if not paths:
        raise UsageError(f"--policies {folder}: the folder holds no .yaml policy files")
    files: dict[str, PolicyFileRead] = {}
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as problem:
            raise UsageError(f"{path}: cannot be read ({problem.strerror})") from None
        digest.update(path.name.encode() + b"\0" + content + b"\0")
        file = read_policy(path, content, users=users)
        if path.stem in files:
            file.problem((), f"{files[path.stem].path.name} is this payer's file already")
        files.setdefault(path.stem, file)
        if file is not files[path.stem]:
            files[path.stem].problems += file.problems
    return list(files.values())


def read_policy(path: Path, content: bytes, *, users: bool) -> PolicyFileRead:
    """Read one policy file, with every problem that can be seen in it alone."""
    file = PolicyFileRead(path, Lines(), [])
    try:
        tree, file.lines, repeated = parse(content.decode("utf-8"))
    except RecursionError:
        file.problem((), "nested too deeply to be a policy")
        return file
    except UnicodeDecodeError:
        file.problem((), "the file is not UTF-8 text")
        return file
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        what = getattr(problem, "problem", None) or getattr(problem, "reason", "not readable")
        line = mark.line + 1 if mark else 1
        file.problems.append(FileProblem(str(path), line, f"not readable as YAML: {what}"))
        return file
    if not isinstance(tree, dict):
        file.problem((), "a policy file is a list of keys and values, beginning with payer: KEY")
        return file
    file.problems += [FileProblem(str(path), line, text) for line, text in repeated]
    check_sources(tree, file)
    check_dates(tree, file)
    model = read_sound(tree) or _read_closely(tree, file)
    if model is None:
        return file
    check_head(model, file, users=users)
    check_pairs(model, file)
    if not file.problems:
        file.policy = _Builder(model, file).policy()
    return file


def _read_closely(tree: dict[str, Any], file: PolicyFileRead) -> Any:
    """The file as Pydantic reads it, or None, its mistakes noted."""
    from pydantic import ValidationError

    from cpt77092.policies.schema import policy_model

    try:
        return policy_model().model_validate(tree)
    except ValidationError as invalid:
        file.problems += explain(invalid, file.lines, str(file.path))
        return None


class _Builder:
    """Turns a valid file into a `Policy`."""

    def __init__(self, model: Any, file: PolicyFileRead) -> None:
        self.model = model
        self.file = file
        self.sources = self._sources()
        self.overruled: list[Overridden] = []

    def policy(self) -> Policy:
        matches = self.model.matches
        values = self._values()
        heads = [("payer",), ("checked_on",), *(("sources", key) for key in self.sources)]
        return Policy(
            payer=self.model.payer,
            label=self.model.label or self.model.payer,
            names=matches.names,
            payer_ids=matches.payer_ids,
            unless=matches.unless,
            follows=self.model.follows,
            checked_on=self.model.checked_on,
            values=values,
            brief={
                key: tuple(
                    (statement.text, self._source(statement.source))
                    for statement in (stated if isinstance(stated, tuple) else (stated,))
                )
                for key, stated in self.model.brief.items()
            },
            sources=self.sources,
            where={path: self._where(path) for path in heads},
            overruled=tuple(self.overruled),
        )

    def _where(self, path: tuple[str, ...]) -> Where:
        return Where(str(self.file.path), self.file.lines.at(path))

    def _sources(self) -> dict[str, Source]:
        # A plain sentence does not say that anybody read the text, so it is no primary source.
        stated = self.model.sources
        if isinstance(stated, str):
            return {PLAIN_SOURCE: Source(title=stated, confidence=Confidence.SECONDARY)}
        return {
            key: Source(title=entry, confidence=Confidence.SECONDARY)
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
        under: dict[tuple[str, str], str] = {}
        for code_key in sorted(self.model.codes, key=specificity):
            for parameter in PARAMETERS:
                stated = getattr(self.model.codes[code_key], parameter)
                if stated is None:
                    continue
                path = ("codes", code_key, parameter)
                entries = tuple(self._entry(path, day, entry) for day, entry in stated.items())
                keys = {(code, parameter) for code in expand(code_key)}
                for key in sorted({under[key] for key in keys & under.keys()}):
                    same = [one for one in keys if under.get(one) == key]
                    self.overruled.append(
                        Overridden(
                            parameter=parameter,
                            codes=frozenset(code for code, _ in same),
                            key=key,
                            by_key=code_key,
                            entries=values[same[0]],
                            by=entries,
                        )
                    )
                values |= dict.fromkeys(keys, entries)
                under |= dict.fromkeys(keys, code_key)
        return values

    def _entry(self, path: tuple[str, ...], day: date, entry: Any) -> DatedValue:
        says = EntryKind.NOT_AVAILABLE
        if entry.value is not None:
            says = EntryKind.VALUE
        elif entry.ended is not None:
            says = EntryKind.ENDED
        return DatedValue(
            first_day=day,
            kind=says,
            value=entry.value,
            source=self._source(entry.source),
            note=entry.not_available or entry.note,
            contradicted_by=self.sources[entry.contradicted_by] if entry.contradicted_by else None,
            where=self._where((*path, day.isoformat())),
        )

    def _source(self, key: str | None) -> Source | None:
        return self.sources.get(PLAIN_SOURCE if key is None else key)


def _spliced(ours: tuple[DatedValue, ...], users: tuple[DatedValue, ...]) -> tuple[DatedValue, ...]:
    """The user's entries over ours: where theirs says *not available*, ours speaks again."""
    spliced = [entry for entry in ours if entry.first_day < users[0].first_day]
    for entry, following in zip(users, [*users[1:], None], strict=True):
        until = following.first_day if following else None
        within = [e for e in ours if e.first_day > entry.first_day]
        within = [e for e in within if until is None or e.first_day < until]
        before = [e for e in ours if e.first_day <= entry.first_day]
        if entry.kind is not EntryKind.NOT_AVAILABLE:
            spliced.append(entry)
        elif before:
            spliced += [replace(before[-1], first_day=entry.first_day), *within]
        else:
            spliced += [entry, *within]
    return tuple(spliced)


def _lay_over(ours: Policy, users: Policy) -> Policy:
    """The user's file over ours: from a parameter's first day of theirs on, theirs holds."""
    values = dict(ours.values)
    overruled = ours.overruled + users.overruled
    for (code, parameter), entries in users.values.items():
        before = ours.values.get((code, parameter), ())
        values[code, parameter] = _spliced(before, entries)
        overruled += (
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
        names=ours.names + users.names,
        payer_ids=ours.payer_ids + users.payer_ids,
        unless=ours.unless + users.unless,
        follows=users.follows or ours.follows,
        checked_on=users.checked_on or ours.checked_on,
        values=values,
        brief={**ours.brief, **users.brief},
        sources={**ours.sources, **users.sources},
        where={**ours.where, **users.where},
        overruled=overruled,
    )
