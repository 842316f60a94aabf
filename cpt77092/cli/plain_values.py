"""Option values read without Pydantic, whose import takes a tenth of a short check.

Typer builds a Pydantic validator for every option that has a value, given or default. Values that
can be read in one way only are read here; numbers and mistakes are left to Typer and its messages.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from functools import partial
from typing import Any


def without_pydantic(params: list[Any]) -> list[Any]:
    """The same options and arguments, which load Pydantic only for numbers and mistakes."""
    for param in params:
        typers_own = getattr(param, "get_runtime_param", None)
        if typers_own is not None and "get_runtime_param" not in vars(param):
            param.get_runtime_param = partial(_PlainValue, typers_own)
    return params


class _PlainValue:
    """Takes the place of Typer's reader of one option."""

    def __init__(self, typers_own: Callable[[], Any]) -> None:
        self._typers_own = typers_own

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value of an option or argument, as Typer gives it to the command."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        plain = _plain(value, param.type_descriptor)
        return self._typers_own().coerce(value, param=param, ctx=ctx) if plain is None else plain


def _plain(value: Any, described: Any) -> Any:
    """The value as its type wants it; None where Typer has to read it."""
    wanted, parser = described.annotation, described.parameter_info.parser
    if wanted is bool and isinstance(value, bool):
        return value
    if isinstance(value, list | tuple):
        is_texts = wanted == list[str] and all(isinstance(text, str) for text in value)
        return list(value) if is_texts else None
    if parser is not None and isinstance(value, str):
        with suppress(ValueError):
            return parser(value)
    elif wanted is str and isinstance(value, str):
        return value
    elif isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return next((choice for choice in wanted if choice == value), None)
    return None
