"""The findings table, the not-checked rows and the totals of a run; no formatting, no printing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from cpt77092 import reasons
from cpt77092.engine import (
    EXPECTED_PAYMENT,
    SEVERITIES,
    Result,
    column_of,
    fields_of,
    names_told,
)
from cpt77092.facts.keys import whole_number
from cpt77092.readers import Tally
from cpt77092.rule import CHECKED, Rule, Severity
from cpt77092.sources import Source

CENTS = pl.Decimal(18, 2)

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "source_file": pl.String,
    "source_row": pl.UInt32,
    "claim_id": pl.String,
    "claim_line_number": pl.Int64,
    "hcpcs_code": pl.String,
    "claim_line_start_date": pl.Date,
    "payer": pl.String,
    "rule": pl.String,
    "name": pl.String,
    "severity": pl.String,
    "message": pl.String,
    "fix": pl.String,
    "fix_kind": pl.String,
    "group_code": pl.String,
    "carc": pl.String,
    "rarc": pl.String,
    "charge_amount": CENTS,
    "expected_payment": CENTS,
    "source_title": pl.String,
    "source_at": pl.String,
    "source_url": pl.String,
    "in_force_from": pl.Date,
    "confidence": pl.String,
}
"""Columns of every machine-readable report, in order. `payer` is the policy's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a run adds up to. Counts are always of everything, whatever is shown."""

    tally: Tally
    checked_lines: int
    partner_lines: int
    flagged_lines: int
    """Lines with any finding."""
    flagged_claims: int
    error_lines: int
    warning_lines: int
    """Lines with a warning and no error."""
    by_severity: Mapping[Severity, int]
    by_rule: tuple[tuple[str, Severity, int], ...]
    """Rule code, severity and number of findings, in the catalogue's order."""
    infos_by_payer: tuple[tuple[str, str, int], ...]
    """Rule code, payer and number of infos: the policy's label, or else the name on the claim."""
    not_checked: tuple[tuple[str, str, str, int], ...]
    """Rule code, reason, payer's policy key and number of lines."""
    at_risk: Decimal
    """Charges of the lines with an error, each once, in dollars."""
    at_risk_charges_known: int
    expected: Decimal
    """What the payer would pay for those lines, where its fee is on file."""
    expected_known: int
    """For how many of the lines with an error that is known."""


def table(
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
        extra: further columns of the lines, as text: `payer_label`, or `person_id`, which
            identifies patients and is added only where the user asked for it.

    Returns:
        A frame of `SCHEMA` and the extra columns, one row per finding.
    """
    schema = SCHEMA | dict.fromkeys(extra, pl.String)
    rules = [
        number
        for number, rule in enumerate(result.rules)
        if infos or rule.severity is not Severity.INFO
    ]
    # Each rule's findings are in line order, so the first ones of all are among the first of each.
    first = [result.found[number] for number in rules]
    if limit is not None and first:
        first = [found.head(limit) for found in first]
        chosen = pl.concat(first).sort("line", "rule").head(limit)
        first = [chosen.filter(pl.col("rule") == number) for number in rules]
    parts = [
        _render(result, number, rows, extra)
        for number, rows in zip(rules, first, strict=True)
        if rows.height
    ]
    if not parts:
        return pl.DataFrame(schema=schema)
    everything = pl.concat(parts).sort("line", "rule_number")
    return everything.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def _render(result: Result, number: int, rows: pl.DataFrame, extra: Sequence[str]) -> pl.DataFrame:
    """Lay lines and deciding sources beside the findings of one rule, and write its texts."""
    rule = result.rules[number]
    wanted = {*names_told(rule), *_LINE_COLUMNS, *extra}
    lines = result.lines.select(name for name in result.lines.columns if name in wanted)[
        rows["line"]
    ]
    lines = lines.with_columns(_fee(result, lines["policy_row"]))
    frame = rows.select(pl.col("rule").alias("rule_number"), "severity", "decision").hstack(lines)
    frame = frame.join(_sources(result, rule), on="decision", how="left", nulls_equal=True)
    frame = frame.sort("line").with_columns(
        payer_name=pl.col("payer"), payer=pl.col("payer_policy")
    )
    return frame.select(
        "line",
        "rule_number",
        _source_file(result),
        "source_row",
        "claim_id",
        "claim_line_number",
        "hcpcs_code",
        "claim_line_start_date",
        "payer",
        pl.lit(rule.code).alias("rule"),
        pl.lit(rule.name).alias("name"),
        pl.col("severity").replace_strict(
            list(range(len(SEVERITIES))), [s.value for s in SEVERITIES], return_dtype=pl.String
        ),
        _write(rule.message, frame).alias("message"),
        _first_fitting(rule, [_write(remedy.text, frame) for remedy in rule.remedies]).alias("fix"),
        _first_fitting(rule, [pl.lit(remedy.kind.value) for remedy in rule.remedies]).alias(
            "fix_kind"
        ),
        pl.lit(rule.group).alias("group_code"),
        pl.lit(rule.carc).alias("carc"),
        pl.lit(rule.rarc).alias("rarc"),
        pl.col("charge_amount").cast(CENTS, strict=False),
        expected_payment().alias("expected_payment"),
        "source_title",
        "source_at",
        "source_url",
        "in_force_from",
        "confidence",
        *extra,
    )


_LINE_COLUMNS = {
    "line",
    "source",
    "source_row",
    "claim_id",
    "claim_line_number",
    "hcpcs_code",
    "claim_line_start_date",
    "payer",
    "payer_policy",
    "payer_label",
    "charge_amount",
    "service_unit_quantity",
    "policy_row",
}


def _source_file(result: Result) -> pl.Expr:
    """The name of the file that a line's `source` numbers."""
    files = [scan.path for scan in result.batch.scans]
    named = pl.col("source").replace_strict(list(range(len(files))), files, return_dtype=pl.String)
    return named.alias("source_file")


def expected_payment() -> pl.Expr:
    """The payer's fee times the units, in dollars; null where either is not known."""
    units = pl.col("service_unit_quantity")
    # More than a million units is a slip, and no sum of money should rest on it.
    is_count = (units > 0) & (units < 1e6) & (units == units.floor())
    whole = pl.when(is_count).then(units).cast(pl.Int64, strict=False)
    return (pl.col(f"policy.{EXPECTED_PAYMENT}") * whole.cast(pl.Decimal(18, 0))).cast(CENTS)


def _fee(result: Result, rows: pl.Series) -> pl.Series:
    return result.table.frame[f"policy.{EXPECTED_PAYMENT}"].gather(rows)


def _first_fitting(rule: Rule, values: list[pl.Expr]) -> pl.Expr:
    chosen: pl.Expr = pl.lit("")
    for remedy, value in reversed(list(zip(rule.remedies, values, strict=True))):
        chosen = (
            value if remedy.when is None else pl.when(remedy.when()).then(value).otherwise(chosen)
        )
    return chosen


def _write(template: str, frame: pl.DataFrame) -> pl.Expr:
    """A template as an expression; every field is made text, so no message is lost to a null."""
    fields = fields_of(template)
    if not fields:
        return pl.lit(template.replace("{{", "{").replace("}}", "}"))
    pattern = template
    for field in set(fields):
        pattern = pattern.replace(f"{{{field}}}", "{}")
    names = [column_of(field) for field in fields]
    return pl.format(pattern, *(_as_text(name, frame.schema[name]) for name in names))


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if dtype.is_float():
        is_whole = value == value.floor()
        whole = value.cast(pl.Int64, strict=False).cast(pl.String)
        text = pl.when(is_whole).then(whole).otherwise(value.cast(pl.String))
    elif dtype.is_decimal():
        amount = value.abs().cast(CENTS).cast(pl.String)
        text = pl.format(
            "{}${}", pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit("")), amount
        )
    elif isinstance(dtype, pl.Enum):
        text = value.cast(pl.String).str.replace_all("_", " ")
    else:
        text = value.cast(pl.String)
    return pl.when(text.is_null() | (text == "")).then(pl.lit("blank")).otherwise(text)


def _sources(result: Result, rule: Rule) -> pl.DataFrame:
    """The source columns of a rule's findings, by decision number."""
    schema = {
        "decision": pl.UInt32,
        "source_title": pl.String,
        "source_at": pl.String,
        "source_url": pl.String,
        "confidence": pl.String,
        "in_force_from": pl.Date,
        "decided_by": pl.String,
        "contradicted_title": pl.String,
        "contradicted_at": pl.String,
    }
    rows: list[tuple[Any, ...]]
    if rule.parameter is None:
        rows = [(None, *_cite(rule.source), None, "", "", "")]
    else:
        rows = [
            (
                number,
                *_cite(made.source),
                made.first_day,
                made.decided_by,
                made.contradicted_by.title if made.contradicted_by else "",
                made.contradicted_by.at if made.contradicted_by else "",
            )
            for number, made in enumerate(result.decisions)
            if made.parameter == rule.parameter
        ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _cite(source: Source | None) -> tuple[str, str, str, str]:
    if source is None:
        return ("", "", "", "")
    return (source.title, source.at, source.url, source.confidence.value)


def not_checked_rows(result: Result) -> pl.DataFrame:
    """Every line and rule that could not be checked, named as the findings name lines."""
    rows = reasons.not_checked_rows(result)
    lines = result.lines.select("line", "source", "source_row", "claim_id", "claim_line_number")[
        rows["line"]
    ]
    named = rows.drop("line").hstack(lines)
    line = ("source_row", "claim_id", "claim_line_number")
    return named.select(_source_file(result), *line, "rule", "reason")


def totals(result: Result) -> Totals:
    """Add a run up."""
    lines = result.lines
    counts = [
        (rule.code, SEVERITIES[severity], number)
        for rule, found in zip(result.rules, result.found, strict=True)
        for severity, number in found["severity"]
        .value_counts(sort=False)
        .sort("severity")
        .iter_rows()
    ]
    error = _lines_with(result, Severity.ERROR)
    warning = _lines_with(result, Severity.WARNING)
    any_finding = error | warning | _lines_with(result, Severity.INFO)
    at_risk = lines.select("charge_amount", "service_unit_quantity", "policy_row").filter(error)
    expected = at_risk.with_columns(_fee(result, at_risk["policy_row"])).select(
        expected_payment().alias("expected")
    )["expected"]
    charges = at_risk["charge_amount"]
    charges = charges.set(charges < 0, None)  # a credit would hide what is at risk beside it
    is_checked = lines["hcpcs_code"].is_in(sorted(CHECKED))
    return Totals(
        tally=result.batch.total,
        checked_lines=int(is_checked.sum()),
        partner_lines=int((~is_checked).sum()),
        flagged_lines=int(any_finding.sum()),
        flagged_claims=_claims(lines.select("claim_id", "payer_number").filter(any_finding)),
        error_lines=int(error.sum()),
        warning_lines=int((warning & ~error).sum()),
        by_severity={s: sum(n for _, one, n in counts if one is s) for s in SEVERITIES},
        by_rule=tuple(counts),
        infos_by_payer=_infos_by_payer(result),
        not_checked=tuple(
            reasons.unchecked(result).select("rule", "reason", "payer", "lines").iter_rows()
        ),
        at_risk=Decimal(charges.sum()),
        at_risk_charges_known=charges.len() - charges.null_count(),
        expected=Decimal(expected.sum()),
        expected_known=expected.len() - expected.null_count(),
    )


def _claims(lines: pl.DataFrame) -> int:
    """How many claims the lines are of; a line without a claim number is a claim of its own."""
    key = lines.select(whole_number("claim_id") * 2**32 + pl.col("payer_number")).to_series()
    return key.drop_nulls().n_unique() + key.null_count()


def _infos_by_payer(result: Result) -> tuple[tuple[str, str, int], ...]:
    return tuple(
        (rule.code, payer, number)
        for rule, found in zip(result.rules, result.found, strict=True)
        if rule.severity is Severity.INFO
        for payer, number in result.lines["payer_label"]
        .gather(found["line"])
        .value_counts(sort=False)
        .sort("payer_label")
        .iter_rows()
    )


def _lines_with(result: Result, severity: Severity) -> pl.Series:
    """Which lines have a finding of this severity."""
    marks = pl.Series([False]).new_from_index(0, result.lines.height)
    for found in result.found:
        of_it = found.filter(pl.col("severity") == SEVERITIES.index(severity))
        if of_it.height:
            marks = marks.scatter(of_it["line"], True)  # noqa: FBT003
    return marks
