"""The findings table: every finding with its line, its texts and its source."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from cpt77092.claims.categorical import constant
from cpt77092.engine import INFO, SEVERITIES, Result
from cpt77092.findings.lines import line_table
from cpt77092.findings.schema import ACCEPTED, FINDING
from cpt77092.findings.texts import REMEDY, message_fields, write_texts
from cpt77092.followup.key import IS_NEW
from cpt77092.policies import Decision, Level
from cpt77092.reference.sources import Source
from cpt77092.rule import Rule, Severity

if TYPE_CHECKING:
    from cpt77092.followup.accepted import Accepted

FINDINGS_AT_ONCE = 250_000
"""Findings whose texts are held in memory together."""


def as_pieces(result: Result, *, extra: Sequence[str] = ()) -> Iterator[pl.DataFrame]:
    """All findings by file, row and rule, in pieces; at least one, which may be empty.

    Texts are long, and of a large batch only those of a piece are held.
    """
    chosen = by_line(result.findings)
    fields = message_fields(result, chosen)
    for start in range(0, max(chosen.height, 1), FINDINGS_AT_ONCE):
        yield _complete(result, chosen.slice(start, FINDINGS_AT_ONCE), fields, extra)


def with_texts(result: Result, chosen: pl.DataFrame, extra: Sequence[str]) -> pl.DataFrame:
    """Some rows of `Result.findings` as `FINDING` has them, in the order they are given."""
    return _complete(result, chosen, message_fields(result, chosen), extra)


def remedies_of(result: Result, chosen: pl.DataFrame) -> pl.Series:
    """The place in `Rule.remedies` of the remedy of some rows of `Result.findings`."""
    sources, source = _sources(result, chosen)
    cited = chosen.select("line", "rule", source.alias("source"))
    fields = message_fields(result, chosen)
    return write_texts(result, cited, sources, fields, [REMEDY])[REMEDY]


def by_line(chosen: pl.DataFrame) -> pl.DataFrame:
    """Rows of `Result.findings` by file, row and rule."""
    # Sorted by both in one number, which takes a third of the time.
    return chosen.sort(pl.col("line").cast(pl.UInt64) * 2**16 + pl.col("rule"))


def worst(result: Result, limit: int) -> Result:
    """The same run with at most so many findings: errors first, then warnings, by file and row."""
    if result.findings.height <= limit:
        return result
    kept = result.findings.bottom_k(limit, by=["severity", "line", "rule"])
    return replace(result, findings=kept.sort("rule", "line"))


def needing_work(result: Result, *, others: bool = False) -> Result:
    """The same run with the findings that are worked claim by claim: no infos, no questions.

    With `others`, the rest instead.
    """
    is_work = (pl.col("severity") < INFO) & ~is_question(result)
    return replace(result, findings=result.findings.filter(is_work != others))


def is_question(result: Result) -> pl.Expr:
    """The findings that a payer's answer settles for all its claims (`Rule.question`)."""
    rules = [number for number, rule in enumerate(result.rules) if rule.question]
    silent = [n for n, each in enumerate(result.decisions) if each.level is Level.DEFAULT]
    is_open = pl.col("decision").is_null() | pl.col("decision").is_in(silent)
    return pl.col("rule").is_in(rules) & is_open


def _complete(
    result: Result,
    chosen: pl.DataFrame,
    fields: Mapping[int, pl.DataFrame],
    extra: Sequence[str],
) -> pl.DataFrame:
    sources, source = _sources(result, chosen)
    rules = pl.DataFrame(
        [(rule.code, rule.name) for rule in result.rules],
        schema=dict.fromkeys(("rule", "name"), pl.String),
        orient="row",
    )
    severities = pl.Series("severity", [severity.value for severity in SEVERITIES])
    cited = chosen.select("line", "rule", source.alias("source"))
    everything = (
        line_table(result, chosen["line"], extra=extra)
        .hstack(rules[chosen["rule"]])
        .hstack([severities.gather(chosen["severity"])])
        .hstack(sources[source])
        .hstack(write_texts(result, cited, sources, fields))
        .hstack(_carried_over(result, chosen))
    )
    return everything.select(*FINDING, *extra)


def _carried_over(result: Result, chosen: pl.DataFrame) -> pl.DataFrame:
    """The question of each finding that is one, and whether a former report lacks it."""
    questions = pl.Series([rule.question for rule in result.rules], dtype=pl.String)
    is_new = pl.col(IS_NEW) if IS_NEW in chosen.columns else pl.lit(None, pl.Boolean)
    return chosen.select(
        question=pl.when(is_question(result)).then(pl.lit(questions).gather("rule")),
        since=pl.when(is_new).then(pl.lit("new")).when(~is_new).then(pl.lit("open")),
    )


def _sources(result: Result, chosen: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """The sources that findings cite, each once, and for each finding its row there."""
    # A finding without a decision cites its rule's own source, numbered after the decisions.
    first = len(result.decisions)
    of_rule = pl.col("rule").cast(pl.UInt32) + first
    listed, number_of_list = _lists_cited(result, chosen)
    of_list = pl.lit(number_of_list) + first + len(result.rules)
    quoted = chosen.select(number=pl.coalesce(of_list, "decision", of_rule))["number"]
    numbers = quoted.unique().sort()
    cited = [
        *map(_cited_by_decision, result.decisions),
        *map(_cited_by_rule, result.rules),
        *((*_cite(source), None, "", "", "") for source in listed),
    ]
    rows = [cited[number] for number in numbers.to_list()]
    return pl.DataFrame(rows, schema=_SOURCE, orient="row"), numbers.search_sorted(quoted)


def _lists_cited(result: Result, chosen: pl.DataFrame) -> tuple[list[Source], pl.Series]:
    """The sources of the code lists that the user imported, and for each finding its place there.

    Null for a finding that rests on none of them.
    """
    sources: list[Source] = []
    place = pl.lit(None, pl.UInt32)
    for number, rule in enumerate(result.rules):
        imported = result.context.list_sources(rule.cites_list)
        if imported:
            used = pl.lit(result.lines[rule.cites_list].gather(chosen["line"]))
            places = range(len(sources), len(sources) + len(imported))
            cited = used.replace_strict(
                list(imported), list(places), default=None, return_dtype=pl.UInt32
            )
            place = pl.when(pl.col("rule") == number).then(cited).otherwise(place)
            sources += imported.values()
    return sources, chosen.select(place=place)["place"]


_SOURCE = {
    **dict.fromkeys(("source_title", "source_at", "source_url", "confidence"), pl.String),
    "in_force_from": pl.Date,
    **dict.fromkeys(("decided_by", "contradicted_title", "contradicted_at"), pl.String),
}


def _cited_by_decision(decision: Decision) -> tuple[Any, ...]:
    other = decision.contradicted_by
    against = (other.title, other.at) if other else ("", "")
    return (*_cite(decision.source), decision.first_day, decision.decided_by, *against)


def _cited_by_rule(rule: Rule) -> tuple[Any, ...]:
    if rule.parameter is not None:
        return (None,) * len(_SOURCE)
    return (*_cite(rule.source), None, "", "", "")


def _cite(source: Source | None) -> tuple[str, str, str, str]:
    if source is None:
        return ("", "", "", "")
    return (source.title, source.at, source.url, source.confidence.value)


def lines_with(result: Result, severities: Collection[Severity]) -> pl.Series:
    """Which lines have a finding of these severities, as one truth value for each line."""
    numbers = [SEVERITIES.index(severity) for severity in severities]
    flagged = result.findings.filter(pl.col("severity").is_in(numbers))["line"]
    marks = constant(result.lines.height, value=False)
    return marks.scatter(flagged, True)  # noqa: FBT003


def accepted_table(
    result: Result, accepted: Accepted, *, extra: Sequence[str] = ()
) -> pl.DataFrame:
    """The accepted findings by file, row and rule, as `ACCEPTED` has them, with extra columns."""
    chosen = by_line(accepted.findings)
    entries = [outcome.entry for outcome in accepted.outcomes]
    decisions = pl.DataFrame(
        [(entry.reason, entry.by, entry.until) for entry in entries],
        schema={name: ACCEPTED[name] for name in ("reason", "accepted_by", "accepted_until")},
        orient="row",
    )
    table = with_texts(result, chosen, extra)
    return table.hstack(decisions[chosen["entry"]]).select(*ACCEPTED, *extra)
