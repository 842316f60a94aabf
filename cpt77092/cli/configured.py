"""Commands that take what they are not told from the environment and from `scrub.yaml`.

The command line comes first, then the environment, then the file, then the default.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from cpt77092.errors import ScrubError, UsageError

if TYPE_CHECKING:
    from cpt77092.cli.settings import Option, Settings

COMMAND_LINE_ONLY = frozenset({"help", "isolated", "show-settings", "show-phi"})
"""Options that are said with each run or not at all: patient data is never shown by a file."""
SHARED = frozenset({"policies", "color", "map", "layout", "encoding", "sheet"})
"""What commands beside check take from the file: how claims are read and judged."""
ISOLATED = "SCRUB_ISOLATED"


class Program(TyperGroup):
    """`scrub` itself, whose own options are read as fast as those of its commands."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The program's own options."""
        return _read_without_pydantic(super().get_params(ctx))


class ConfigurableCommand(TyperCommand):
    """A command with settings from the file that it shares with `scrub check`."""

    settable: frozenset[str] | None = SHARED
    """Options that it takes from the environment and the file; all of them where None."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for param in self.params:
            if param.param_type_name == "option" and self._is_settable(_name(param)):
                param.envvar = param.envvar or f"SCRUB_{_name(param).upper().replace('-', '_')}"

    def _is_settable(self, name: str) -> bool:
        return name not in COMMAND_LINE_ONLY and (self.settable is None or name in self.settable)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments, with the file's values where there is no other."""
        is_help = not {"-h", "--help"}.isdisjoint(args)
        problem: ScrubError | None = None
        if not (is_help or "--isolated" in args or os.environ.get(ISOLATED)):
            try:
                self._settle(ctx)
            except ScrubError as failed:
                problem = failed  # told once it is known how: as text or as JSON
        try:
            rest = super().parse_args(ctx, args)
        except typer.BadParameter as bad:
            raise _placed(ctx, bad) from None
        if problem is not None:
            raise problem
        return rest

    def get_params(self, ctx: Any) -> list[Any]:
        """The command's options and arguments, with `--help`."""
        return _read_without_pydantic(super().get_params(ctx))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a value of the file that it complains of is told with its line."""
        try:
            return super().invoke(ctx)
        except UsageError as problem:
            raise _traced(ctx, problem) from None

    def _settle(self, ctx: typer.Context) -> None:
        from cpt77092.cli.settings import find_settings, read_settings

        path = find_settings(Path.cwd())
        if path is None:
            return
        settings = read_settings(path, _options_of_check(ctx), on_purpose=COMMAND_LINE_ONLY)
        ctx.meta[__name__] = settings
        mine = {
            _name(param): param.name or ""
            for param in self.params
            if self._is_settable(_name(param))
        }
        ctx.default_map = {
            mine[name]: value for name, value in settings.options.items() if name in mine
        }


class CheckCommand(ConfigurableCommand):
    """`scrub check`: every option but a few has an environment variable and a place in the file."""

    settable = None


class ProfileCommand(ConfigurableCommand):
    """`scrub profile`, whose claims are those of `scrub check`."""

    settable = SHARED | {"payer", "history", "as-of"}


def _read_without_pydantic(params: list[Any]) -> list[Any]:
    """The same options and arguments, their values read by us wherever we can.

    Typer builds a Pydantic validator for every option of a command, given or not, and loads
    Pydantic for that: a tenth of the time of a short check.
    """
    for param in params:
        of_typer = getattr(param, "get_runtime_param", None)  # none where Typer uses no Pydantic
        if of_typer is not None and "get_runtime_param" not in vars(param):
            param.get_runtime_param = partial(_Reader, of_typer)
    return params


class _Reader:
    """Reads values that can only be read in one way.

    Numbers and mistakes are left to Typer, whose messages are its own.
    """

    def __init__(self, of_typer: Callable[[], Any]) -> None:
        self._of_typer = of_typer

    def coerce(self, value: Any, param: Any, ctx: typer.Context) -> Any:
        """The value of an option or argument, as Typer gives it to the command."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        read = self._read(value, param.type_descriptor)
        return self._of_typer().coerce(value, param=param, ctx=ctx) if read is None else read

    def _read(self, value: Any, described: Any) -> Any:
        """The value as its type says, or None where Typer has to read it."""
        wanted, parser = described.annotation, described.parameter_info.parser
        if isinstance(value, list | tuple):
            is_texts = wanted == list[str] and all(isinstance(text, str) for text in value)
            return list(value) if is_texts else None
        if not isinstance(value, str):
            return None
        if parser is not None:
            with suppress(ValueError):
                return parser(value)
        elif wanted is str:
            return value
        elif wanted is Path:
            return Path(value) if os.access(value, os.R_OK) else None
        elif isinstance(wanted, type) and issubclass(wanted, StrEnum):
            return next((choice for choice in wanted if choice == value), None)
        return None


def settings_of(ctx: typer.Context) -> Settings:
    """The settings file of a running command; an empty one where there is none."""
    from cpt77092.cli.settings import Settings

    return ctx.meta.get(__name__) or Settings()


def setting_rows(ctx: typer.Context) -> list[tuple[str, Any, str]]:
    """Every option of a running command: its name, its value, and where that comes from."""
    settings = settings_of(ctx)
    rows = []
    for param in ctx.command.params:
        name = _name(param)
        if param.param_type_name != "option" or name in COMMAND_LINE_ONLY:
            continue
        source = ctx.get_parameter_source(param.name or "")
        told = {
            "COMMANDLINE": "command line",
            "ENVIRONMENT": f"environment, {param.envvar}",
            "DEFAULT_MAP": settings.where(name),
        }
        rows.append((name, ctx.params.get(param.name or ""), told.get(_word(source), "default")))
    return rows


def unknown_variables(ctx: typer.Context) -> list[str]:
    """Environment variables that look like ours and set nothing."""
    known = {ISOLATED, *(str(param.envvar) for param in ctx.command.params if param.envvar)}
    return sorted(name for name in os.environ if name.startswith("SCRUB_") and name not in known)


def _options_of_check(ctx: typer.Context) -> list[Option]:
    from cpt77092.cli.settings import Option

    root: Any = ctx.find_root().command
    return [
        Option(
            name=_name(param),
            is_flag=param.is_flag,
            is_list=param.multiple,
            is_map=_name(param) == "map",
        )
        for param in root.commands["check"].params
        if param.param_type_name == "option" and _name(param) not in COMMAND_LINE_ONLY
    ]


def _name(param: Any) -> str:
    """An option's name without its dashes: the long one."""
    return str(max(param.opts, key=len)).lstrip("-")


def _word(source: Any) -> str:
    return "" if source is None else str(source.name)


def _placed(ctx: typer.Context, bad: typer.BadParameter) -> Exception:
    """A value that cannot be, with the line of the file where it stands."""
    if bad.param is None or not _is_of_the_file(ctx, bad.param):
        return bad
    name, told = _name(bad.param), bad.message.removeprefix("Value error, ")
    return settings_of(ctx).problem(name, f"{name}: {told}")


def _traced(ctx: typer.Context, problem: UsageError) -> Exception:
    """A complaint that quotes a value of the file, with the line where that stands."""
    text, settings = str(problem), settings_of(ctx)
    for param in ctx.command.params:
        if _is_of_the_file(ctx, param):
            value = settings.options.get(_name(param), "")
            parts = ",".join(value if isinstance(value, list) else [str(value)]).split(",")
            if any(part and re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) for part in parts):
                return settings.problem(_name(param), text)
    return problem


def _is_of_the_file(ctx: typer.Context, param: Any) -> bool:
    return _word(ctx.get_parameter_source(param.name or "")) == "DEFAULT_MAP"
