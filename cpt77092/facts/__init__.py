"""Derived columns of a claim line, one function each, and the grain each is worked out at.

A rule names the facts it needs; only those are computed. A fact is null where it is unknown, and
says why in `unknown` where everything it reads is there. Facts may read claim columns, other facts
and policy parameters; they never name a payer.

Grains: *line* (on every line), *distinct* (once for each distinct value of its key: a batch of a
million lines has a few hundred combinations of modifiers), *group* (over the lines that share a
key; lines whose key is unknown stay unknown and are never thrown into one group). Group facts are
sums wherever they can be: a windowed sum is many times faster in Polars than any other window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from cpt77092.facts import claim_lines, keys, lines, modifiers, places, providers, units
from cpt77092.facts.fact import Context, Fact

__all__ = ["FACTS", "Context", "Fact", "add_facts", "closure", "inputs"]

_SUBJECTS = (keys, modifiers, places, providers, claim_lines, units, lines)
FACTS: dict[str, Fact] = {fact.name: fact for subject in _SUBJECTS for fact in subject.FACTS}


def closure(names: Iterable[str]) -> tuple[list[Fact], set[str]]:
    """The facts behind some names, each after what it reads, and the plain columns they rest on.

    Args:
        names: facts, claim columns and `policy.*` columns, mixed.

    Returns:
        Facts in an order in which they can be computed, and every name that is no fact.
    """
    ordered: dict[str, Fact] = {}
    plain: set[str] = set()

    def visit(name: str) -> None:
        fact = FACTS.get(name)
        if fact is None:
            plain.add(name)
        elif name not in ordered:
            for read in (*fact.reads, *fact.optional, *fact.over, *fact.group):
                visit(read)
            if fact.where is not None:
                for read in fact.where().meta.root_names():
                    visit(read)
            ordered[name] = fact

    for name in names:
        visit(name)
    return list(ordered.values()), plain


def inputs(name: str) -> list[str]:
    """The plain columns that a name rests on, in order: where to look for why it is unknown."""
    fact = FACTS.get(name)
    if fact is None:
        return [name]
    return list(dict.fromkeys(plain for read in fact.reads for plain in inputs(read)))


def add_facts(frame: pl.DataFrame, facts: Sequence[Fact], context: Context) -> pl.DataFrame:
    """Compute the facts, in the order given: facts of one grain and key together.

    Args:
        frame: typed claim lines with their policy columns.
        facts: as `closure` orders them.
        context: policy sets and unreadable columns.
    """
    waiting = list(facts)
    while waiting:
        first = waiting[0]
        known = set(frame.columns)
        together = [
            fact
            for fact in waiting
            if (fact.over, fact.group, fact.where) == (first.over, first.group, first.where)
            and not any(read in FACTS and read not in known for read in _all_reads(fact))
        ]
        if first.group:
            frame = _add_group(frame, together, context)
        elif first.over:
            frame = _add_distinct(frame, together, context)
        else:
            frame = frame.with_columns(fact.build(context).alias(fact.name) for fact in together)
        waiting = [fact for fact in waiting if fact not in together]
    return frame


def _all_reads(fact: Fact) -> tuple[str, ...]:
    return (*fact.reads, *fact.over, *fact.group)


def _add_distinct(frame: pl.DataFrame, facts: Sequence[Fact], context: Context) -> pl.DataFrame:
    key = facts[0].over
    names = [fact.name for fact in facts]
    given = frame.select(key)
    distinct = given.unique().with_columns(fact.build(context).alias(fact.name) for fact in facts)
    joined = given.join(distinct, on=key, how="left", nulls_equal=True, maintain_order="left")
    return frame.hstack(joined.select(names))


def _add_group(frame: pl.DataFrame, facts: Sequence[Fact], context: Context) -> pl.DataFrame:
    key, where = facts[0].group, facts[0].where
    names = [fact.name for fact in facts]
    windows = [fact.build(context).over(key).alias(fact.name) for fact in facts]
    if where is None:
        every = frame.with_columns(windows)
    else:
        some = frame.filter(where()).with_columns(windows).select("line", *names)
        joined = frame.select("line").join(some, on="line", how="left", maintain_order="left")
        every = frame.hstack(joined.select(names))
    # Lines without a key fell into one group of their own; nothing is known of them. In a step of
    # its own, since inside the windows it would keep Polars from sharing their grouping.
    if any(frame[name].null_count() for name in key):
        is_known = pl.all_horizontal(pl.col(name).is_not_null() for name in key)
        every = every.with_columns(pl.when(is_known).then(name).alias(name) for name in names)
    return every
