"""YAML with line numbers, in which every scalar stays text: `02`, `NO` and `1:30` too."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cpt77092.errors import FileProblem, SettingsError
from cpt77092.text import small_file

_Path = tuple[Any, ...]
_MOST_PARTS = 100_000
"""Keys and values of a file, with what aliases stand for, which may multiply without end."""
_TOO_MANY = f"more than {_MOST_PARTS:,} keys and values"


@dataclass(slots=True)
class Lines:
    """The line of each key or item of a file, by its path."""

    of: dict[_Path, int] = field(default_factory=dict)

    def nearest(self, loc: _Path) -> _Path:
        """The path in the file that a validator's location means.

        Validators put names of their own (union members, `[key]`) into a location; those are
        skipped.
        """
        path: _Path = ()
        for part in loc:
            for candidate in ((*path, part), (*path, str(part))):
                if candidate in self.of:
                    path = candidate
                    break
        return path

    def at(self, path: _Path) -> int:
        """Line of the path, or of its nearest parent."""
        while path and path not in self.of:
            path = path[:-1]
        return self.of.get(path, 1)


class _Texts(yaml.CBaseLoader):
    """Composes nodes without asking what kind of scalar each is, since all of them are text."""

    def resolve(self, *_: object) -> str:
        """No tag."""
        return ""

    def descend_resolver(self, *_: object) -> None:
        """Nothing to look for."""

    def ascend_resolver(self) -> None:
        """Nothing to look for."""


def parse(text: str) -> tuple[Any, Lines, list[tuple[int, str]]]:
    """Read YAML text.

    Returns:
        The tree (mappings, lists and text), the line of each part, and each repeated key as
        (line, sentence).

    Raises:
        yaml.YAMLError: the text is not YAML.
    """
    root = yaml.compose(text, Loader=_Texts)
    lines, repeated = Lines(), []
    inside: set[int] = set()

    def plain(node: Any, path: _Path) -> Any:
        lines.of.setdefault(path, node.start_mark.line + 1)
        if id(node) in inside or len(lines.of) > _MOST_PARTS:
            problem = "an alias inside what it stands for" if id(node) in inside else _TOO_MANY
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        inside.add(id(node))
        value = contents(node, path)
        inside.remove(id(node))
        return value

    def contents(node: Any, path: _Path) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return [plain(item, (*path, number)) for number, item in enumerate(node.value)]
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in mapping:
                first = lines.of[(*path, key)]
                repeated.append((line, f"{key} is repeated; it is already on line {first}"))
                continue
            lines.of[(*path, key)] = line
            mapping[key] = plain(value_node, (*path, key))
        return mapping

    return ({} if root is None else plain(root, ())), lines, repeated


def split_examples(content: bytes) -> tuple[bytes, bytes]:
    """A policy file in two: the policy, and its document of examples, blank where it has none.

    The examples follow a line `---`, and a run on claims never parses them. Any other second
    document stays with the first, for the parser to refuse.
    """
    start = content.rfind(b"\n---") + 1
    if start:
        marker, *lines = (line.partition(b"#")[0].strip() for line in content[start:].splitlines())
        first = next(filter(None, lines), b"")
        if marker == b"---" and first.partition(b":")[0].rstrip() == b"examples":
            return content[:start], content[start:]
    return content, b""


@dataclass(slots=True)
class SettingsFile:
    """A file of settings as read: its keys and values, their lines, and what is wrong with them."""

    path: Path
    tree: dict[str, Any]
    lines: Lines
    problems: list[FileProblem]

    def problem(self, where: _Path, text: str) -> None:
        """Record a mistake at the line of a path of keys."""
        self.problems.append(FileProblem(str(self.path), self.lines.at(where), text))

    def require_right(self) -> None:
        """Refuse a file with mistakes.

        Raises:
            SettingsError: all of them, each with its line.
        """
        if self.problems:
            raise SettingsError(tuple(sorted(self.problems, key=lambda problem: problem.line)))


def read_tree(path: Path, expected: str) -> SettingsFile:
    """A file of settings, the keys that are repeated in it recorded as mistakes.

    `expected` is what to write into the file, for a file that holds something else.

    Raises:
        SettingsError: the file cannot be read, or it is no mapping.
    """

    def unreadable(text: str, line: int = 1) -> SettingsError:
        return SettingsError((FileProblem(str(path), line, text),))

    try:
        tree, lines, repeated = parse(small_file(path).decode("utf-8"))
    except OSError as problem:
        raise unreadable(f"cannot be read ({problem.strerror})") from None
    except (UnicodeDecodeError, RecursionError):
        raise unreadable("is not UTF-8 text, or is nested too deeply") from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        what = getattr(problem, "problem", None) or getattr(problem, "reason", "not readable")
        message = f"not readable as YAML: {what}; quote a value that contains {{ [ : or #"
        raise unreadable(message, mark.line + 1 if mark else 1) from None
    if not isinstance(tree, dict):
        raise unreadable(expected)
    problems = [FileProblem(str(path), line, text) for line, text in repeated]
    return SettingsFile(path, tree, lines, problems)
