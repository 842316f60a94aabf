"""`scrub claims.csv` is short for `scrub check claims.csv`, for shells that complete it too."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from cpt77092.errors import UsageError, did_you_mean

PROGRAM_OPTIONS = ("-h", "--help", "--version", "--install-completion", "--show-completion")
"""Options of the program itself; any other that comes first belongs to `scrub check`."""


def with_command(arguments: list[str], commands: Collection[str]) -> list[str]:
    """The arguments with `check` in front if they name no command.

    Raises:
        UsageError: the first word is neither a command nor a file.
    """
    if not arguments or arguments[0] in commands or arguments[0] in PROGRAM_OPTIONS:
        return arguments
    first, *rest = arguments
    if first == "--isolated" and rest and rest[0] in commands:
        return [rest[0], first, *rest[1:]]
    if first.isalpha() and not Path(first).exists():
        raise UsageError(f"{first}: no such file or command{did_you_mean(first, commands)}")
    return ["check", *arguments]


def complete_short_form(commands: Collection[str]) -> None:
    """Let a shell that completes `scrub claims.csv --pa` see the options of `scrub check`."""
    for name in ("COMP_WORDS", "_TYPER_COMPLETE_ARGS"):
        line = os.environ.get(name, "")
        between = "\n" if "\n" in line else " "  # Bash writes one word per line
        program, *words = line.split(between)
        if _is_short_form(words, commands):
            os.environ[name] = between.join([program, "check", *words])
            if "COMP_CWORD" in os.environ:
                os.environ["COMP_CWORD"] = str(int(os.environ["COMP_CWORD"]) + 1)


def _is_short_form(words: Sequence[str], commands: Collection[str]) -> bool:
    """Whether words, the last of them unfinished, are arguments of `scrub check`."""
    if len(words) != 1:
        return bool(words) and words[0] not in commands
    # `scrub --pay` continues as a check, `scrub --v` as the program's own --version.
    word = words[0]
    return word.startswith("-") and not any(own.startswith(word) for own in PROGRAM_OPTIONS)
