"""How the facts of each grain are worked out, so that the fewest lines are gone over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl
import polars.selectors as cs

from cpt77092.facts import grouping
from cpt77092.facts.distinct import distinct_ids
from cpt77092.facts.fact import Context, Fact, on_lines, reads_of


def worked_out(frame: pl.DataFrame, facts: Sequence[Fact], context: Context) -> list[pl.Series]:
    """The columns of some facts of one grain and key; not of line grain."""
    first = facts[0]
    if first.from_frame:
        return [first.from_frame(frame, context).alias(first.name)]
    if first.numbers:
        named, *by = frame.select(first.numbers).get_columns()
        numbers = grouping.refined(named, by[0]) if by else grouping.group_ids(named)
        return [numbers.alias(first.name)]
    if first.where:
        return _on_some(frame, facts, context, first.where(context))
    return _groups(frame, facts) if first.group else _distinct(frame, facts, context)


def built(fact: Fact, context: Context) -> pl.Expr:
    """The expression of a fact of line or distinct grain."""
    if fact.build is None:
        raise TypeError(f"{fact.name} has neither an expression nor a group to sum over")
    return fact.build(context).alias(fact.name)


def with_lines(frame: pl.DataFrame, facts: Sequence[Fact], context: Context) -> pl.DataFrame:
    """The frame with facts of line grain beside its columns."""
    # Lazily, so that what several of them share is worked out once; and in one piece, since a
    # column in the pieces of the streaming engine makes every later group and join slow.
    made = [built(fact, context) for fact in facts]
    return frame.lazy().with_columns(made).collect(engine="in-memory")


def _on_some(
    frame: pl.DataFrame, facts: Sequence[Fact], context: Context, where: pl.Expr
) -> list[pl.Series]:
    """Work facts out on some lines alone."""
    some = frame.lazy().filter(where).select("line", *(reads_of(facts) - {"line"}))
    made = some.select("line", *(built(fact, context) for fact in facts)).collect(
        engine="in-memory"
    )
    return [
        on_lines(frame.height, made["line"], made[fact.name], otherwise=fact.otherwise).alias(
            fact.name
        )
        for fact in facts
    ]


def _distinct(frame: pl.DataFrame, facts: Sequence[Fact], context: Context) -> list[pl.Series]:
    """Work facts out for each combination of their key, and lay them beside the lines."""
    combination = distinct_ids(frame.select(facts[0].distinct_by))
    some = frame.select(reads_of(facts))[grouping.representative_line(combination)]
    made = with_lines(some, facts, context).select(fact.name for fact in facts)
    return (
        made.with_columns(as_categories(facts))
        .select(pl.all().gather(pl.lit(combination)))
        .get_columns()
    )


def as_categories(facts: Sequence[Fact]) -> pl.Expr:
    """The texts among some facts of distinct grain: few stand on many lines."""
    return (cs.by_name([fact.name for fact in facts]) & cs.string()).cast(pl.Categorical)


def _groups(frame: pl.DataFrame, facts: Sequence[Fact]) -> list[pl.Series]:
    """Gather columns over the lines of one number; a line without a number has nothing gathered."""
    group = frame[facts[0].group].alias(_GROUP)
    own = frame.select(
        pl.when(group.is_not_null()).then(_of_line(frame, fact).fill_null(0)).alias(fact.name)
        for fact in facts
    )
    # Bits of what is rare, as of codes that nobody can read, are on no line of most batches.
    some = [fact for fact in facts if fact.sum_of or frame[fact.bit_or].max()]
    # What a line has that names its group grows to what the group has: `scatter` writes in place.
    whole = {fact.name: own[fact.name].clone() for fact in some}
    for part in _parts(own.select(group, *whole), some):
        for fact in some:
            so_far, more = whole[fact.name].gather(part[_GROUP]), part[fact.name]
            whole[fact.name].scatter(part[_GROUP], so_far | more if fact.bit_or else so_far + more)
    gathered = own.with_columns(values.gather(group).alias(name) for name, values in whole.items())
    return gathered.with_columns(cs.decimal().cast(pl.Float64)).get_columns()


_GROUP = "group"


def _of_line(frame: pl.DataFrame, fact: Fact) -> pl.Expr:
    if fact.bit_or:
        return pl.col(fact.bit_or)
    added = _exact(frame, fact.sum_of)
    return added.cast(pl.UInt32) if frame.schema[fact.sum_of] == pl.Boolean else added


def _parts(own: pl.DataFrame, facts: Sequence[Fact]) -> Iterator[pl.DataFrame]:
    """What is to be put to what the line has that names its group: at most one row of each."""
    in_turn, left = grouping.rounds(own[_GROUP])
    for lines in in_turn:
        yield own[lines]
    if left.len():
        groups = own[left].lazy().group_by(_GROUP)
        yield groups.agg(_together(fact, pl.col(fact.name)) for fact in facts).collect(
            engine="streaming"
        )


def _together(fact: Fact, of_lines: pl.Expr) -> pl.Expr:
    return of_lines.bitwise_or() if fact.bit_or else of_lines.sum()


def over_group(frame: pl.DataFrame, fact: Fact) -> pl.Expr:
    """What a fact of group grain gathers, as an expression over the lines of its group."""
    gathered = _together(fact, _of_line(frame, fact))
    is_float = bool(fact.sum_of) and frame.schema[fact.sum_of].is_float()
    return gathered.cast(pl.Float64) if is_float else gathered


_EXACT = pl.Decimal(38, 9)
_MOST = 1e18
"""A quantity of so much is as good as any larger one."""


def _exact(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as numbers whose sums are exact: floats only where all are whole and not huge."""
    column = pl.col(name)
    if not frame.schema[name].is_float():
        return column
    is_whole = (column == column.floor()) & (column.abs() * frame.height < 2**53)
    if frame.select(is_whole.all()).item():
        return column
    return exact(column)


def exact(column: pl.Expr) -> pl.Expr:
    """Numbers whose sum is the same in any order; that of floats with fractions is not."""
    return column.clip(-_MOST, _MOST).cast(_EXACT)
