"""Failures that the user can fix, each with one line per thing to fix.

Any other exception that escapes is a bug in the program (exit code 3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


class ScrubError(Exception):
    """A failure that the user can fix; each argument is one sentence about one problem."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The text to show instead of a traceback, one line per problem."""
        return tuple(str(problem) for problem in self.args)


class UsageError(ScrubError):
    """The arguments contradict each other or the files that they name."""


class ClaimsError(ScrubError):
    """A claim file cannot be read, or is not a claim file."""


class OutputError(ScrubError):
    """A report cannot be written."""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One mistake in a YAML file: where it is, and what to do about it."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class FilesError(ScrubError):
    """YAML files with mistakes, every one of them listed."""

    def __init__(self, problems: tuple[FileProblem, ...]) -> None:
        super().__init__(*problems)
        self.problems = problems


class PolicyError(FilesError):
    """Policy files with mistakes."""


class SettingsError(FilesError):
    """A settings file with mistakes."""


def did_you_mean(name: str, known: Iterable[str], *, nearness: float = 0.7) -> str:
    """` (did you mean X?)` for the nearest known name; blank if none is near.

    Args:
        name: what the user wrote.
        known: the names that exist.
        nearness: how alike two names must be, from 0 to 1.
    """
    names = list(known)
    completions = [other for other in names if name and other.startswith(name)]
    nearest = completions or get_close_matches(name, names, n=1, cutoff=nearness)
    return f" (did you mean {nearest[0]}?)" if nearest else ""
