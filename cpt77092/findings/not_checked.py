"""What was not checked and why: rules with an unknown input on a line, and rejected rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import polars as pl

from cpt77092.claims.columns import BY_NAME, TYPED
from cpt77092.engine import Result
from cpt77092.facts import FACTS, PAYER, inputs
from cpt77092.findings.lines import line_table, source_file
from cpt77092.findings.schema import NOT_CHECKED_ROW
from cpt77092.rule import Rule

IDENTIFIERS = frozenset({"claim_id", "person_id", "billing_npi"})
"""Text columns that group lines; a blank cell names no group."""


_TWO_READINGS = "dates like 03/04/2025 can be read in two ways, with different outcomes"


class _Unchecked(NamedTuple):
    """Lines that a rule was not checked on for one reason."""

    rule: Rule
    where: pl.Series
    """One truth value for each line."""
    reason: str
    parameter: str
    """Blank, or the parameter whose decisions have the reason."""


def not_checked_reasons(result: Result) -> pl.DataFrame:
    """`rule, payer, reason, lines`: how often each rule was not checked, and why."""
    parts = list(_unchecked(result))
    # Payer and decisions are the same on all lines with a row of the policy table.
    counted = (
        result.lines.select("policy_number", "policy_row")
        .hstack([part.where.alias(str(number)) for number, part in enumerate(parts)])
        .lazy()
        .group_by("policy_number", "policy_row")
        .agg(pl.all().sum())
        .collect(engine="streaming")
    )
    payers = [result.table.payers[number] for number in counted["policy_number"].to_list()]
    decisions = _decisions(result, parts, counted["policy_row"])
    lines: Counter[tuple[str, str, str]] = Counter()
    for number, part in enumerate(parts):
        reasons = decisions[part.parameter] if part.parameter else [part.reason] * len(payers)
        for payer, reason, count in zip(
            payers, reasons, counted[str(number)].to_list(), strict=True
        ):
            if count:
                lines[part.rule.code, payer, reason] += count
    rows = [(*key, count) for key, count in sorted(lines.items())]
    schema = {"rule": pl.String, "payer": pl.String, "reason": pl.String, "lines": pl.UInt32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def not_checked_rows(result: Result) -> pl.DataFrame:
    """Every line and rule that could not be checked, as `NOT_CHECKED_ROW` has them."""
    every = reasons_by_line(result)
    return line_table(result, every["line"]).hstack(every).select(*NOT_CHECKED_ROW)


def reasons_by_line(result: Result) -> pl.DataFrame:
    """`line, rule, reason`: every line and rule that could not be checked, by line and rule."""
    parts = [pl.DataFrame(schema={"line": pl.UInt32, "rule": pl.String, "reason": pl.String})]
    for part in _unchecked(result):
        lines = result.lines.select("line", "policy_row").filter(part.where)
        reasons = lines.with_columns(reason=pl.lit(part.reason))
        if part.parameter:
            rows = lines["policy_row"].unique()
            decisions = _decisions(result, [part], rows)[part.parameter]
            of_row = pl.DataFrame({"policy_row": rows, "reason": decisions})
            reasons = lines.join(of_row, on="policy_row", how="left", nulls_equal=True)
        parts.append(reasons.select("line", pl.lit(part.rule.code).alias("rule"), "reason"))
    return pl.concat(parts).sort("line", "rule")


def rejects(result: Result) -> pl.DataFrame:
    """Every row that could not be read: `source_file, source_row, source_line, reason`."""
    return result.batch.rejects.select(
        source_file(result), "source_row", "source_line", pl.col("reject_reason").alias("reason")
    )


def _unchecked(result: Result) -> Iterator[_Unchecked]:
    """The lines that rules were not checked on, each under the first input unknown there."""
    rules = [rule for rule in result.rules if result.outcomes[rule.code].null_count()]
    looked_at = {rule.code: reason_inputs(rule) for rule in rules}
    unknown = _unknown(result, {name for names in looked_at.values() for name in names})
    nulls = result.outcomes.select(pl.col(looked_at.keys()).is_null())
    for rule in rules:
        left = nulls[rule.code]
        if result.in_doubt is not None and (doubt := result.in_doubt[rule.code]).any():
            yield _Unchecked(rule, doubt, _TWO_READINGS, "")
            left &= ~doubt
        for name in looked_at[rule.code]:
            for reason, lines in unknown.get(name, {}).items():
                where = left & lines
                if where.any():
                    is_decided = name.startswith("policy.")
                    yield _Unchecked(rule, where, reason, name if is_decided else "")
                    left &= ~lines
        if left.any():
            yield _Unchecked(rule, left, "an input is unknown", "")


@cache
def reason_inputs(rule: Rule) -> tuple[str, ...]:
    """The inputs of a rule that may be unknown, in the order in which they are blamed.

    First the plain columns behind the flag (a parameter also needs the code, the date and
    the payer that choose it), then the facts, which may be unknown for a reason of their own.
    """
    roots = rule.flag.meta.root_names()
    plain: list[str] = []
    for name in (plain_name for root in roots for plain_name in inputs(root)):
        if name.startswith("policy."):
            plain += ["damaged_code", "claim_line_start_date", PAYER]
        plain.append(name.removesuffix(".state").removesuffix(".level"))
    return tuple(dict.fromkeys([*plain, *(root for root in roots if root in FACTS)]))


def _unknown(result: Result, names: Iterable[str]) -> dict[str, dict[str, pl.Series]]:
    """For each input that is unknown somewhere: for each reason, on which lines."""
    ways = {name: _ways(name) for name in names if _may_be_unknown(result.lines[name])}
    masks = result.lines.select(
        pl.struct(where.alias(reason) for reason, where in reasons.items()).alias(name)
        for name, reasons in ways.items()
    )
    return {column.name: column.struct.unnest().to_dict() for column in masks}


def _may_be_unknown(column: pl.Series) -> bool:
    if column.name == "damaged_code":
        return column.null_count() < column.len()
    return column.name in IDENTIFIERS or column.null_count() > 0


def _ways(name: str) -> dict[str, pl.Expr]:
    """How an input may be unknown: each reason, and an expression for the lines it is true of."""
    is_null = pl.col(name).is_null()
    if name == "damaged_code":
        return {"hcpcs_code cannot be read": pl.col(name).is_not_null()}
    if name.startswith("policy."):
        return {"": is_null}  # the decision has the reason
    if name == PAYER:
        return {"payer is blank, and it is unclear which of its claim number's pays": is_null}
    if name in FACTS:
        return {FACTS[name].unknown or f"{name} is unknown": is_null}
    absent, unreadable = f"no {name} column", f"{name} cannot be read"
    if name in TYPED:
        state = pl.col(f"{name}.state")
        return {
            absent: is_null & state.is_null(),
            f"{name} is blank": is_null & state.eq_missing("blank"),
            unreadable: is_null & state.is_not_null() & state.ne_missing("blank"),
        }
    if name in IDENTIFIERS:
        # Blank is a value elsewhere (no modifier), but a blank identifier names nobody.
        return {absent: is_null, f"{name} is blank": pl.col(name).eq_missing("")}
    return {absent if name in BY_NAME else unreadable: is_null}


def _decisions(
    result: Result, parts: Iterable[_Unchecked], rows: pl.Series
) -> dict[str, list[str]]:
    """For each unknown parameter, the reason of its decision in some rows of the policy table."""
    names = {part.parameter for part in parts} - {""}
    numbers = result.table.frame.select(
        pl.col(f"{name}.decision").gather(rows).fill_null(0).alias(name) for name in names
    ).to_dict(as_series=False)
    distinct = {number for column in numbers.values() for number in column}
    reasons = {number: result.decisions[number].reason() for number in distinct}
    return {name: [reasons[number] for number in column] for name, column in numbers.items()}
