"""Derived columns of a claim line, one function each, and the grain each is worked out at.

A rule names the facts it needs; only those are computed. A fact is null where it is unknown, and
says why in `unknown` where everything it reads is there. Facts may read claim columns, other facts
and policy parameters; they never name a payer.

Grains: *line* (on every line), *distinct* (once for each distinct value of its key: a batch of a
million lines has a few hundred combinations of modifiers), *group* (a sum or a union over the lines
that share a key; lines whose key is unknown stay unknown and are never thrown into one group),
*frame* (lines laid beside other lines of the batch or of earlier claims).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from functools import partial

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
from cpt77092.facts.fact import Context, Fact, Past
from cpt77092.facts.told import TOLD

__all__ = ["FACTS", "TOLD", "Context", "Fact", "Past", "add_facts", "closure", "inputs"]

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
    reads = (*fact.group, *fact.reads, *_gathered(fact), *(fact.optional if optional else ()))
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
    waiting = list(facts)
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        while waiting:
            missing = {fact.name for fact in waiting}
            ready = [fact for fact in waiting if not missing.intersection(_all_reads(fact))]
            # Facts of the line come first, so that as many others as can be are ready together.
            grain = min(_grain(fact) for fact in ready)
            chosen = [fact for fact in ready if _grain(fact) == grain]
            if grain is _Grain.LINE:
                frame = _with_lines(frame, chosen, context)
            else:
                # Each set goes over all lines, most of its way on one core: so several at a time.
                made = pool.map(partial(_made, frame, context), _sets(chosen))
                frame = frame.hstack([column for columns in made for column in columns])
            waiting = [fact for fact in waiting if fact not in chosen]
            if kept is not None:
                needed = {*kept, *(name for fact in waiting for name in _all_reads(fact))}
                frame = frame.drop(FACTS.keys() - needed, strict=False)
    return frame


class _Grain(IntEnum):
    """In the order in which facts are added."""

    LINE = 0
    DISTINCT = 1
    GROUP = 2
    FRAME = 3


def _grain(fact: Fact) -> _Grain:
    if fact.frame:
        return _Grain.FRAME
    if fact.group:
        return _Grain.GROUP
    return _Grain.DISTINCT if fact.over else _Grain.LINE


def _sets(facts: Iterable[Fact]) -> Iterable[list[Fact]]:
    """Facts of one key together; one of all lines by itself."""
    sets: dict[tuple[str, ...], list[Fact]] = {}
    for fact in facts:
        sets.setdefault((fact.name,) if fact.frame else fact.group or fact.over, []).append(fact)
    return sets.values()


def _made(frame: pl.DataFrame, context: Context, facts: Sequence[Fact]) -> list[pl.Series]:
    first = facts[0]
    if first.frame:
        return [first.frame(frame, context).alias(first.name)]
    return _groups(frame, facts) if first.group else _distinct(frame, facts, context)


def _all_reads(fact: Fact) -> tuple[str, ...]:
    return (*fact.reads, *fact.optional, *fact.over, *fact.group, *_gathered(fact))


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


def _distinct(frame: pl.DataFrame, facts: Sequence[Fact], context: Context) -> list[pl.Series]:
    key = facts[0].over
    names = [fact.name for fact in facts]
    given = frame.select(key)
    distinct = _with_lines(given.unique(), facts, context)
    joined = given.join(distinct, on=key, how="left", nulls_equal=True, maintain_order="left")
    return joined.select(names).get_columns()


def _groups(frame: pl.DataFrame, facts: Sequence[Fact]) -> list[pl.Series]:
    """Gather columns over the lines that share a key; a line without a key has nothing gathered.

    Most lines are alone in their group, and what is gathered is their own value. Which are not, a
    hash of the key tells fast; lines that share a hash by chance only join the exact grouping.
    """
    key = facts[0].group
    columns = dict.fromkeys(name for fact in facts for name in _gathered(fact))
    hashed = frame.select(pl.struct(key).hash()).to_series()
    together = frame.select("line", *key, *columns).filter(
        hashed.is_duplicated() & frame.select(_all_known(key)).to_series()
    )
    groups = together.select(
        "line",
        *(
            (pl.col(fact.sums).sum() if fact.sums else pl.col(fact.unites).bitwise_or())
            .over(key)
            .alias(fact.name)
            for fact in facts
        ),
    )
    own = frame.select(
        pl.when(_all_known(key))
        .then(pl.col(*_gathered(fact)).cast(groups.schema[fact.name]).fill_null(0))
        .alias(fact.name)
        for fact in facts
    )
    return [own[name].scatter(groups["line"], groups[name]) for name in own.columns]


def _all_known(key: tuple[str, ...]) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).is_not_null() for name in key)
