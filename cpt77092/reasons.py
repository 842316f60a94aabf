"""Why a rule could not be checked: which column, policy value or fact was unknown on a line."""

from __future__ import annotations

import polars as pl

from cpt77092.claims import BY_NAME, TYPED
from cpt77092.engine import Result
from cpt77092.facts import FACTS, inputs
from cpt77092.rule import Rule

IDENTIFIERS = frozenset({"claim_id", "person_id", "billing_npi"})
"""Text columns that say which lines belong together."""
_ABSENT, _BLANK, _UNREADABLE = 99, 1, 2
"""Details of a reason; the last two are the physical numbers of `claims.STATE`."""


def unchecked(result: Result) -> pl.DataFrame:
    """`rule, payer, reason, lines`: how often each rule was not checked, and why."""
    numbers = _rules_unchecked(result)
    counted = pl.collect_all(
        _reasons(result, number).group_by("policy_number", "reason", "detail").len()
        for number in numbers
    )
    rows = [
        (
            result.rules[number].code,
            result.table.payers[row["policy_number"]],
            reason_text(result, result.rules[number], row["reason"], row["detail"]),
            row["len"],
        )
        for number, counts in zip(numbers, counted, strict=True)
        for row in counts.iter_rows(named=True)
    ]
    schema = {"rule": pl.String, "payer": pl.String, "reason": pl.String, "lines": pl.UInt32}
    told = pl.DataFrame(rows, schema=schema, orient="row")
    return (
        told.group_by("rule", "payer", "reason")
        .agg(pl.col("lines").sum())
        .sort("rule", "payer", "reason")
    )


def _rules_unchecked(result: Result) -> list[int]:
    return [n for n, rule in enumerate(result.rules) if result.outcomes[rule.code].null_count()]


def _reasons(result: Result, number: int) -> pl.LazyFrame:
    """For every line the rule could not be checked on: which input was unknown, and how."""
    rule = result.rules[number]
    names = reason_inputs(rule)
    reason, detail = pl.lit(len(names), pl.UInt32), pl.lit(0, pl.UInt32)
    for position, name in reversed(list(enumerate(names))):
        is_unknown, how = _unknown(name, result)
        reason = pl.when(is_unknown).then(pl.lit(position, pl.UInt32)).otherwise(reason)
        detail = pl.when(is_unknown).then(how).otherwise(detail)
    unknown = result.lines.lazy().filter(result.outcomes[rule.code].is_null())
    return unknown.select(
        "line", "policy_number", reason.alias("reason"), detail.cast(pl.UInt32).alias("detail")
    )


def reason_inputs(rule: Rule) -> list[str]:
    """Where to look, in order, for what a rule was missing on a line.

    First the plain columns behind the flag (a parameter also needs the code and the date that
    choose it), then the facts themselves, which may be unknown for a reason of their own.
    """
    roots = rule.flag().meta.root_names()
    plain: list[str] = []
    for name in (plain_name for root in roots for plain_name in inputs(root)):
        if name.startswith("policy."):
            plain += ["damaged_code", "claim_line_start_date"]
        plain.append(name.removesuffix(".state").removesuffix(".level"))
    return list(dict.fromkeys([*plain, *(root for root in roots if root in FACTS)]))


def _unknown(name: str, result: Result) -> tuple[pl.Expr, pl.Expr]:
    """Whether an input is unknown on a line, and the detail that tells how."""
    column = BY_NAME.get(name)
    if name == "damaged_code":
        return pl.col(name).is_not_null(), pl.lit(_UNREADABLE, pl.UInt32)
    if name.startswith("policy."):
        decision = pl.lit(result.table.frame[f"{name}.decision"]).gather(pl.col("policy_row"))
        return pl.col(name).is_null(), decision.fill_null(0)
    if column is None:
        return pl.col(name).is_null(), pl.lit(0, pl.UInt32)
    if name in TYPED:
        how = pl.col(f"{name}.state").to_physical().cast(pl.UInt32).fill_null(_ABSENT)
        return pl.col(name).is_null(), how
    is_absent = pl.col(name).is_null()
    how = pl.when(is_absent).then(_ABSENT).otherwise(_BLANK).cast(pl.UInt32)
    # Blank is a value (no modifier, no place), but a blank name identifies nobody.
    return (is_absent | (pl.col(name) == "") if name in IDENTIFIERS else is_absent), how


def reason_text(result: Result, rule: Rule, reason: int, detail: int) -> str:
    """A *not checked* reason as a sentence."""
    names = reason_inputs(rule)
    if reason >= len(names):
        return "an input is unknown"
    name = names[reason]
    if name == "damaged_code":
        return "hcpcs_code cannot be read"
    if name.startswith("policy."):
        return result.decisions[detail].reason()
    if name in FACTS:
        return FACTS[name].unknown or f"{name} is unknown"
    if detail == _ABSENT:
        return f"no {name} column"
    return f"{name} is blank" if detail == _BLANK else f"{name} cannot be read"


def not_checked_rows(result: Result) -> pl.DataFrame:
    """`line, rule, reason` of every line and rule that could not be checked."""
    parts = []
    numbers = _rules_unchecked(result)
    found = pl.collect_all(_reasons(result, number) for number in numbers)
    for rule, rows in zip((result.rules[number] for number in numbers), found, strict=True):
        texts = rows.select("reason", "detail").unique()
        told = texts.with_columns(
            text=pl.Series(
                [reason_text(result, rule, r, d) for r, d in texts.iter_rows()], dtype=pl.String
            )
        )
        parts.append(
            rows.join(told, on=("reason", "detail"), how="left", maintain_order="left").select(
                "line", pl.lit(rule.code).alias("rule"), pl.col("text").alias("reason")
            )
        )
    empty = pl.DataFrame(schema={"line": pl.UInt32, "rule": pl.String, "reason": pl.String})
    return pl.concat([empty, *parts]).sort("line", "rule")
