"""Dataclasses whose fields nobody changes, which is held where types are checked.

`dataclass(frozen=True)` writes and compiles six functions for every class, which took a tenth of
the time of a short check; here one is compiled, and the others are shared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, TypeVar, dataclass_transform, overload

_Class = TypeVar("_Class", bound=type)


@overload
def frozen(cls: _Class) -> _Class: ...
@overload
def frozen(
    *, slots: bool = True, kw_only: bool = False, eq: bool = True
) -> Callable[[_Class], _Class]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(
    cls: _Class | None = None, *, slots: bool = True, kw_only: bool = False, eq: bool = True
) -> _Class | Callable[[_Class], _Class]:
    """A class whose fields are given once, as `dataclass(frozen=True, slots=True)`.

    Args:
        cls: the class, where the decorator is given nothing.
        slots: False for a class with cached properties.
        kw_only: whether fields are given by name alone.
        eq: whether two with the same fields are equal, and not each to itself alone.
    """

    def completed(one: _Class) -> _Class:
        whole: Any = dataclass(slots=slots, kw_only=kw_only, eq=False, repr=False)(one)
        shared = {"__repr__": _shown, **({"__eq__": _is_equal, "__hash__": _hash} if eq else {})}
        for name, function in shared.items():
            if name not in one.__dict__:  # a class that has its own keeps it
                setattr(whole, name, function)
        return whole  # type: ignore[no-any-return]

    return completed if cls is None else completed(cls)


def _compared(one: Any) -> tuple[Any, ...]:
    return tuple(getattr(one, name) for name in _compared_names(one.__class__))


@cache
def _compared_names(cls: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(cls) if each.compare)


def _is_equal(one: Any, other: object) -> bool:
    return other.__class__ is one.__class__ and _compared(one) == _compared(other)


def _hash(one: Any) -> int:
    return hash(_compared(one))


def _shown(one: Any) -> str:
    values = (f"{each.name}={getattr(one, each.name)!r}" for each in fields(one) if each.repr)
    return f"{type(one).__name__}({', '.join(values)})"
