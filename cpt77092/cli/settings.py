"""`scrub.yaml`: the options that an office sets once, instead of on every command line.

The file is looked for in the working folder and the folders above it; one that others could have
written is refused unless `--settings` names it. Its keys are the options of `scrub check` without
their dashes, and `payers:`, the office's own names for payers.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

from cpt77092.claims.layouts import user_folder
from cpt77092.errors import FileProblem, SettingsError, did_you_mean
from cpt77092.frozen import frozen
from cpt77092.policies.payer_names import OwnName
from cpt77092.policies.policy import Where
from cpt77092.policies.yaml_lines import Lines, SettingsFile, read_tree

FILE = "scrub.yaml"
ACCEPTED = "scrub-accepted.yaml"
PAYERS = "payers"
PATHS = frozenset({"policies", "history", "layout", "accepted", "since"})
"""Options whose values are files: relative names start at the folder of the settings file."""
OUTPUTS = frozenset({"output", "clean-to", "flagged-to", "hold-list", "release-list", "rejects"})
"""Options that write files: only the command line and the environment name those."""
_WEAKENING = {
    "exit-zero": "true",
    "allow-rejects": "true",
    "fail-on": "never",
    "only-new": "true",
}
_NARROWING = frozenset({"accepted", "ignore", "select", "without"})

Kind = Literal["value", "flag", "list", "map"]
"""What an option takes: one value, none, several, or `KEY=VALUE` pairs."""
Value = str | bool | list[str]


@frozen(kw_only=True)
class Settings:
    """The contents of a settings file; empty if there is none."""

    path: Path | None = None
    options: Mapping[str, Value] = field(default_factory=dict)
    """Values by the name of the option."""
    payers: tuple[OwnName, ...] = ()
    lines: Lines = field(default_factory=Lines)

    def in_force(self, names: Collection[str]) -> str:
        """`scrub.yaml (fail-on: never)`: the file, and some of its options with their values."""
        values = (f"{name}: {shown(self.options[name])}" for name in names)
        return f"{self.path} ({', '.join(values)})" if self.path and names else str(self.path or "")

    def weakens(self, name: str) -> bool:
        """Whether an option of the file lets a run pass that would not pass without it."""
        return name in _NARROWING or _WEAKENING.get(name) == shown(self.options[name])

    def where(self, key: str) -> str:
        """`scrub.yaml:3`, the line of a key."""
        return f"{self.path}:{self.lines.at((key,))}"

    def problem(self, key: str, text: str) -> SettingsError:
        """A mistake in the value of a key."""
        return SettingsError((FileProblem(str(self.path), self.lines.at((key,)), text),))


def shown(value: object) -> str:
    """A value as a settings file has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def find_settings(folder: Path, name: str = FILE) -> Path | None:
    """The settings file of a folder or of the nearest one above it, relative to that folder."""
    for parent in (folder, *folder.parents):
        file = parent / name
        if file.is_file():
            return Path(os.path.relpath(file, folder))
    return None


def require_own(path: Path, option: str = "--settings") -> None:
    """Refuse a settings file that somebody else wrote, or could have written.

    `option` is the one that names such a file.

    Raises:
        SettingsError: it or its folder does not belong to the user or root, or others may write.
    """
    if os.name != "posix":
        return
    real = path.resolve()
    for place in dict.fromkeys((path, path.parent, real.parent)):
        status = place.stat()
        if status.st_uid not in (os.geteuid(), 0):
            why, remedy = f"{place} belongs to another user", ""
        elif status.st_mode & 0o002 or (status.st_mode & 0o020 and not _is_own(status.st_gid)):
            why, remedy = f"other users may write to {place}", f"type chmod go-w {place}, or "
        else:
            continue
        text = f"not used, since {why}; {remedy}name it to trust it: {option} {path}"
        raise SettingsError((FileProblem(str(path), 1, text),))


def _is_own(group: int) -> bool:
    """Whether a group is the user's own, with no other member."""
    import grp
    import pwd

    try:
        user, entry = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    is_named_alike = group == user.pw_gid and entry.gr_name == user.pw_name
    return is_named_alike and {*entry.gr_mem} <= {user.pw_name}


def layout_folder() -> Path:
    """Where `scrub columns --save` keeps layouts: in the user's own folder.

    Not next to scrub.yaml, which may lie in a folder that others write to, and a layout that came
    with a batch could hide its columns. One export looks the same from every working folder.
    """
    return user_folder() / "layouts"


def answers_in(path: Path) -> list[str]:
    """What a settings file answers, to name it in a run that does not use it."""
    try:
        keys = list(_read(path).tree)
    except SettingsError:
        keys = []
    return [f"{path} ({', '.join(keys)})" if keys else str(path)]


def read_settings(
    path: Path, known: Mapping[str, Kind], *, command_line_only: Collection[str] = ()
) -> Settings:
    """Read a settings file, which may set the known options, given by name.

    Raises:
        SettingsError: the file has mistakes; all of them, each with its line.
    """
    file = _read(path)
    values: dict[str, Value] = {}
    payers: tuple[OwnName, ...] = ()
    for key, value in file.tree.items():
        if key == PAYERS:
            payers = _payer_names(file)
        elif key in command_line_only:
            file.problem((key,), f"{key} cannot be set in a file; give it on the command line")
        elif key not in known:
            hint = did_you_mean(key.replace("_", "-").lstrip("-"), (*known, PAYERS))
            file.problem((key,), f"{key} is not a setting{hint}; see scrub check --show-settings")
        else:
            setting, mistake = _value(known[key], value)
            if mistake:
                file.problem((key,), f"{key}: {mistake}")
            else:
                values[key] = _in_folder(path.parent, setting) if key in PATHS else setting
    file.require_right()
    return Settings(path=path, options=values, payers=payers, lines=file.lines)


def read_payers(file: str) -> tuple[OwnName, ...]:
    """The payer names of a file: its `payers:`, as a settings file has it; other keys are ignored.

    Raises:
        SettingsError: the file has mistakes; all of them, each with its line.
    """
    read = _read(Path(file))
    names = _payer_names(read)
    read.require_right()
    return names


def payers_to_extend(file: str) -> tuple[str, tuple[OwnName, ...]]:
    """The text and the payer names of a `--payers` file that more names are to be added to.

    Both are empty where there is no such file yet; the names alone while none is answered.

    Raises:
        SettingsError: the file has mistakes, or other keys: what is added must stand under payers.
    """
    path = Path(file)
    if not path.exists():
        return "", ()
    read = _read(path)
    for key in read.tree.keys() - {PAYERS}:
        text = f"{key}: expected payers: alone; save to another file, and use that with --payers"
        raise SettingsError((FileProblem(file, read.lines.at((key,)), text),))
    names = read_payers(file) if read.tree.get(PAYERS) else ()
    return path.read_text(encoding="utf-8"), names


def _read(path: Path) -> SettingsFile:
    return read_tree(path, "write keys and values, as in fail-on: warning")


def _value(kind: Kind, value: Any) -> tuple[Value, str]:
    """The value of an option, or what is wrong with it."""
    if kind == "map":
        if isinstance(value, dict) and all(isinstance(v, str) and v for v in value.values()):
            return [f"{key}={text}" for key, text in value.items()], ""
        return "", "write keys and values under it, as in {hcpcs_code: Procedure}"
    if isinstance(value, list) and kind == "list":
        if value and all(isinstance(text, str) and text for text in value):
            return value, ""
        return "", "write a list of plain values, [A, B]"
    if not isinstance(value, str):
        return "", "write one value" + (" or a list, [A, B]" if kind == "list" else "")
    if not value:
        return "", "has no value; give one, or remove the key"
    if kind == "flag":
        return value == "true", "" if value in {"true", "false"} else "write true or false"
    return [value] if kind == "list" else value, ""


def _payer_names(file: SettingsFile) -> tuple[OwnName, ...]:
    value = file.tree.get(PAYERS)
    if not isinstance(value, dict):
        file.problem(
            (PAYERS,), "payers: write each of your payer names and its policy, Acme: aetna"
        )
        return ()
    names = []
    for name, policy in value.items():
        where = (PAYERS, name)
        if isinstance(policy, str) and policy:
            names.append(OwnName(name, policy, Where(str(file.path), file.lines.at(where))))
        else:
            file.problem(where, f"payers: {name!r} names no policy; see scrub policies list")
    return tuple(names)


def _in_folder(folder: Path, value: Value) -> Value:
    """File names, relative to the folder of the settings file."""
    if isinstance(value, list):
        return [str(folder / name) for name in value]
    return str(folder / str(value))
