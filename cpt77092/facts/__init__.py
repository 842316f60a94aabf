"""Derived columns of a claim line, one function each, and the grain each is worked out at.

A rule names the facts it needs; only those are computed. A fact is null where it is unknown, and
says why in `unknown` where everything it reads is there. Facts may read claim columns, other facts
and policy parameters; they never name a payer.

Grains: *line* (on every line), *distinct* (once for each distinct value of its key: a batch of a
million lines has a few hundred combinations of modifiers), *number* (which lines share a key: each
key has a number, and lines whose key is unknown have none), *group* (a sum or a union over the
lines of one number; lines without one stay unknown and are never thrown into one group), *frame*
(lines laid beside other lines of the batch or of earlier claims).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

import polars as pl

from cpt77092.facts import (
    bundles,
    claim_lines,
    diagnoses,
    documents,
    earlier,
    filing,
    keys,
    lines,
    modifiers,
    money,
    places,
    providers,
    scans,
    units,
)
from cpt77092.facts.combinations import MANY, combined
from cpt77092.facts.fact import Context, Fact, Past, on_lines
from cpt77092.facts.told import TOLD

__all__ = ["FACTS", "TOLD", "Context", "Fact", "Past", "add_facts", "closure", "inputs"]

T = TypeVar("T")

_SUBJECTS = (
    keys,
    modifiers,
    places,
    providers,
    diagnoses,
    claim_lines,
    bundles,
    scans,
    earlier,
    units,
    filing,
    money,
    documents,
    lines,
)
FACTS: dict[str, Fact] = {fact.name: fact for subject in _SUBJECTS for fact in subject.FACTS}


def closure(names: Iterable[str]) -> tuple[list[Fact], set[str]]:
    """The facts behind some names, each after what it reads, and the plain columns they rest on.

    Args:
        names: facts, told texts, claim columns and `policy.*` columns, mixed.

    Returns:
        Facts in an order in which they can be computed, and every name that is no fact.
    """
    ordered: dict[str, Fact] = {}
    plain: set[str] = set()

    def visit(name: str) -> None:
        fact = FACTS.get(name)
        if name in TOLD:
            for read in TOLD[name].reads:
                visit(read)
        elif fact is None:
            plain.add(name)
        elif name not in ordered:
            for read in _all_reads(fact):
                visit(read)
            ordered[name] = fact

    for name in names:
        visit(name)
    return list(ordered.values()), plain


def inputs(name: str, *, optional: bool = False) -> list[str]:
    """The plain columns that a name rests on, in order: where to look for why it is unknown.

    Args:
        name: a fact, or a plain column, which rests on itself.
        optional: whether columns that it could do without are among them.
    """
    fact = FACTS.get(name)
    if fact is None:
        return [name]
    reads = (*fact.reads, *_keys(fact), *_gathered(fact), *(fact.optional if optional else ()))
    return list(dict.fromkeys(p for read in reads for p in inputs(read, optional=optional)))


def add_facts(
    frame: pl.DataFrame,
    facts: Sequence[Fact],
    context: Context,
    *,
    kept: Collection[str] | None = None,
) -> pl.DataFrame:
    """Compute the facts: each as soon as what it reads is there, facts of one key together.

    Args:
        frame: typed claim lines with their policy columns.
        facts: as `closure` gives them.
        context: policy sets and unreadable columns.
        kept: the facts that somebody will read; others make room once all that read them are
            there. All where it is None.
    """
    waiting = _sets(facts)
    running: dict[Future[list[pl.Series]], list[Fact]] = {}
    # A thread for a few lines costs more than it saves.
    with ThreadPoolExecutor(pl.thread_pool_size()) if frame.height >= MANY else _Here() as pool:
        while waiting or running:
            missing = {fact.name for some in (*waiting, *running.values()) for fact in some}
            ready = [some for some in waiting if _can_be_made(some, missing)]
            waiting = [some for some in waiting if some not in ready]
            lines = [fact for some in ready if _is_of_line(some[0]) for fact in some]
            # Each other set goes over all lines, most of its way on one core: so several at a time.
            running |= {
                pool.submit(_made, frame, context, some): some
                for some in ready
                if not _is_of_line(some[0])
            }
            if lines:
                frame = _with_lines(frame, lines, context)
            elif not running:
                raise TypeError(f"these facts wait for each other: {sorted(missing)}")
            else:
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    frame = frame.hstack(done.result())
                    del running[done]
            if kept is not None:
                unread = {name for some in (*waiting, *running.values()) for name in _read(some)}
                frame = frame.drop(FACTS.keys() - unread - {*kept}, strict=False)
    return frame


class _Here(Executor):
    """Works off what is handed in at once."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def _sets(facts: Iterable[Fact]) -> list[list[Fact]]:
    """Facts of one key together; one of the line, a number or one of all lines by itself."""
    sets: dict[tuple[object, ...], list[Fact]] = {}
    for fact in facts:
        shared = (fact.over, fact.group, fact.where)
        sets.setdefault(shared if any(shared) else (fact.name,), []).append(fact)
    return list(sets.values())


def _is_of_line(fact: Fact) -> bool:
    return not (fact.where or fact.over or fact.numbers or fact.group or fact.frame)


def _can_be_made(facts: Iterable[Fact], missing: Collection[str]) -> bool:
    return _read(facts).isdisjoint(missing)


def _read(facts: Iterable[Fact]) -> set[str]:
    return {name for fact in facts for name in _all_reads(fact)}


def _made(frame: pl.DataFrame, context: Context, facts: Sequence[Fact]) -> list[pl.Series]:
    first = facts[0]
    if first.frame:
        return [first.frame(frame, context).alias(first.name)]
    if first.numbers:
        named, *by = frame.select(first.numbers).get_columns()
        numbers = keys.refined(named, by[0]) if by else keys.numbered(named)
        return [numbers.alias(first.name)]
    if first.where:
        return _on_some(frame, facts, context, first.where(context))
    return _groups(frame, facts) if first.group else _distinct(frame, facts, context)


def _all_reads(fact: Fact) -> tuple[str, ...]:
    return (*fact.reads, *fact.optional, *fact.over, *_keys(fact), *_gathered(fact))


def _keys(fact: Fact) -> tuple[str, ...]:
    """What a fact of number or group grain is worked out by."""
    return fact.numbers or tuple(filter(None, (fact.group,)))


def _gathered(fact: Fact) -> tuple[str, ...]:
    """The column that a group fact sums or unites."""
    return tuple(filter(None, (fact.sums, fact.unites)))


def _built(fact: Fact, context: Context) -> pl.Expr:
    if fact.build is None:
        raise TypeError(f"{fact.name} has neither an expression nor a group to sum over")
    return fact.build(context).alias(fact.name)


def _with_lines(frame: pl.DataFrame, facts: Sequence[Fact], context: Context) -> pl.DataFrame:
    # Lazily, so that what several of them share is worked out once; and in one piece, since a
    # column in the pieces of the streaming engine makes every later group and join slow.
    built = [_built(fact, context) for fact in facts]
    return frame.lazy().with_columns(built).collect(engine="in-memory")


def _on_some(
    frame: pl.DataFrame, facts: Sequence[Fact], context: Context, where: pl.Expr
) -> list[pl.Series]:
    """Work facts out on some lines alone."""
    some = frame.lazy().filter(where).select("line", *(_read(facts) - {"line"}))
    built = (_built(fact, context) for fact in facts)
    made = some.select("line", *built).collect(engine="in-memory")
    return [
        on_lines(frame.height, made["line"], made[fact.name], otherwise=fact.otherwise).alias(
            fact.name
        )
        for fact in facts
    ]


def _distinct(frame: pl.DataFrame, facts: Sequence[Fact], context: Context) -> list[pl.Series]:
    """Work facts out for each combination of their key, and lay them beside the lines."""
    combination = combined(frame.select(facts[0].over))
    some = frame.select(_read(facts))[keys.line_of_each(combination)]
    made = _with_lines(some, facts, context)
    return made.select(
        pl.col(fact.name).gather(pl.lit(combination)) for fact in facts
    ).get_columns()


def _groups(frame: pl.DataFrame, facts: Sequence[Fact]) -> list[pl.Series]:
    """Gather columns over the lines of one number; a line without a number has nothing gathered."""
    group = frame[facts[0].group]
    # A line that shares its number with no other has its own; and bits of what is rare, as of codes
    # that nobody can read, are on no line of most batches.
    lines = keys.shared(group).arg_true().cast(pl.UInt32)
    some = [fact for fact in facts if fact.sums or frame[fact.unites].max()]
    columns = dict.fromkeys(name for fact in facts for name in _gathered(fact))
    plan = (
        frame.lazy()
        .select(pl.col(group.name, *columns).gather(pl.lit(lines)))
        .group_by(group.name)
        .agg(_over_group(frame, fact).fill_null(0).alias(fact.name) for fact in facts)
    )
    types = plan.collect_schema()
    own = frame.select(
        pl.when(pl.col(group.name).is_not_null())
        .then(pl.col(*_gathered(fact)).cast(types[fact.name]).fill_null(0))
        .alias(fact.name)
        for fact in facts
    )
    # Many small groups are what this engine is several times faster at.
    gathered = plan.select(group.name, *(fact.name for fact in some)).collect(engine="streaming")

    def of_lines(fact: Fact) -> pl.Series:
        values = gathered[fact.name]
        of_group = pl.zeros(keys.above(group), dtype=values.dtype, eager=True)
        of_group.scatter(gathered[group.name], values)
        return own[fact.name].scatter(lines, of_group[group[lines]])

    return [of_lines(fact) if fact in some else own[fact.name] for fact in facts]


def _over_group(frame: pl.DataFrame, fact: Fact) -> pl.Expr:
    if not fact.sums:
        return pl.col(fact.unites).bitwise_or()
    summed = pl.col(fact.sums)
    values = frame[fact.sums]
    if values.dtype.is_float() and not (values == values.floor()).all():
        summed = summed.sort()  # a sum of fractions must not depend on the order of lines
    return summed.sum()
