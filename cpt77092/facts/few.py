"""How facts are worked out on few lines: as expressions, as many in one query as can be.

On many lines what counts is how many of them are gone over, and `grains` takes the steps that spare
most; on few it is the number of steps.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from cpt77092.facts.evaluate import as_categories, built, over_group
from cpt77092.facts.fact import Context, Fact
from cpt77092.facts.grouping import pack

FEW = 4_000
"""Of fewer lines this way is the faster one."""


def add_to_few(
    frame: pl.DataFrame, facts: Sequence[Fact], context: Context, kept: Collection[str]
) -> pl.DataFrame:
    """The frame with the facts that somebody will read, of any grain.

    Args:
        frame: lines with what the facts rest on.
        facts: each after what it reads.
        context: what they look up.
        kept: those that somebody will read.
    """
    waiting = list(facts)
    while waiting:
        missing = {fact.name for fact in waiting}
        ready = [fact for fact in waiting if missing.isdisjoint(fact.all_reads)]
        if not ready:
            raise TypeError(f"these facts wait for each other: {sorted(missing)}")
        waiting = [fact for fact in waiting if fact not in ready]
        beside = [
            fact.from_frame(frame, context).alias(fact.name) for fact in ready if fact.from_frame
        ]
        made = [
            _expression(frame, fact, context).alias(fact.name)
            for fact in ready
            if not fact.from_frame
        ]
        texts = as_categories([fact for fact in ready if fact.distinct_by])
        plan = frame.lazy().with_columns(*made).with_columns(texts)
        frame = plan.collect(engine="in-memory").hstack(beside)
    return frame.drop({fact.name for fact in facts} - {*kept})


def _expression(frame: pl.DataFrame, fact: Fact, context: Context) -> pl.Expr:
    if fact.numbers:
        return _number(*fact.numbers)
    if fact.group:
        return _of_group(frame, fact)
    made = built(fact, context)
    if fact.where is None:
        return made
    return pl.when(fact.where(context)).then(made).otherwise(fact.otherwise)


def _number(name: str, by: str | None = None) -> pl.Expr:
    """The first line of each line's group; on many lines any one of them does."""
    if by is not None:
        key, is_known = pack(name, by), pack(name, by).is_not_null()
    else:
        key, is_known = pl.col(name), pl.col(name).cast(pl.String) != ""
    return pl.when(is_known).then(pl.col("line").min().over(key))


def _of_group(frame: pl.DataFrame, fact: Fact) -> pl.Expr:
    over = over_group(frame, fact).over(fact.group).fill_null(0)
    return pl.when(pl.col(fact.group).is_not_null()).then(over)
