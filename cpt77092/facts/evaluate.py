"""Computes facts: each as soon as what it reads is there, and on as few lines as its grain allows.

Grains: *line* (on every line), *where* (on some lines; the others have a default), *distinct* (once
for each combination of its key: a million lines have a few hundred combinations of modifiers),
*group id* (which lines share a key), *group* (a sum or a union over the lines of one group) and
*frame* (a function of all lines, which compares them with each other or with earlier claims).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from itertools import chain, compress
from operator import not_

import polars as pl
import polars.selectors as cs

from cpt77092.facts.distinct import distinct_ids
from cpt77092.facts.fact import Context, Fact, on_lines, reads_of
from cpt77092.facts.grouping import divided, group_ids, representative_line, rounds
from cpt77092.text import gathered

MOST_LINES_ONE_BY_ONE = 10_000
"""Among as many lines, looking for equal combinations costs more than it saves."""


def add_facts(
    frame: pl.DataFrame,
    facts: Sequence[Fact],
    context: Context,
    *,
    kept: Collection[str] | None = None,
) -> pl.DataFrame:
    """The claim lines with the facts as further columns.

    Args:
        frame: typed claim lines with their number (`line`) and their policy columns.
        facts: as `closure` gives them.
        context: for facts that look up more than the line.
        kept: names of the facts to return (None: all); any other is dropped once no fact reads it.

    Raises:
        TypeError: some facts read each other in a circle.
    """
    dropped = set() if kept is None else {fact.name for fact in facts}.difference(kept)
    is_small = frame.height <= MOST_LINES_ONE_BY_ONE
    reads = {fact.name: frozenset(fact.all_reads) for fact in facts}
    waiting = _steps(facts)

    def are_of_line(step: Sequence[Fact]) -> bool:
        return step[0].is_of_line or (is_small and bool(step[0].distinct_by))

    running: dict[Future[list[pl.Series]], list[Fact]] = {}
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        while waiting or running:
            missing = _facts_of(waiting, running.values())
            is_ready = [all(missing.isdisjoint(reads[f.name]) for f in step) for step in waiting]
            ready = list(compress(waiting, is_ready))
            waiting = list(compress(waiting, map(not_, is_ready)))
            on_every_line = [fact for step in ready if are_of_line(step) for fact in step]
            others = [step for step in ready if not are_of_line(step)]
            if is_small:
                columns = (column for step in others for column in _columns(frame, step, context))
                frame = frame.hstack(list(columns))
            else:  # any such step uses one core for most of its time, so several run at once
                for step in others:
                    running[pool.submit(copy_context().run, _columns, frame, step, context)] = step
            if on_every_line:
                # Lazily, so that what several of them share is computed once; and in memory, since
                # the many chunks of the streaming engine make every later group and join slow.
                expressions = [_expression(fact, context) for fact in on_every_line]
                frame = frame.lazy().with_columns(expressions).collect(engine="in-memory")
            elif running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    frame = frame.hstack(future.result())
                    del running[future]
            elif not ready:
                raise TypeError(f"these facts read each other in a circle: {sorted(missing)}")
            left = _facts_of(waiting, running.values())
            frame = frame.drop(dropped.difference(*(reads[name] for name in left)), strict=False)
    return frame


def _facts_of(*steps: Iterable[Sequence[Fact]]) -> set[str]:
    return {fact.name for step in chain(*steps) for fact in step}


def _steps(facts: Iterable[Fact]) -> list[list[Fact]]:
    """Facts of one key together, since they share most of the work; any other by itself."""
    keys = ((fact, (fact.distinct_by, fact.group, fact.where)) for fact in facts)
    steps = gathered((key if any(key) else (fact.name,), fact) for fact, key in keys)
    return list(steps.values())


def _columns(frame: pl.DataFrame, facts: Sequence[Fact], context: Context) -> list[pl.Series]:
    """The columns of one step of any grain but *line*."""
    first = facts[0]
    if first.from_frame:
        return [first.from_frame(frame, context).alias(first.name)]
    if first.group_id_of:
        key, *by = (frame[name] for name in first.group_id_of)
        return [(divided(key, *by) if by else group_ids(key)).alias(first.name)]
    if first.where:
        return _where(frame, facts, context, first.where(context))
    return _over_groups(frame, facts) if first.group else _distinct(frame, facts, context)


def _expression(fact: Fact, context: Context) -> pl.Expr:
    if fact.build is None:
        raise TypeError(f"{fact.name} has neither an expression nor a group to sum over")
    return fact.build(context).alias(fact.name)


def _where(
    frame: pl.DataFrame, facts: Sequence[Fact], context: Context, where: pl.Expr
) -> list[pl.Series]:
    some = frame.lazy().filter(where).select("line", *(reads_of(facts) - {"line"}))
    values = some.select("line", *(_expression(fact, context) for fact in facts)).collect(
        engine="in-memory"
    )
    return [
        on_lines(frame.height, values["line"], values[fact.name], default=fact.default).alias(
            fact.name
        )
        for fact in facts
    ]


def _distinct(frame: pl.DataFrame, facts: Sequence[Fact], context: Context) -> list[pl.Series]:
    combination = distinct_ids(frame.select(facts[0].distinct_by))
    some = frame.select(reads_of(facts))[representative_line(combination)]
    values = some.lazy().with_columns(_expression(fact, context) for fact in facts)
    # Few different texts are on many lines: as categories each is kept once.
    values = values.select(fact.name for fact in facts).with_columns(
        cs.string().cast(pl.Categorical)
    )
    return values.collect(engine="in-memory")[combination].get_columns()


_GROUP = "group"


def _over_groups(frame: pl.DataFrame, facts: Sequence[Fact]) -> list[pl.Series]:
    """Sums and unions over the lines of each group; null on a line that has no group."""
    group = frame[facts[0].group].alias(_GROUP)
    own = frame.select(
        pl.when(group.is_not_null()).then(_of_line(frame, fact).fill_null(0)).alias(fact.name)
        for fact in facts
    )
    # Bits of what is rare, as of unreadable codes, are on no line of most batches.
    some = [fact for fact in facts if fact.sum_of or frame[fact.bit_or].max()]
    # The totals are kept on the line that a group is known by. A clone, as `scatter` is in place.
    totals = {fact.name: own[fact.name].clone() for fact in some}
    for part in _other_lines(own.select(group, *totals), some):
        for fact in some:
            total, more = totals[fact.name].gather(part[_GROUP]), part[fact.name]
            totals[fact.name].scatter(part[_GROUP], total | more if fact.bit_or else total + more)
    gathered = own.with_columns(total.gather(group).alias(name) for name, total in totals.items())
    return gathered.with_columns(cs.decimal().cast(pl.Float64)).get_columns()


def _of_line(frame: pl.DataFrame, fact: Fact) -> pl.Expr:
    """What one line adds to its group."""
    if fact.bit_or:
        return pl.col(fact.bit_or)
    added = _exact(frame, fact.sum_of)
    return added.cast(pl.UInt32) if frame.schema[fact.sum_of] == pl.Boolean else added


def _other_lines(own: pl.DataFrame, facts: Sequence[Fact]) -> Iterator[pl.DataFrame]:
    """All lines but those that groups are known by, in parts with at most one row of a group."""
    parts, rest = rounds(own[_GROUP])
    for lines in parts:
        yield own[lines]
    if rest.len():
        totals = [
            pl.col(fact.name).bitwise_or() if fact.bit_or else pl.col(fact.name).sum()
            for fact in facts
        ]
        yield own[rest].lazy().group_by(_GROUP).agg(totals).collect(engine="streaming")


_EXACT = pl.Decimal(38, 9)
_MAX_QUANTITY = 1e18
"""A larger quantity is taken as this one."""


def _exact(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as numbers whose sums are exact: floats only where all are whole and not huge."""
    column = pl.col(name)
    if not frame.schema[name].is_float():
        return column
    is_whole = (column == column.floor()) & (column.abs() * frame.height < 2**53)
    return column if frame.select(is_whole.all()).item() else exact(column)


def exact(column: pl.Expr) -> pl.Expr:
    """Numbers as decimals: unlike that of floats, their sum is the same in any order."""
    return column.clip(-_MAX_QUANTITY, _MAX_QUANTITY).cast(_EXACT)
