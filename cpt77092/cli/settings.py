"""`scrub.yaml`: what an office says once, in place of on every command line.

It is looked for in the working folder and upward. Its keys are the options of `scrub check` without
their dashes, and `payers:`, the office's own names for payers. It is read as strictly as a policy.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cpt77092.errors import FileProblem, SettingsError, did_you_mean
from cpt77092.policies.payer_names import OwnName
from cpt77092.policies.policy import Where
from cpt77092.policies.yaml_lines import Lines, parse

FILE = "scrub.yaml"
PAYERS = "payers"
PATHS = frozenset({"policies", "history", "output", "layout", "clean-to", "flagged-to", "rejects"})
"""Options whose values are files: a relative one is meant from the settings file's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option that the file may set."""

    name: str
    """As on the command line, without its dashes: `fail-on`."""
    is_flag: bool = False
    is_list: bool = False
    is_map: bool = False
    """A list of `KEY=VALUE`, which the file writes as keys and values."""


Value = str | bool | list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a settings file says, or nothing where there is none."""

    path: Path | None = None
    options: Mapping[str, Value] = field(default_factory=dict)
    """By the option's name."""
    payers: tuple[OwnName, ...] = ()
    lines: Lines = field(default_factory=Lines)

    def where(self, key: str) -> str:
        """`scrub.yaml:3`, the line of a key."""
        return f"{self.path}:{self.lines.at((key,))}"

    def problem(self, key: str, text: str) -> SettingsError:
        """A mistake in the value of a key."""
        return SettingsError((FileProblem(str(self.path), self.lines.at((key,)), text),))


def find_settings(folder: Path) -> Path | None:
    """The settings file of a folder or the nearest one above it, as a name short to read."""
    for place in (folder, *folder.parents):
        file = place / FILE
        if file.is_file():
            return Path(os.path.relpath(file, folder))
    return None


def read_settings(
    path: Path, known: Iterable[Option], *, on_purpose: Collection[str] = ()
) -> Settings:
    """Read a settings file.

    Args:
        path: the file.
        known: the options that it may set.
        on_purpose: options that are said on the command line or not at all.

    Raises:
        SettingsError: it is wrong anywhere; every problem with its line.
    """
    tree, lines, problems = _tree(path)
    options = {option.name: option for option in known}
    values: dict[str, Value] = {}
    payers: tuple[OwnName, ...] = ()

    def wrong(where: tuple[Any, ...], text: str) -> None:
        problems.append(FileProblem(str(path), lines.at(where), text))

    for key, value in tree.items():
        if key == PAYERS:
            payers = _own_names(path, value, lines, wrong)
        elif key in on_purpose:
            wrong((key,), f"{key} is said on the command line, with each run; never in a file")
        elif key not in options:
            hint = did_you_mean(key.replace("_", "-").lstrip("-"), (*options, PAYERS))
            wrong((key,), f"{key} is no setting{hint}; scrub check --show-settings lists them")
        else:
            read, mistake = _value(options[key], value)
            if mistake:
                wrong((key,), f"{key}: {mistake}")
            else:
                values[key] = _from_folder(path.parent, read) if key in PATHS else read
    if problems:
        raise SettingsError(tuple(sorted(problems, key=lambda problem: problem.line)))
    return Settings(path=path, options=values, payers=payers, lines=lines)


def _tree(path: Path) -> tuple[dict[str, Any], Lines, list[FileProblem]]:
    """The file as keys and values, or one problem that stands for all."""

    def unreadable(text: str, line: int = 1) -> SettingsError:
        return SettingsError((FileProblem(str(path), line, text),))

    try:
        tree, lines, repeated = parse(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise unreadable(f"cannot be read ({problem.strerror})") from None
    except (UnicodeDecodeError, RecursionError):
        raise unreadable("not UTF-8 text, or nested too deeply") from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        what = getattr(problem, "problem", None) or getattr(problem, "reason", "not readable")
        told = f"not readable as YAML: {what}; a value with {{ [ : or # in it wants quotes"
        raise unreadable(told, mark.line + 1 if mark else 1) from None
    if not isinstance(tree, dict):
        raise unreadable("a settings file is keys and values, as in fail-on: warning")
    return tree, lines, [FileProblem(str(path), line, text) for line, text in repeated]


def _value(option: Option, value: Any) -> tuple[Value, str]:
    """The value of an option, or what is wrong with it."""
    if option.is_map:
        if isinstance(value, dict) and all(isinstance(v, str) and v for v in value.values()):
            return [f"{key}={text}" for key, text in value.items()], ""
        return "", "write keys and values under it, as in {hcpcs_code: Procedure}"
    if isinstance(value, list) and option.is_list:
        if value and all(isinstance(text, str) and text for text in value):
            return value, ""
        return "", "write a list of plain values, [A, B]"
    if not isinstance(value, str):
        return "", "write one value" + (" or a list, [A, B]" if option.is_list else "")
    if not value:
        return "", "no value; give one, or leave the key out"
    if option.is_flag:
        return value == "true", "" if value in {"true", "false"} else "write true or false"
    return [value] if option.is_list else value, ""


def _own_names(path: Path, value: Any, lines: Lines, wrong: Any) -> tuple[OwnName, ...]:
    if not isinstance(value, dict):
        wrong((PAYERS,), "payers: write your payer names with a policy each, Blue of Ohio: bcbs")
        return ()
    names = []
    for name, policy in value.items():
        where = (PAYERS, name)
        if isinstance(policy, str) and policy:
            names.append(OwnName(name, policy, Where(str(path), lines.at(where))))
        else:
            wrong(where, f"payers: {name!r} names no policy; scrub policies list shows them")
    return tuple(names)


def _from_folder(folder: Path, value: Value) -> Value:
    """File names as they are meant: from the folder in which the settings stand."""
    if isinstance(value, list):
        return [str(folder / name) for name in value]
    return str(folder / str(value))
