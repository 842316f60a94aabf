"""Failures that the caller can fix, each with every problem to fix.

Any other exception that escapes is a bug in the program (exit code 3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from difflib import get_close_matches

from cpt77092.frozen import frozen

NATIVE_ERRORS_HIDDEN = ContextVar("native_errors_hidden", default=False)
"""Whether what native code prints of its failures is kept off standard error. The command line sets
it: it reads in one thread, and words every failure itself."""


@frozen(kw_only=True)
class Problem:
    """One thing to fix, in parts that each caller words for itself.

    `str` is the wording for a program that called `cpt77092.check`; `line` is the command line's.
    """

    text: str
    """What is wrong, and what was expected; it names no option."""
    argument: str = ""
    """The argument that is wrong, by its name in `cpt77092.check`; blank where none is."""
    value: str = ""
    """What was given for it."""
    advice: str = ""
    """What to type; only the command line shows it."""
    typed: str = ""
    """The whole as the command line words it, where what to type stands amid the text."""

    @property
    def line(self) -> str:
        """The problem as the command line words it, with the option and what to type."""
        if self.typed:
            return self.typed
        advice = f"; {self.advice}" if self.advice else ""
        if not self.argument:
            return f"{self.text}{advice}"
        option = _OPTIONS.get(self.argument, self.argument)
        return f"--{option} {self.value}: {self.text}{advice}"

    def __str__(self) -> str:
        if not self.argument:
            return self.text
        return f"{self.argument}={self.value!r}: {self.text}"


_OPTIONS = {"columns": "map"}
"""Arguments that the command line has as an option of another name."""


_STORES = "s3a?|gs|gcs|az|azure|adl|abfss?"
_SECRETS = (
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://[^\s/:@]*):\S*@"), r"\1:***@"),
    (re.compile(rf"(?i)(\b(?:{_STORES})://[^\s?#]*[?#])\S*?(?=:?(?:\s|$))"), r"\1***"),
    (re.compile(r"(?i)(\b(?:s3a?|gs|gcs)://)[^\s/@]*@"), r"\1***@"),
    (
        re.compile(
            r"(?i)([?&][\w-]*(?:password|sig|signature|credential|token|secret|keyid|key)=)"
            r"[^\s&#]*?(?=:?(?:[\s&#]|$))"
        ),
        r"\1***",
    ),
)


def redacted(text: str) -> str:
    """A text without the passwords and keys of addresses in it, as `postgresql://user:***@host/claims`."""
    if "://" in text:
        for secret, shown in _SECRETS:
            text = secret.sub(shown, text)
    return text


class ScrubError(Exception):
    """A failure that the caller can fix; each argument is one problem.

    A problem is a sentence, or a `Problem` or `FileProblem` with its parts as fields.
    """

    @property
    def problems(self) -> tuple[Problem | FileProblem | str, ...]:
        """What to fix, one by one."""
        return self.args

    @property
    def lines(self) -> tuple[str, ...]:
        """What the command line shows instead of a traceback, one line per problem."""
        lines = (p.line if isinstance(p, Problem) else str(p) for p in self.args)
        return tuple(map(redacted, lines))

    def __str__(self) -> str:
        return redacted("\n".join(map(str, self.args)))


class UsageError(ScrubError):
    """The arguments contradict each other or what they name."""


class ClaimsError(ScrubError):
    """Claims cannot be read, or are no claims."""


class NoRoomError(ClaimsError):
    """Memory does not hold the claims."""


class ColumnsError(ClaimsError):
    """Claims lack a column without which nothing is a claim line, or do not say which it is."""

    def __init__(
        self,
        problem: Problem,
        *,
        missing: tuple[str, ...],
        candidates: Mapping[str, tuple[str, ...]],
    ) -> None:
        super().__init__(problem)
        self.missing = missing
        """Columns that no header was understood as."""
        self.candidates = candidates
        """Column to the headers that may be it, where somebody has to choose."""


class OutputError(ScrubError):
    """A report cannot be written."""


@frozen
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

    @property
    def problems(self) -> tuple[FileProblem, ...]:
        """Every mistake, with file and line."""
        return self.args


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
