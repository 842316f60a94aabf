"""Commands whose options also come from the environment and from `scrub.yaml`.

The command line wins over the environment, the environment over the file, the file over defaults.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from cpt77092.cli.options import HEADINGS, SETTINGS
from cpt77092.cli.plain_values import without_pydantic
from cpt77092.errors import ScrubError, UsageError
from cpt77092.text import safe

if TYPE_CHECKING:
    from cpt77092.cli.options import ClaimOptions
    from cpt77092.cli.settings import Kind, Settings
    from cpt77092.run import Request

COMMAND_LINE_ONLY = frozenset({"help", "isolated", "settings", "show-settings", "show-phi"})
"""Options that no file or variable sets: patient data is shown only where it is asked for."""
SHARED = frozenset({"policies", "color", "map", "layout", "encoding", "sheet"})
"""Options of `check` in `scrub.yaml` that other commands take from it too."""
ISOLATED = "SCRUB_ISOLATED"


class Program(TyperGroup):
    """`scrub` itself."""

    def get_params(self, ctx: Any) -> Any:
        """The program's options."""
        return without_pydantic(super().get_params(ctx))


class HeadedCommand(TyperCommand):
    """A command whose `--help` lists options under headings, without loading Rich for it."""

    def get_params(self, ctx: Any) -> Any:
        """The command's options and arguments, with `--help`."""
        return without_pydantic(super().get_params(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options for `--help`, each under its heading."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": []}
        sections |= {heading: [] for heading in HEADINGS}
        params: list[Any] = self.get_params(ctx)
        for param in params:
            if param.param_type_name == "argument":
                sections["Arguments"].append((param.metavar, param.help))
            else:  # only --help itself names no heading
                name, text = param.get_help_record(ctx)
                sections[param.rich_help_panel or SETTINGS].append((f"{name:<26}", text))
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records, col_max=26)


class ConfigurableCommand(HeadedCommand):
    """A command that takes the options it shares with `scrub check` from the file too."""

    settable: frozenset[str] | None = SHARED
    """Options that the environment and the file set; None is all but `COMMAND_LINE_ONLY`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for param in self._options():
            param.show_envvar = False  # the help says once how variables are named
            if self._is_settable(option_name(param)):
                param.envvar = f"SCRUB_{option_name(param).upper().replace('-', '_')}"

    def _options(self) -> list[Any]:
        return [param for param in self.params if param.param_type_name == "option"]

    def _is_settable(self, name: str) -> bool:
        return name not in COMMAND_LINE_ONLY and (self.settable is None or name in self.settable)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; what they leave open comes from the environment, then the file."""
        is_help = not {"-h", "--help"}.isdisjoint(args)
        problem: ScrubError | None = None
        named = _named_settings(args)
        if "--isolated" in args or os.environ.get(ISOLATED):
            ctx.meta[f"{__name__}.isolated"] = True
            if named is not None:
                problem = UsageError("--settings: --isolated uses no settings file; give one only")
        elif not is_help:
            try:
                self._load_settings(ctx, named)
            except ScrubError as failed:
                problem = failed  # raised once --log-format is known
        try:
            rest = super().parse_args(ctx, args)
        except typer.BadParameter as bad:
            raise _with_file_line(ctx, bad) from None
        if problem is not None:
            raise problem
        return rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a complaint about a value of the file names its line."""
        try:
            return super().invoke(ctx)
        except UsageError as problem:
            raise _with_line_of_value(ctx, problem) from None

    def _load_settings(self, ctx: typer.Context, named: str | None) -> None:
        from cpt77092.cli.settings import OUTPUTS, find_settings, read_settings, require_own

        path = find_settings(Path.cwd()) if named is None else Path(named)
        if path is None:
            return
        if named is None:
            require_own(path)
        settings = read_settings(
            path, _settings_of_check(ctx), command_line_only=COMMAND_LINE_ONLY | OUTPUTS
        )
        ctx.meta[__name__] = settings
        parameters = {option_name(param): param.name for param in self._options()}
        ctx.default_map = {
            parameters[name]: value
            for name, value in settings.options.items()
            if name in parameters and self._is_settable(name)
        }


class CheckCommand(ConfigurableCommand):
    """`scrub check`, nearly all of whose options the file and the environment set."""

    settable = None


class PayersCommand(ConfigurableCommand):
    """`scrub payers`, which may be given the office's names as `scrub check` is."""

    settable = SHARED | {"payers"}


class AcceptCommand(ConfigurableCommand):
    """`scrub accept`, which checks the claims as `scrub check` does."""

    settable = SHARED | {"payers", "history", "without", "as-of", "accepted"}


class ProfileCommand(ConfigurableCommand):
    """`scrub profile`, which takes its claims from the file as `scrub check` does."""

    settable = SHARED | {"payer", "history", "as-of"}


def settings_of(ctx: typer.Context) -> Settings:
    """The settings file of a running command; an empty one if there is none."""
    from cpt77092.cli.settings import Settings

    return ctx.meta.get(__name__) or Settings()


def _named_settings(args: list[str]) -> str | None:
    """The file that `--settings` names, known before the options are parsed."""
    for number, word in enumerate(args):
        name, equals, value = word.partition("=")
        if name == "--settings":
            return value if equals else next(iter(args[number + 1 :]), None)
    return None


def from_file(ctx: typer.Context) -> list[str]:
    """The options of a running command whose values are those of the settings file."""
    params = ctx.command.params
    return [option_name(param) for param in params if source_of(ctx, param) == "DEFAULT_MAP"]


def answers_of(ctx: typer.Context) -> dict[str, Any]:
    """The fields of a request that say which settings and layouts are used, and which not."""
    from cpt77092.cli.settings import answers_in, find_settings, layout_folder

    folder = layout_folder()
    isolated = bool(ctx.meta.get(f"{__name__}.isolated"))
    path = find_settings(Path.cwd()) if isolated else None
    return {
        "layouts": str(folder) if folder.is_dir() else None,
        "isolated": isolated,
        "not_used": answers_in(path) if path else [],
        "settings": settings_of(ctx).in_force(from_file(ctx)) or None,
    }


def request_of(ctx: typer.Context, options: ClaimOptions) -> Request:
    """The run that the options of a running command ask for, under its settings."""
    return replace(options.run_request(settings_of(ctx).payers), **answers_of(ctx))


def accepted_file(ctx: typer.Context, named: str | None) -> str:
    """The file of accepted findings to read or write: the one named, found, or new here.

    Raises:
        SettingsError: others could have written the one that is found.
    """
    from cpt77092.cli.settings import ACCEPTED, find_settings, require_own

    is_isolated = bool(ctx.meta.get(f"{__name__}.isolated"))
    path = None if named is not None or is_isolated else find_settings(Path.cwd(), ACCEPTED)
    if path is not None:
        require_own(path, "--accepted")
    return named or str(path or ACCEPTED)


def with_accepted(request: Request, named: str | None) -> Request:
    """The request with its file of accepted findings: the one named, else one that is found.

    Raises:
        SettingsError: others could have written the one that is found.
        UsageError: the one named does not exist.
    """
    from cpt77092.cli.settings import ACCEPTED, find_settings, require_own

    if named is not None:
        if not Path(named).is_file():
            raise UsageError(f"--accepted {named}: no such file; scrub accept writes one")
        return replace(request, accepted=named)
    path = find_settings(Path.cwd(), ACCEPTED)
    if path is None:
        return request
    if request.isolated:
        return replace(request, not_used=[*request.not_used, str(path)])
    require_own(path, "--accepted")
    return replace(request, accepted=str(path))


def option_name(param: Any) -> str:
    """An option's long name without its dashes."""
    return str(max(param.opts, key=len)).lstrip("-")


def _settings_of_check(ctx: typer.Context) -> dict[str, Kind]:
    """What each option of `check` takes that the file may set."""
    root: Any = ctx.find_root().command
    return {
        name: "map" if name == "map" else "flag" if p.is_flag else "list" if p.multiple else "value"
        for p in root.commands["check"].params
        if p.param_type_name == "option" and (name := option_name(p)) not in COMMAND_LINE_ONLY
    }


def source_of(ctx: typer.Context, param: Any) -> str:
    """Where the value of a parameter comes from, as Click names it; blank if it has none."""
    source = ctx.get_parameter_source(param.name or "")
    return "" if source is None else source.name


def _with_file_line(ctx: typer.Context, bad: typer.BadParameter) -> Exception:
    """A value of the wrong type, with its line if the settings file has it."""
    if bad.param is None or source_of(ctx, bad.param) != "DEFAULT_MAP":
        return bad
    name, message = option_name(bad.param), bad.message.removeprefix("Value error, ")
    return settings_of(ctx).problem(name, f"{name}: {message}")


def _with_line_of_value(ctx: typer.Context, problem: UsageError) -> Exception:
    """A complaint that quotes a value of the settings file, with the line of that value."""
    message, settings = " ".join(problem.lines), settings_of(ctx)
    for param in ctx.command.params:
        if source_of(ctx, param) != "DEFAULT_MAP":
            continue
        value = settings.options.get(option_name(param), "")
        words = ",".join(value if isinstance(value, list) else [str(value)]).split(",")
        if any(word and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", message) for word in words):
            return settings.problem(option_name(param), message)
    return problem


_NONE: tuple[Any, ...] = (None, (), [])
"""Values of options that are not given."""


def settings_text(ctx: typer.Context) -> str:
    """The settings of a running command as aligned lines."""
    from cpt77092.cli.settings import shown

    settings, params = settings_of(ctx), ctx.command.params
    rows = [
        (option_name(param), "-" if value in _NONE else shown(value), _origin(ctx, param))
        for param in params
        for value in [ctx.params.get(param.name or "")]
        if param.param_type_name == "option" and option_name(param) not in COMMAND_LINE_ONLY
    ]
    rows += [
        (f"payers: {own.name}", own.policy, f"{own.where.file}:{own.where.line}")
        for own in settings.payers
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    known = {ISOLATED, *(str(param.envvar) for param in params)}
    unknown = sorted(name for name in os.environ if name.startswith("SCRUB_") and name not in known)
    title = f"Settings from {settings.path}" if settings.path else "No scrub.yaml read"
    lines = [
        f"{title}; the command line wins over the environment, then the file, then defaults.",
        "",
        *(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {origin}" for name, value, origin in rows),
        *(f"{name} in the environment sets nothing." for name in unknown),
    ]
    return "\n".join(safe(line) for line in lines)


def _origin(ctx: typer.Context, param: Any) -> str:
    origins = {
        "COMMANDLINE": "command line",
        "ENVIRONMENT": f"environment, {param.envvar}",
        "DEFAULT_MAP": settings_of(ctx).where(option_name(param)),
    }
    return origins.get(source_of(ctx, param), "default")
