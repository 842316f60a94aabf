"""Every failure that is the user's to mend, each with one line per thing to mend.

Anything else that escapes is a bug of ours (exit code 3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


class ScrubError(Exception):
    """A failure that a user can mend, in one sentence or several: one fact each."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The text to show, without a traceback: one line per fact."""
        return tuple(str(fact) for fact in self.args)


class UsageError(ScrubError):
    """The arguments contradict each other or the files they name."""


class ClaimsError(ScrubError):
    """A claim file cannot be read, or is not a claim file."""


class OutputError(ScrubError):
    """A report cannot be written."""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing wrong in a file that people write: where, and what to do."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class FilesError(ScrubError):
    """Files that people write and that cannot be trusted, with every problem found in them."""

    def __init__(self, problems: tuple[FileProblem, ...]) -> None:
        super().__init__(f"{len(problems)} problems in files")
        self.problems = problems

    @property
    def lines(self) -> tuple[str, ...]:
        """One line per problem, in file and line order."""
        return tuple(str(problem) for problem in self.problems)


class PolicyError(FilesError):
    """Policy files that cannot be trusted."""


class SettingsError(FilesError):
    """A settings file that cannot be trusted."""


def did_you_mean(name: str, known: Iterable[str], *, nearness: float = 0.7) -> str:
    """` (did you mean X?)` for the nearest known name, or nothing where none is near."""
    names = list(known)
    begun = [other for other in names if name and other.startswith(name)]
    near = begun or get_close_matches(name, names, n=1, cutoff=nearness)
    return f" (did you mean {near[0]}?)" if near else ""
