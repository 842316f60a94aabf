"""What a fact is, and what its function may look up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from cpt77092.errors import UsageError
from cpt77092.reference.codes import CHECKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Earlier claims of the batch's patients, and what stretch of time they cover."""

    lines: pl.DataFrame
    """Their in-scope lines: claim columns, `payer_number`, and the facts of `PAST_FACTS`."""
    first_day: date | None
    """First service date in the files, of any service; None where no date could be read."""
    last_day: date | None

    def covers(self) -> str:
        """The stretch of time in words."""
        if self.first_day is None:
            return "no readable service dates"
        return f"{self.first_day} to {self.last_day}"


MOST_CODES = 64
"""A group's codes are the bits of one number."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What facts may look up beside the line itself."""

    sets: Mapping[str, Mapping[int, tuple[Any, ...]]] = field(default_factory=dict)
    """Set parameter to the members of each distinct set, by the number that lines carry."""
    unreadable: tuple[str, ...] = ()
    """Typed columns that have an unreadable cell somewhere in the batch."""
    blank: frozenset[str] = frozenset()
    """Diagnosis columns that are there, and blank on every line."""
    categories: frozenset[str] | None = None
    """Categories of the batch's diagnoses, of which alone codes are looked up; None for all."""
    codes: tuple[str, ...] = ()
    """Procedure codes of the batch, by their number."""
    past: Past | None = None
    """Earlier claims; None where none were given."""

    @cached_property
    def bits(self) -> Mapping[str, int]:
        """A bit for each code that a line may bill or a pair may name: 64 at most.

        Raises:
            UsageError: there are more.
        """
        paired = {pair.with_ for pairs in self.sets.get("pairs", {}).values() for pair in pairs}
        known = sorted(CHECKED | paired | set(self.codes))
        if len(known) > MOST_CODES:
            raise UsageError(
                f"the policies pair the checked codes with {len(known) - len(CHECKED)} others; at "
                f"most {MOST_CODES - len(CHECKED)} can be looked at: name fewer under pairs"
            )
        return {code: 1 << number for number, code in enumerate(known)}

    @cached_property
    def bits_type(self) -> type[pl.DataType]:
        """Of columns of such bits: seldom are there more codes than half as many bytes can hold."""
        return pl.UInt32 if len(self.bits) <= MOST_CODES // 2 else pl.UInt64

    def mask(self, codes: Collection[str]) -> pl.Expr:
        """Some procedure codes as one number, their bits put together, as an expression."""
        bits = sum(bit for code, bit in self.bits.items() if code in codes)
        return pl.lit(bits, self.bits_type)


Build = Callable[[Context], pl.Expr]
FrameBuild = Callable[[pl.DataFrame, Context], pl.Series]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A derived column, of the line but for one of `over`, `numbers`, `group` and `frame`."""

    name: str
    build: Build | None = None
    """The expression; none where a group fact sums or unites a column."""
    from_frame: FrameBuild | None = None
    """Frame grain: a function of all lines, where lines must be laid beside other lines."""
    reads: tuple[str, ...] = ()
    """Columns, facts and `policy.*` columns that it is made of; one of them unknown makes it so."""
    optional: tuple[str, ...] = ()
    """Columns that it reads where they are known, and does without where they are not."""
    where: Build | None = None
    """Line grain: the lines on which alone it is worked out; all where there is none."""
    otherwise: int | None = None
    """What it is on the other lines."""
    distinct_by: tuple[str, ...] = ()
    """Distinct grain: the key whose distinct values it is computed on; all that it reads must
    follow from the key."""
    numbers: tuple[str, ...] = ()
    """Number grain: the name whose different values it numbers, or a number and what parts it."""
    group: str = ""
    """Group grain: the number of the line's group, a fact of number grain."""
    sum_of: str = ""
    """Group grain: the column that is summed over the group, nulls left out."""
    bit_or: str = ""
    """Group grain: the column of bits that are put together over the group, nulls left out."""
    unknown: str = ""
    """Why it is null where everything it reads is known."""

    @property
    def keys(self) -> tuple[str, ...]:
        """What a fact of number or group grain is worked out by."""
        return self.numbers or tuple(filter(None, (self.group,)))

    @property
    def gathered(self) -> tuple[str, ...]:
        """The column that a group fact sums or unites."""
        return tuple(filter(None, (self.sum_of, self.bit_or)))

    @property
    def all_reads(self) -> tuple[str, ...]:
        """Every column that must be there before it is worked out."""
        return (*self.reads, *self.optional, *self.distinct_by, *self.keys, *self.gathered)

    @property
    def is_of_line(self) -> bool:
        """Worked out on every line by itself."""
        return not (self.where or self.distinct_by or self.numbers or self.group or self.from_frame)


def reads_of(facts: Iterable[Fact]) -> set[str]:
    """Every column that must be there before the facts are worked out."""
    return {name for fact in facts for name in fact.all_reads}


def on_lines(
    height: int, lines: pl.Series, values: pl.Series, *, otherwise: int | None = None
) -> pl.Series:
    """A column of so many lines: the values on some lines, by their number, else `otherwise`."""
    rest = pl.Series([otherwise], dtype=values.dtype).new_from_index(0, height)
    return rest.scatter(lines, values)


def by_set(
    parameter: str,
    context: Context,
    test: Callable[[Sequence[Any]], pl.Expr],
    dtype: pl.DataType | type[pl.DataType],
) -> pl.Expr:
    """One test per distinct set, chosen by the number of the line's set; null without a set."""
    number = pl.col(f"policy.{parameter}")
    chosen = pl.lit(None, dtype=dtype)
    for key, members in context.sets.get(parameter, {}).items():
        chosen = pl.when(number == key).then(test(members)).otherwise(chosen)
    return chosen
