"""`--show-settings`: every setting, its value, and where it comes from."""

from __future__ import annotations

import os
from typing import Any

import typer

from cpt77092.cli.configured import (
    COMMAND_LINE_ONLY,
    ISOLATED,
    option_name,
    settings_of,
    source_of,
)
from cpt77092.cli.settings import shown
from cpt77092.text import safe

_NONE: tuple[Any, ...] = (None, (), [])
"""Values of options that are not given."""


def settings_text(ctx: typer.Context) -> str:
    """The settings of a running command as aligned lines."""
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
