"""The findings table: every finding with its line, its texts and its source."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from cpt77092.engine import INFO, SEVERITIES, Result
from cpt77092.findings.lines import line_table
from cpt77092.findings.schema import FINDING
from cpt77092.findings.texts import message_fields, write_texts
from cpt77092.policies import Decision
from cpt77092.reference.sources import Source
from cpt77092.rule import Rule, Severity

FINDINGS_AT_ONCE = 250_000
"""Findings whose texts are held in memory together."""


def as_table(
    result: Result,
    *,
    limit: int | None = None,
    infos: bool = True,
    extra: Sequence[str] = (),
) -> pl.DataFrame:
    """The findings with all their texts, by file, row and rule.

    Args:
        result: a run.
        limit: at most so many, the first ones; all where None.
        infos: whether findings of severity info are among them.
        extra: further columns of the lines, as `line_table` has them.

    Returns:
        A frame of `FINDING` and the extra columns, one row per finding.
    """
    chosen = result.findings
    if not infos:
        chosen = chosen.filter(pl.col("severity") < INFO)
    if limit is not None:
        chosen = chosen.bottom_k(limit, by=["line", "rule"])
    return texts(result, _by_line(chosen), extra=extra)


def as_pieces(result: Result, *, extra: Sequence[str] = ()) -> Iterator[pl.DataFrame]:
    """The whole `as_table` in pieces that follow each other; at least one, which may be empty.

    Texts are long, and of a large batch only those of a piece are held.
    """
    chosen = _by_line(result.findings)
    fields = message_fields(result, chosen)
    for start in range(0, max(chosen.height, 1), FINDINGS_AT_ONCE):
        yield _complete(result, chosen.slice(start, FINDINGS_AT_ONCE), fields, extra)


def texts(result: Result, chosen: pl.DataFrame, *, extra: Sequence[str] = ()) -> pl.DataFrame:
    """Some findings with all their texts, in the order they are given.

    Args:
        result: a run.
        chosen: rows of `Result.findings`, of any rules.
        extra: as in `as_table`.
    """
    return _complete(result, chosen, message_fields(result, chosen), extra)


def _by_line(chosen: pl.DataFrame) -> pl.DataFrame:
    # Sorted by both in one number, which takes a third of the time.
    return chosen.sort(pl.col("line").cast(pl.UInt64) * 2**16 + pl.col("rule"))


def worst(result: Result, limit: int) -> Result:
    """The same run with at most so many findings: errors first, then warnings, by file and row."""
    if result.findings.height <= limit:
        return result
    kept = result.findings.bottom_k(limit, by=["severity", "line", "rule"])
    return replace(result, findings=kept.sort("rule", "line"))


def _complete(
    result: Result,
    chosen: pl.DataFrame,
    fields: Mapping[int, pl.DataFrame],
    extra: Sequence[str],
) -> pl.DataFrame:
    """Findings as `FINDING` has them, in the order they are given."""
    sources, source = _sources(result, chosen)
    rules = pl.DataFrame(
        [(rule.code, rule.name, rule.denial.group) for rule in result.rules],
        schema=dict.fromkeys(("rule", "name", "group_code"), pl.String),
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
    )
    return everything.select(*FINDING, *extra)


def _sources(result: Result, chosen: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """The sources that findings cite, each once, and for each finding its row there."""
    schema = {
        "source_title": pl.String,
        "source_at": pl.String,
        "source_url": pl.String,
        "confidence": pl.String,
        "in_force_from": pl.Date,
        "decided_by": pl.String,
        "contradicted_title": pl.String,
        "contradicted_at": pl.String,
    }
    # A finding without a decision cites its rule's own source, numbered after the decisions.
    first = len(result.decisions)
    of_rule = pl.col("rule").cast(pl.UInt32) + first
    quoted = chosen.select(number=pl.coalesce("decision", of_rule))["number"]
    numbers = quoted.unique().sort()
    rows = [
        _of_decision(result.decisions[number])
        if number < first
        else _of_rule(result.rules[number - first])
        for number in numbers.to_list()
    ]
    return pl.DataFrame(rows, schema=schema, orient="row"), numbers.search_sorted(quoted)


def _of_decision(decision: Decision) -> tuple[Any, ...]:
    other = decision.contradicted_by
    against = (other.title, other.at) if other else ("", "")
    return (*_cite(decision.source), decision.first_day, decision.decided_by, *against)


def _of_rule(rule: Rule) -> tuple[Any, ...]:
    if rule.parameter is not None:
        return (None,) * 8
    return (*_cite(rule.source), None, "", "", "")


def _cite(source: Source | None) -> tuple[str, str, str, str]:
    if source is None:
        return ("", "", "", "")
    return (source.title, source.at, source.url, source.confidence.value)


def lines_with(result: Result, severities: Collection[Severity]) -> pl.Series:
    """Which lines have a finding of these severities, as one truth value for each line."""
    numbers = [SEVERITIES.index(severity) for severity in severities]
    flagged = result.findings.filter(pl.col("severity").is_in(numbers))["line"]
    marks = pl.Series([False]).new_from_index(0, result.lines.height)
    return marks.scatter(flagged, True)  # noqa: FBT003
