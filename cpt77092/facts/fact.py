"""What a fact is, and what its function may look up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl


@dataclass(frozen=True, slots=True)
class Context:
    """What facts may look up beside the line itself."""

    sets: Mapping[str, Mapping[int, tuple[Any, ...]]]
    """Set parameter to the members of each distinct set, by the number that lines carry."""
    unreadable: tuple[str, ...]
    """Typed columns that have an unreadable cell somewhere in the batch."""


Build = Callable[[Context], pl.Expr]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A derived column. At most one of `over` and `group` is given; neither is line grain."""

    name: str
    build: Build | None = None
    """The expression; none where a group fact is the sum of a column."""
    reads: tuple[str, ...] = ()
    """Columns, facts and `policy.*` columns that it is made of; one of them unknown makes it so."""
    optional: tuple[str, ...] = ()
    """Columns that it reads where they are known, and does without where they are not."""
    over: tuple[str, ...] = ()
    """Distinct grain: the key whose distinct values it is computed on."""
    group: tuple[str, ...] = ()
    """Group grain: whole-number columns that together are the key of the group."""
    sums: str = ""
    """Group grain: the column that is summed over the group, nulls left out."""
    unknown: str = ""
    """Why it is null where everything it reads is known."""


def by_set(
    parameter: str,
    context: Context,
    test: Callable[[Sequence[Any]], pl.Expr],
    dtype: type[pl.DataType],
) -> pl.Expr:
    """One test per distinct set, chosen by the number of the line's set; null without a set."""
    number = pl.col(f"policy.{parameter}")
    chosen = pl.lit(None, dtype=dtype)
    for key, members in context.sets.get(parameter, {}).items():
        chosen = pl.when(number == key).then(test(members)).otherwise(chosen)
    return chosen
