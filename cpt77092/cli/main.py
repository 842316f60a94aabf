"""The `scrub` program: its commands, and the one place where failures become exit codes.

No claim logic is here. Commands import Polars, and whatever needs it, when they run, so that
`--version` and `--help` answer at once.
"""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import sys
import traceback
from collections.abc import Collection, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from cpt77092 import __version__
from cpt77092.cli.check import unwritable_output
from cpt77092.cli.configured import (
    AcceptCommand,
    CheckCommand,
    ConfigurableCommand,
    HeadedCommand,
    PayersCommand,
    ProfileCommand,
    Program,
)
from cpt77092.cli.exits import Exit
from cpt77092.errors import NATIVE_ERRORS_HIDDEN, ScrubError, UsageError, did_you_mean, redacted
from cpt77092.reports.log import Log
from cpt77092.signals import reraise_lost_signal

COMMANDS: dict[str, tuple[str, type[HeadedCommand] | None]] = {
    "check": ("check.check", CheckCommand),
    "fix": ("fix.fix", ProfileCommand),
    "accept": ("accept.accept", AcceptCommand),
    "why": ("compare.why", ProfileCommand),
    "profile": ("documents.profile", ProfileCommand),
    "what-if": ("compare.what_if", ProfileCommand),
    "verify": ("compare.verify", HeadedCommand),
    "grade": ("documents.grade", ConfigurableCommand),
    "columns": ("pages.columns", ConfigurableCommand),
    "payers": ("pages.payers", PayersCommand),
    "rules": ("pages.rules", HeadedCommand),
    "schema": ("pages.schema", HeadedCommand),
    "explain": ("pages.explain", ConfigurableCommand),
    "brief": ("pages.brief", ConfigurableCommand),
    "policies": ("policies.policies_app", None),
}
"""Each command in the order of `--help`: where it is in this room, and its kind (None: a group)."""

_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Report files name themselves when the disk is full, so these mean standard output."""


def _print_version(is_wanted: bool) -> None:  # noqa: FBT001 - Typer calls it
    if is_wanted:
        typer.echo(f"scrub {__version__}")
        raise typer.Exit


def _program_options(
    _version: Annotated[  # noqa: FBT002 - Typer passes it by name
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


def program(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """`scrub` with some of its commands: a check need not load those of the others."""
    app = typer.Typer(
        name="scrub",
        cls=Program,
        help="Check trabecular bone score and DXA claim lines (CPT 77092 family) before "
        "submission.",
        epilog="Example: scrub claims.csv, which is short for scrub check claims.csv",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_program_options)
    for name in names:
        place, kind = COMMANDS[name]
        module, _, attribute = place.partition(".")
        command = getattr(import_module(f"cpt77092.cli.{module}"), attribute)
        if kind is None:
            app.add_typer(command)
        else:
            app.command(cls=kind)(command)
    return app


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run `scrub` and exit."""
    # Nearly all objects of a run live until its end: collecting garbage, again and again and once
    # more at exit, takes a sixth of the time of a short check.
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    if "_SCRUB_COMPLETE" in os.environ:
        complete_short_form(COMMANDS)
    try:
        sys.exit(_exit_code(arguments))
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has left, as in `scrub ... | head`
        _discard_output()
        sys.exit(Exit.UNCHECKED)


def _exit_code(arguments: list[str]) -> int:
    """Run a command; every failure is logged and becomes an exit code."""
    log = Log.of(arguments)
    NATIVE_ERRORS_HIDDEN.set(True)
    try:
        with reraise_lost_signal(Exit.TERMINATED):
            return _run_command(arguments, log)
    except ScrubError as problem:
        return _failed(list(problem.lines), log)
    except typer.Exit as stop:
        return int(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except (BrokenPipeError, SystemExit):
        raise
    except BaseException as problem:
        return _exit_code_of(problem, log)


def _exit_code_of(problem: BaseException, log: Log) -> int:
    """Log what ended a run, and the exit code for it: only failures of our own are bugs."""
    if isinstance(problem, OSError) and problem.errno in _DISK_FULL:
        _failed([unwritable_output(problem)], log)
        _discard_output()
        return Exit.UNCHECKED
    if hasattr(problem, "show"):  # what Click raises for wrong arguments
        return _refuse_arguments(problem, log)
    if why := _refusal(problem):
        return _failed([why], log)
    return _report_bug(problem, log)


def _refusal(problem: BaseException) -> str:
    """What the machine or a library refused, in a line; blank where the failure is ours."""
    if isinstance(problem, OSError):
        place = problem.filename or "the working folder, or a file in it"
        return f"{place}: cannot be used ({problem.strerror or 'the system refuses it'})"
    if isinstance(problem, MemoryError):
        return "memory does not hold the run; check it in parts on disk: --parts auto -o NAME.csv"
    if isinstance(problem, ValueError) and "null byte" in str(problem):
        return "a file name holds a NUL character; name another file"
    if type(problem).__name__ == "PanicException":  # which is no `Exception`
        return "a claim file is damaged, or in a form that scrub does not read"
    return ""


def _run_command(arguments: list[str], log: Log) -> int:
    if sys.flags.optimize > 1:
        raise UsageError("PYTHONOPTIMIZE=2 (or -OO) leaves out the texts of rules; unset it")
    words = with_command(arguments, COMMANDS)
    # Every command knows the options of `check`, which the settings file sets.
    is_command = words[:1] and words[0] in COMMANDS
    app = program(dict.fromkeys(("check", words[0])) if is_command else COMMANDS)
    code = app(words, standalone_mode=False, prog_name="scrub", obj=log)
    sys.stdout.flush()  # a full disk is reported here, not by Python at exit
    return int(code or 0)


def _failed(messages: list[str], log: Log) -> Exit:
    log.trouble("failed", messages, exit_code=int(Exit.UNCHECKED))
    return Exit.UNCHECKED


def _refuse_arguments(problem: Any, log: Log) -> Exit:
    """Report arguments that the parser refuses; as text, it prints usage too."""
    problem.message = redacted(problem.message.removeprefix("Value error, "))
    if log.is_json:
        return _failed([problem.format_message()], log)
    problem.show()
    return Exit.UNCHECKED


def _report_bug(problem: BaseException, log: Log) -> Exit:
    """Report a bug: the type and place of the failure, and nothing from the claims."""
    frames = traceback.extract_tb(problem.__traceback__)
    ours = [frame for frame in frames if "cpt77092" in frame.filename][-3:]
    calls = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(ours))
    message = (
        f"this is a bug in scrub {__version__}, not in your claims. Please report: "
        f"{type(problem).__name__} at {calls or 'an unknown place'}"
    )
    log.trouble("bug", [message], exit_code=int(Exit.BUG))
    return Exit.BUG


def _prepare_streams() -> None:
    """Replace closed streams, and escape characters that a locale cannot show."""
    sys.stdout = sys.stdout or _null_stream()
    sys.stderr = sys.stderr or _null_stream()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _null_stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(os.fdopen(os.open(os.devnull, os.O_RDWR), "wb"), encoding="utf-8")


def _discard_output() -> None:
    """Send the rest of standard output nowhere: Python would fail on it once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
