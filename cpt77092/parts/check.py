"""The check of one part: the lines of some groups (`ties.py`), and what was worked out before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import polars as pl

from cpt77092.claims.cells import read_day_first
from cpt77092.claims.columns import BY_NAME, COLUMNS
from cpt77092.engine import Result, check, names_read, turned, with_facts
from cpt77092.facts import closure
from cpt77092.facts.claim_lines import CONTENT, FIRST_AMONG, ORDER, content, earliest
from cpt77092.facts.grouping import OF_CLAIM
from cpt77092.findings import as_table
from cpt77092.findings.sums import Sums, sums
from cpt77092.findings.table import by_line
from cpt77092.frozen import frozen
from cpt77092.policies.policy import PolicySet
from cpt77092.readers import Batch, History
from cpt77092.readers.history import REJECTED, Past, PastTally
from cpt77092.rule import Rule
from cpt77092.whole import BATCH_LINE, SPELLING, Reading, Whole

_NO_FIRSTS = pl.DataFrame(
    schema={
        "reading": pl.Int32,
        "fact": pl.String,
        "payer_number": pl.UInt32,
        BATCH_LINE: pl.Int64,
        "claim_line_start_date": pl.Date,
        "claim_id": pl.String,
        "claim_line_number": pl.Int64,
        CONTENT: pl.String,
        "source": pl.UInt32,
        "source_row": pl.UInt32,
    }
)

_DAMAGED = "damaged_code"
_OF_FIRST = ("reading", "fact", "payer_number")
"""What has one first line."""


@frozen(eq=False)
class Part:
    """The lines of some groups; of every group all lines, of batch and history."""

    lines: pl.DataFrame
    """Of the batch, typed as `read_batch` gives them, with `BATCH_LINE`; in any order."""
    past: pl.DataFrame | None = None
    """Earlier claims, typed as `read_history` gives them; None where none were given."""
    first_days: Sequence[pl.DataFrame] = ()
    """`person_id` and `first_day` of these patients in earlier claims, as `History` has them; one
    frame for each reading of the whole."""


@frozen(eq=False)
class CheckedPart:
    """What the check of a part came to."""

    findings: pl.DataFrame
    """As `findings.schema.FINDING` has them and with `BATCH_LINE`, by line and rule."""
    sums: Sums
    """What its lines add up to (`findings.sums.added`), the lines not checked by reason too."""


def check_part(
    part: Part, whole: Whole, policies: PolicySet, rules: Sequence[Rule], *, as_of: date
) -> CheckedPart:
    """Check some lines apart from all others; all of it can be pickled, and nothing else is read.

    Args:
        part: all lines of some groups.
        whole: what was worked out on all lines, with `with_firsts`.
        policies: those that the whole was worked out with.
        rules: those to run, in this order.
        as_of: a later service date is in the future.

    Returns:
        What the check of the whole comes to on these lines.

    Raises:
        ClaimsError: the part is too large for the memory that is free.
    """
    result = result_of(part, whole, policies, rules, as_of=as_of)
    lines = by_line(result.findings)["line"]
    place = result.lines[BATCH_LINE].gather(lines)
    return CheckedPart(as_table(result).hstack([place]), sums(result))


def result_of(
    part: Part, whole: Whole, policies: PolicySet, rules: Sequence[Rule], *, as_of: date
) -> Result:
    """The result of a part as the engine gives it; arguments are those of `check_part`."""
    batch, history = _as_read(part, whole)
    return check(batch, policies, rules, as_of=as_of, history=history, whole=whole)


def first_lines(
    part: Part, whole: Whole, policies: PolicySet, rules: Sequence[Rule], *, as_of: date
) -> pl.DataFrame:
    """The lines of a part that may be the first of their payer; few, for `with_firsts`.

    Arguments are those of `check_part`; the whole has no firsts yet.
    """
    facts = _facts_of_whole(rules)
    if not facts:
        return _NO_FIRSTS
    names = {name for fact in facts for name in FIRST_AMONG[fact].meta.root_names()}
    batch, history = _as_read(part, whole)
    candidates = [_NO_FIRSTS]
    for number, reading in enumerate(whole.readings):
        if number:
            batch, history = turned(batch, history)
        lines, _, _ = with_facts(
            batch, history, whole, reading, policies, as_of, names=names, kept=names
        )
        for fact in facts:
            early = earliest(lines.lazy().filter(FIRST_AMONG[fact])).with_columns(
                content(lines.columns), reading=number, fact=pl.lit(fact)
            )
            candidates.append(early.select(_NO_FIRSTS.columns))
    return pl.concat(candidates, how="vertical_relaxed")


def _facts_of_whole(rules: Sequence[Rule]) -> list[str]:
    return [name for name in names_read(rules) if name in FIRST_AMONG]


def read_by_first_lines(rules: Sequence[Rule]) -> frozenset[str]:
    """The columns of a part without which `first_lines` cannot do, but for content.

    No column where no rule asks for first lines.
    """
    names = [n for fact in _facts_of_whole(rules) for n in FIRST_AMONG[fact].meta.root_names()]
    if not names:
        return frozenset()
    _, plain = closure([*names, *_NO_FIRSTS.columns, *SPELLING, *OF_CLAIM, _DAMAGED])
    sets = {BY_NAME[name].set_name for name in plain if name in BY_NAME} - {None}
    return frozenset(plain).union(c.name for c in COLUMNS if c.set_name in sets)


def contested(candidates: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Of the `first_lines` of all parts those of which content decides which one is first."""
    every = pl.concat([_NO_FIRSTS, *candidates], how="vertical_relaxed")
    first = earliest(every.lazy(), by=_OF_FIRST)
    return first.filter(pl.len().over(_OF_FIRST) > 1)


def with_content(candidates: pl.DataFrame, part: Part, whole: Whole) -> pl.DataFrame:
    """Some `first_lines` with the content that they have in a part."""
    batch, history = _as_read(part, whole)
    settled = [candidates.clear()]
    for number in range(len(whole.readings)):
        if number:
            batch, history = turned(batch, history)
        contents = batch.lines.select(BATCH_LINE, content(batch.lines.columns))
        own = candidates.filter(reading=number).drop(CONTENT).join(contents, on=BATCH_LINE)
        settled.append(own.select(candidates.columns))
    return pl.concat(settled)


def with_firsts(whole: Whole, candidates: Iterable[pl.DataFrame]) -> Whole:
    """The whole with the first line of each payer, of the `first_lines` of all parts."""
    every = pl.concat([_NO_FIRSTS, *candidates], how="vertical_relaxed")
    ordered = every.sort(ORDER, nulls_last=False)
    first = ordered.unique(_OF_FIRST, keep="first", maintain_order=True)

    def firsts(number: int, fact: str) -> frozenset[int]:
        return frozenset(first.filter(reading=number, fact=fact)[BATCH_LINE])

    readings = [
        replace(reading, firsts={fact: firsts(number, fact) for fact in FIRST_AMONG})
        for number, reading in enumerate(whole.readings)
    ]
    return replace(whole, readings=tuple(readings))


def _as_read(part: Part, whole: Whole) -> tuple[Batch, History | None]:
    """The part as the readers would give it, with all columns of the whole and in its order."""
    lines = _with_columns(part.lines, {**whole.schema, BATCH_LINE: pl.Int64()})
    if not lines[BATCH_LINE].is_sorted():
        lines = lines.sort(BATCH_LINE)
    batch = Batch.of_lines(lines)
    if whole.past_schema is None:
        return batch, None
    nothing = pl.DataFrame(schema=whole.past_schema)
    past = nothing if part.past is None else _with_columns(part.past, whole.past_schema)
    first = _history(past, whole.readings[0], part.first_days[0])
    if len(whole.readings) == 1:
        return batch, first
    other = read_day_first(past)
    day_first = _history(past if other is None else other, whole.readings[1], part.first_days[1])
    return batch, replace(first, day_first=day_first)


def _with_columns(lines: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    missing = [pl.lit(None, dtype).alias(n) for n, dtype in schema.items() if n not in lines]
    return lines.with_columns(missing).select(
        pl.col(name).cast(dtype) for name, dtype in schema.items()
    )


def _history(lines: pl.DataFrame, reading: Reading, first_days: pl.DataFrame) -> History:
    return History(
        lines=lines,
        covered=replace(reading.past or Past(), first_days=first_days),
        tally=PastTally(),
        files=(),
        ignored=(),
        rejects=pl.DataFrame(schema=REJECTED),
    )
