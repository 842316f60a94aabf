"""What a fact is, and what its function may look up besides the line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from cpt77092.claims.categorical import constant
from cpt77092.errors import UsageError
from cpt77092.frozen import frozen
from cpt77092.reference.code_list import PLACES, CodeList, code_lists
from cpt77092.reference.codes import CHECKED
from cpt77092.reference.icd10 import DiagnosisList, diagnosis_lists
from cpt77092.reference.modifiers import ModifierLists, modifier_lists
from cpt77092.reference.sources import Source

if TYPE_CHECKING:  # readers load when a file is read
    from cpt77092.readers.history import Past

MAX_CODES = 64
"""The codes of a group are the bits of one number."""


@frozen(slots=False, kw_only=True)
class Context:
    """What facts may look up besides the line itself."""

    sets: Mapping[str, Mapping[int, tuple[Any, ...]]] = field(default_factory=dict)
    """Members of each distinct set, by parameter and by the number that lines have for the set."""
    unreadable: tuple[str, ...] = ()
    """Typed columns with an unreadable cell somewhere in the batch."""
    blank: frozenset[str] = frozenset()
    """Diagnosis columns that the file has, blank on every line."""
    categories: frozenset[str] | None = None
    """ICD-10-CM categories of the batch, to load only their codes; None loads all."""
    codes: tuple[str, ...] = ()
    """Procedure codes of the batch, by their number."""
    files: tuple[str, ...] = ()
    """Names of the batch's files, by their number (`source`), for messages."""
    past: Past | None = None
    """Earlier claims; None where none were given."""
    first_month: int | None = None
    """Months since year 0 of the batch's first date of service; None where no date is known."""
    firsts: Mapping[str, Collection[int]] | None = None
    """For each fact of the first line of a payer (`claim_lines.FIRST_AMONG`), the `batch_line` of
    the lines that it is true of; None where the lines at hand are all there are."""
    tables: Mapping[str, str] = field(default_factory=dict)
    """Texts of the lists in the user's policy folder, by their names."""

    @cached_property
    def diagnosis_lists(self) -> tuple[DiagnosisList, ...]:
        """The ICD-10-CM lists, one for each fiscal year, in order."""
        return diagnosis_lists(self.tables, self.categories)

    @cached_property
    def modifier_lists(self) -> ModifierLists:
        """The modifiers that are valid on each day."""
        return modifier_lists(self.tables)

    @cached_property
    def place_lists(self) -> tuple[CodeList, ...]:
        """The user's lists of places of service, the earliest first."""
        return code_lists(self.tables, PLACES)

    def list_sources(self, fact: str) -> dict[int, Source]:
        """The sources of the user's code lists by their numbers in a fact.

        Args:
            fact: the fact that has the number of each line's list (`Rule.cites_list`).
        """
        if not self.tables:
            return {}
        sources: dict[str, Iterable[tuple[int, Source | None]]] = {
            "list_year": (
                (number, listed.source)
                for number, listed in enumerate(self.diagnosis_lists, start=1)
                if listed.source.sha256
            ),
            "modifier_period": enumerate(one.source for one in self.modifier_lists.periods),
            "place_list": enumerate((one.source for one in self.place_lists), start=1),
        }
        return {n: source for n, source in sources.get(fact, ()) if source is not None}

    @cached_property
    def bits(self) -> Mapping[str, int]:
        """One bit for each code that a line may bill or a pair may name.

        Raises:
            UsageError: there are more than 64.
        """
        paired = {pair.with_ for pairs in self.sets.get("pairs", {}).values() for pair in pairs}
        known = sorted(CHECKED | paired | set(self.codes))
        if len(known) > MAX_CODES:
            raise UsageError(
                f"the policies pair the checked codes with {len(known) - len(CHECKED)} others; at "
                f"most {MAX_CODES - len(CHECKED)} fit: name fewer codes under pairs"
            )
        return {code: 1 << number for number, code in enumerate(known)}

    @cached_property
    def bits_type(self) -> type[pl.DataType]:
        """The narrowest type that holds all bits; few batches need the wide one."""
        return pl.UInt32 if len(self.bits) <= MAX_CODES // 2 else pl.UInt64

    def mask(self, codes: Collection[str]) -> pl.Expr:
        """The bits of some procedure codes in one number, as an expression."""
        bits = sum(bit for code, bit in self.bits.items() if code in codes)
        return pl.lit(bits, self.bits_type)


YES, NO, UNKNOWN = pl.lit(True), pl.lit(False), pl.lit(None, pl.Boolean)  # noqa: FBT003

Build = Callable[[Context], pl.Expr]
FrameBuild = Callable[[pl.DataFrame, Context], pl.Series]


@frozen(kw_only=True)
class Fact:
    """A derived column. Its grain is *line* unless one of the fields for another grain is set."""

    name: str = ""
    """Blank of what several facts have in common."""
    build: Build | None = None
    """The expression; None where `from_frame`, `sum_of` or `bit_or` is set."""
    from_frame: FrameBuild | None = None
    """Frame grain: a function of all lines, for facts that compare lines with each other."""
    reads: tuple[str, ...] = ()
    """Columns, facts and `policy.*` columns that it needs; null where one of them is unknown."""
    optional: tuple[str, ...] = ()
    """Columns that it reads where they are known, and can do without."""
    where: Build | None = None
    """Where grain: the lines on which it is computed."""
    default: int | None = None
    """Where grain: its value on the other lines."""
    background: tuple[str, ...] = ()
    """Columns that it reads besides, which are no reason why a rule is unknown or less severe."""
    distinct_by: tuple[str, ...] = ()
    """Distinct grain: the key, of which each combination is computed once; all that it reads must
    follow from the key."""
    group_id_of: tuple[str, ...] = ()
    """Group id grain: the column that lines of one group share; or a group id and a number that
    they share, too."""
    group: str = ""
    """Group grain: the fact of group id grain over whose groups it is computed."""
    sum_of: str = ""
    """Group grain: the column that is summed over the group, nulls left out."""
    bit_or: str = ""
    """Group grain: the column whose bits are united over the group, nulls left out."""
    unknown: str = ""
    """The reason why it is null where everything it reads is known."""

    def of(self, build: Build) -> Fact:
        """As a decorator: the fact that a function gives an expression for, and its name."""
        return replace(self, name=build.__name__, build=build)

    def of_frame(self, function: FrameBuild) -> Fact:
        """As a decorator: the fact that a function of all lines computes, which it is named for."""
        return replace(self, name=function.__name__, from_frame=function)

    @property
    def of_groups(self) -> tuple[str, ...]:
        """The columns that say which lines belong together, and the one summed or united."""
        return tuple(filter(None, (*self.group_id_of, self.group, self.sum_of, self.bit_or)))

    @property
    def all_reads(self) -> tuple[str, ...]:
        """Every column that must be there before it is computed."""
        others = (*self.background, *self.distinct_by, *self.of_groups)
        return (*self.reads, *self.optional, *others)

    @property
    def is_of_line(self) -> bool:
        """Whether it is computed on every line by itself."""
        others = (self.where, self.distinct_by, self.group_id_of, self.group, self.from_frame)
        return not any(others)


def reads_of(facts: Iterable[Fact]) -> set[str]:
    """Every column that must be there before the facts are computed."""
    return {name for fact in facts for name in fact.all_reads}


def on_lines(
    height: int, lines: pl.Series, values: pl.Series, *, default: int | None = None
) -> pl.Series:
    """A column of `height` rows: values on the lines of some numbers, a default on the others."""
    rest = constant(height, value=default, dtype=values.dtype)
    return rest.scatter(lines, values)


def by_set(
    parameter: str,
    context: Context,
    test: Callable[[Sequence[Any]], pl.Expr],
    dtype: pl.DataType | type[pl.DataType],
) -> pl.Expr:
    """The line's set decides the expression, which `test` makes from its members; null without one.

    The parameter is one whose value is a set; `dtype` is that of the expression.
    """
    number = pl.col(f"policy.{parameter}")
    chosen = pl.lit(None, dtype=dtype)
    for key, members in context.sets.get(parameter, {}).items():
        chosen = pl.when(number == key).then(test(members)).otherwise(chosen)
    return chosen


def list_on_date(first_days: Iterable[date]) -> pl.Expr:
    """The number of the list that holds on the date of service, from 0; without a date the latest.

    Args:
        first_days: those of all lists but the first, in order.
    """
    number, day = pl.lit(0), pl.col("claim_line_start_date")
    for later, first_day in enumerate(first_days, start=1):
        number = pl.when(day < first_day).then(number).otherwise(later)
    return number.cast(pl.UInt8)


def field_of(struct: str, name: str, *, reads: tuple[str, ...] = (), unknown: str = "") -> Fact:
    """The fact that is a field of another one, which computes several at once."""
    return Fact(
        name=name,
        build=lambda _: pl.col(struct).struct.field(name),
        reads=reads,
        optional=(struct,),
        unknown=unknown,
    )


def is_on_list(column: str, parameter: str) -> Build:
    """The cell of a column is on the payer's list."""
    return lambda context: by_set(
        parameter, context, lambda members: pl.col(column).is_in(list(members)), pl.Boolean
    )


def list_text(parameter: str) -> Build:
    """The payer's list as text, for messages."""
    return lambda context: by_set(
        parameter, context, lambda members: pl.lit(", ".join(members)), pl.String
    )
