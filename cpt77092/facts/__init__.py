"""Derived columns of a claim line, one function each, and the grain each is worked out at.

A rule names the facts it needs; only those are computed. A fact is null where it is unknown, and
says why in `unknown` where everything it reads is there. Facts may read claim columns, other facts
and policy parameters; they never name a payer.

Grains: *line* (on every line), *distinct* (once for each distinct value of its key: a batch of a
million lines has a few hundred combinations of modifiers; texts become categories), *number* (which
lines share a key: they have the number of one of them, and lines whose key is unknown have none),
*group* (a sum or a union over the lines of one number; lines without one stay unknown and are never
thrown into one group), *frame* (lines laid beside other lines of the batch or of earlier claims).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import polars as pl

from cpt77092.facts import (
    claim_lines,
    code_pairs,
    diagnoses,
    documents,
    few,
    filing,
    grouping,
    lines,
    modifiers,
    money,
    places,
    prior_claims,
    providers,
    scans,
    units,
)
from cpt77092.facts.evaluate import with_lines, worked_out
from cpt77092.facts.fact import Context, Fact, Past, reads_of
from cpt77092.facts.message_fields import MESSAGE_FIELDS

__all__ = ["FACTS", "MESSAGE_FIELDS", "Context", "Fact", "Past", "add_facts", "closure", "inputs"]


_SUBJECTS = (
    grouping,
    modifiers,
    places,
    providers,
    diagnoses,
    claim_lines,
    code_pairs,
    scans,
    prior_claims,
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
        if name in MESSAGE_FIELDS:
            for read in MESSAGE_FIELDS[name].reads:
                visit(read)
        elif fact is None:
            plain.add(name)
        elif name not in ordered:
            for read in fact.all_reads:
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
    reads = (*fact.reads, *fact.keys, *fact.gathered, *(fact.optional if optional else ()))
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
    if frame.height < few.FEW:
        return few.add_to_few(frame, facts, context, FACTS.keys() if kept is None else kept)
    waiting = _sets(facts)
    running: dict[Future[list[pl.Series]], list[Fact]] = {}
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        while waiting or running:
            missing = {fact.name for some in (*waiting, *running.values()) for fact in some}
            ready = [some for some in waiting if reads_of(some).isdisjoint(missing)]
            waiting = [some for some in waiting if some not in ready]
            lines = [fact for some in ready if some[0].is_of_line for fact in some]
            # Each other set goes over all lines, most of its way on one core: so several at a time.
            running |= {
                pool.submit(worked_out, frame, some, context): some
                for some in ready
                if not some[0].is_of_line
            }
            if lines:
                frame = with_lines(frame, lines, context)
            elif not running:
                raise TypeError(f"these facts wait for each other: {sorted(missing)}")
            else:
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    frame = frame.hstack(done.result())
                    del running[done]
            if kept is not None:
                wanted = {name for some in (*waiting, *running.values()) for name in reads_of(some)}
                wanted |= {*kept}
                frame = frame[[n for n in frame.columns if n in wanted or n not in FACTS]]
    return frame


def _sets(facts: Iterable[Fact]) -> list[list[Fact]]:
    """Facts of one key together; one of the line, a number or one of all lines by itself."""
    sets: dict[tuple[object, ...], list[Fact]] = {}
    for fact in facts:
        shared = (fact.distinct_by, fact.group, fact.where)
        sets.setdefault(shared if any(shared) else (fact.name,), []).append(fact)
    return list(sets.values())
