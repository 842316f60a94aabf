"""The findings table, the not-checked rows and the totals of a run; no formatting, no printing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl

from cpt77092.engine import (
    CLAIM_OF_PAYER,
    ERROR,
    EXPECTED_PAYMENT,
    INFO,
    SEVERITIES,
    WARNING,
    Result,
    column_of,
    fields_of,
    names_in_texts,
)
from cpt77092.facts import CENTS, MESSAGE_FIELDS
from cpt77092.findings import not_checked
from cpt77092.policies import Decision
from cpt77092.readers import Tally
from cpt77092.reference.sources import Source
from cpt77092.rule import CHECKED, Denial, Message, Remedy, Rule, Severity

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
PIECE = 250_000
"""Findings whose texts are made together."""
LONGEST_CELL = 300
"""So much of a text stands in a message: a cell that swallowed a file is told by its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk:
    """Money of some lines with an error, each line once, in dollars."""

    lines: int
    charges: Decimal
    """What was charged for them; credits left out, since they would hide what is beside them."""
    charges_known: int
    """For how many of the lines that is known."""
    expected: Decimal
    """What the payer would pay for them, where its fee is on file."""
    expected_known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rework:
    """Which lines with an error are worth mending, at a cost for each."""

    cost: Decimal
    worth_it: int
    """Lines whose expected payment is above the cost."""
    not_worth_it: int
    unknown: int
    """Lines whose expected payment is not known."""

    @property
    def lines(self) -> int:
        """All lines with an error."""
        return self.worth_it + self.not_worth_it + self.unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a run adds up to. Counts are always of everything, whatever is shown."""

    tally: Tally
    doubtful_files: int
    """Files of batch and history that may lack lines: read on with `--lenient`."""
    checked_lines: int
    partner_lines: int
    history_rejected: int
    """Rows of earlier claims that could not be read."""
    unreadable_files: int
    """Files that could not be read, among others that could."""
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
    at_risk: AtRisk
    """Of all lines with an error."""
    at_risk_by_rule: tuple[tuple[str, AtRisk], ...]
    """Rule code and the lines with an error of that rule, in the catalogue's order. A line stands
    under each rule that found one, so these add up to more than the batch."""
    at_risk_by_payer: tuple[tuple[str, str, AtRisk], ...]
    """Policy key, the payer's label (or else its name on the claim) and its lines with an error,
    most charges first. These add up to the batch."""
    rework: Rework | None
    """None unless the user said what mending a line costs."""


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
        extra: further columns of the lines, as text: `payer_label`, `line` (their number), or
            `person_id`, which identifies patients and is added only where the user asked for it.

    Returns:
        A frame of `SCHEMA` and the extra columns, one row per finding.
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
    found = _by_line(result.findings)
    fellows = _fellows(result, found)
    for start in range(0, max(found.height, 1), PIECE):
        yield _laid_out(result, found.slice(start, PIECE), fellows, extra)


def texts(result: Result, chosen: pl.DataFrame, *, extra: Sequence[str] = ()) -> pl.DataFrame:
    """Some findings with all their texts, in the order they are given.

    Args:
        result: a run.
        chosen: rows of `Result.findings`, of any rules.
        extra: as in `as_table`.
    """
    return _laid_out(result, chosen, _fellows(result, chosen), extra)


def _by_line(found: pl.DataFrame) -> pl.DataFrame:
    # Sorted by both in one number, which takes a third of the time.
    return found.sort(pl.col("line").cast(pl.UInt64) * 2**16 + pl.col("rule"))


def worst(result: Result, limit: int) -> Result:
    """The same run with at most so many findings: errors first, then warnings, by file and row."""
    if result.findings.height <= limit:
        return result
    kept = result.findings.bottom_k(limit, by=["severity", "line", "rule"])
    return replace(result, findings=kept.sort("rule", "line"))


def _fellows(result: Result, chosen: pl.DataFrame) -> dict[int, pl.DataFrame]:
    """What findings tell of other lines, by the number of the rule and then by line.

    Those lines are looked for among all of the batch: once, however many pieces follow.
    """
    found: dict[int, pl.DataFrame] = {}
    for number in chosen["rule"].unique().to_list():
        told = [
            MESSAGE_FIELDS[name] for name in _read(result.rules[number]) if name in MESSAGE_FIELDS
        ]
        if not told:
            continue
        line = chosen.filter(pl.col("rule") == number)["line"].sort()
        reads = dict.fromkeys(name for one in told for name in one.reads)
        lines = result.lines.select("line", *(name for name in reads if name != "line"))[line]
        found[number] = pl.DataFrame([line]).with_columns(
            one.render(lines, result.lines.select(set(one.reads)), result.context).alias(one.name)
            for one in told
        )
    return found


def _laid_out(
    result: Result,
    chosen: pl.DataFrame,
    fellows: Mapping[int, pl.DataFrame],
    extra: Sequence[str],
) -> pl.DataFrame:
    """The findings with their texts, their lines and deciding sources beside them."""
    sources, source = _sources(result, chosen)
    parts = chosen.select("line", "rule", source.alias("source")).with_row_index("place")
    # As the texts call them.
    lines = result.lines.rename({"payer": "payer_name", "payer_policy": "payer"})
    none = pl.DataFrame(schema={"place": pl.get_index_type()} | dict.fromkeys(_TEXTS, pl.String))
    by_rule = [
        _write(result.rules[rows.item(0, "rule")], rows, lines, sources, fellows)
        for rows in parts.partition_by("rule")
    ]
    written = pl.concat([none, *pl.collect_all(by_rule)])
    rules = pl.DataFrame(
        [(rule.code, rule.name, rule.group) for rule in result.rules],
        schema=dict.fromkeys(("rule", "name", "group_code"), pl.String),
        orient="row",
    )
    severities = pl.Series("severity", [severity.value for severity in SEVERITIES])
    names = dict.fromkeys((*_LINE_COLUMNS, *extra))
    everything = (
        lines[list(names)][chosen["line"]]
        .with_columns(_source_file(result))
        .hstack(rules[chosen["rule"]])
        .hstack([severities.gather(chosen["severity"])])
        .hstack(sources[source])
        .hstack(written[written["place"].arg_sort()])
    )
    schema = SCHEMA | dict.fromkeys(extra, pl.String)
    return everything.select(
        pl.col(name).cast(dtype, strict=name != "charge_amount") for name, dtype in schema.items()
    )


_LINE_COLUMNS = (
    "source",
    "source_row",
    "claim_id",
    "claim_line_number",
    "hcpcs_code",
    "claim_line_start_date",
    "payer",
    "charge_amount",
    EXPECTED_PAYMENT,
)
_TEXTS = ("message", "fix", "fix_kind", "carc", "rarc")


def _source_file(result: Result) -> pl.Expr:
    """The name of the file that a line's `source` numbers."""
    files = pl.Series("source_file", [scan.path for scan in result.batch.scans], dtype=pl.String)
    return pl.lit(files).gather(pl.col("source")).alias("source_file")


def _write(
    rule: Rule,
    rows: pl.DataFrame,
    lines: pl.DataFrame,
    sources: pl.DataFrame,
    fellows: Mapping[int, pl.DataFrame],
) -> pl.LazyFrame:
    """The texts of one rule's findings, beside their `place`."""
    names = _read(rule)
    read = [name for name in names if name not in MESSAGE_FIELDS and name not in sources.columns]
    frame = lines[list(dict.fromkeys(["line", *read]))][rows["line"]].hstack([rows["place"]])
    if not sources.schema.keys().isdisjoint(names):
        frame = frame.hstack(sources[rows["source"]])
    told = fellows.get(rows.item(0, "rule"))
    if told is not None:
        frame = frame.hstack(told.drop("line")[told["line"].search_sorted(rows["line"])])
    return frame.lazy().select(
        "place",
        _first_fitting(rule.messages, [_filled_in(m.text, frame) for m in rule.messages]).alias(
            "message"
        ),
        _first_fitting(rule.remedies, [_filled_in(r.text, frame) for r in rule.remedies]).alias(
            "fix"
        ),
        _first_fitting(rule.remedies, [pl.lit(r.kind.value) for r in rule.remedies]).alias(
            "fix_kind"
        ),
        _first_fitting(rule.denials, [pl.lit(d.carc) for d in rule.denials]).alias("carc"),
        _first_fitting(rule.denials, [pl.lit(d.rarc) for d in rule.denials]).alias("rarc"),
    )


@cache
def _read(rule: Rule) -> tuple[str, ...]:
    """What a rule's texts read, each once."""
    return tuple(dict.fromkeys(names_in_texts(rule)))


def _first_fitting(
    choices: Sequence[Message | Remedy | Denial], values: Sequence[pl.Expr]
) -> pl.Expr:
    """The value that stands beside the first choice whose condition holds on the line."""
    chosen: pl.Expr | None = None
    for choice, value in reversed(list(zip(choices, values, strict=True))):
        if choice.when is None:
            chosen = value
        else:
            otherwise = pl.lit("") if chosen is None else chosen
            chosen = pl.when(choice.when()).then(value).otherwise(otherwise)
    return pl.lit("") if chosen is None else chosen


def _filled_in(template: str, frame: pl.DataFrame) -> pl.Expr:
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
        text = value.cast(pl.String).str.replace_all("_", " ", literal=True)
    elif dtype in (pl.String, pl.Categorical):
        whole = value.cast(pl.String)
        cut = pl.format("{}...", whole.str.head(LONGEST_CELL))
        is_long = whole.str.len_chars() > LONGEST_CELL
        text = pl.when(value != "").then(pl.when(is_long).then(cut).otherwise(whole))
    else:
        text = value.cast(pl.String)
    return text.fill_null("blank")


def _sources(result: Result, chosen: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """The sources that some findings quote, each once, and for each finding its place there."""
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
    # What rests on no decision quotes the rule's own source, which has a number after theirs.
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


def _of_decision(made: Decision) -> tuple[Any, ...]:
    other = made.contradicted_by
    against = (other.title, other.at) if other else ("", "")
    return (*_cite(made.source), made.first_day, made.decided_by, *against)


def _of_rule(rule: Rule) -> tuple[Any, ...]:
    if rule.parameter is not None:
        return (None,) * 8
    return (*_cite(rule.source), None, "", "", "")


def _cite(source: Source | None) -> tuple[str, str, str, str]:
    if source is None:
        return ("", "", "", "")
    return (source.title, source.at, source.url, source.confidence.value)


def not_checked_rows(result: Result) -> pl.DataFrame:
    """Every line and rule that could not be checked, named as the findings name lines."""
    rows = not_checked.not_checked_rows(result)
    lines = result.lines.select("line", "source", "source_row", "claim_id", "claim_line_number")[
        rows["line"]
    ]
    named = rows.drop("line").hstack(lines)
    line = ("source_row", "claim_id", "claim_line_number")
    return named.select(_source_file(result), *line, "rule", "reason")


def rejects(result: Result) -> pl.DataFrame:
    """Every row that could not be read: its file, row, line and the reason."""
    return result.batch.rejects.select(
        _source_file(result), "source_row", "source_line", pl.col("reject_reason").alias("reason")
    )


def totals(result: Result, *, rework_cost: Decimal | None = None) -> Totals:
    """Add a run up.

    Args:
        result: a run.
        rework_cost: dollars that mending one line costs, where the user said so.
    """
    kinds = result.findings.lazy().group_by("rule", "severity").len().sort("rule", "severity")
    counts = [
        (result.rules[rule].code, SEVERITIES[severity], number)
        for rule, severity, number in kinds.collect(engine="streaming").iter_rows()
    ]
    lines, worst = result.lines, result.worst
    by_payer = _at_risk_by_payer(result)
    is_checked = lines["hcpcs_code"].is_in(sorted(CHECKED))
    past = result.history
    doubtful_files = sum(bool(scan.faults) for scan in result.batch.scans)
    return Totals(
        tally=result.batch.total,
        doubtful_files=doubtful_files + (0 if past is None else len(past.faults)),
        checked_lines=int(is_checked.sum()),
        partner_lines=int((~is_checked).sum()),
        history_rejected=0 if past is None else past.rejects.height,
        unreadable_files=len(result.batch.unreadable),
        flagged_lines=worst.len() - worst.null_count(),
        flagged_claims=_claims(lines[CLAIM_OF_PAYER].filter(worst.is_not_null())),
        error_lines=int((worst == ERROR).sum()),
        warning_lines=int((worst == WARNING).sum()),
        by_severity={s: sum(n for _, one, n in counts if one is s) for s in SEVERITIES},
        by_rule=tuple(counts),
        infos_by_payer=_infos_by_payer(result),
        not_checked=tuple(
            not_checked.unchecked(result).select("rule", "reason", "payer", "lines").iter_rows()
        ),
        at_risk=_together([money for _, _, money in by_payer]),
        at_risk_by_rule=_at_risk_by_rule(result),
        at_risk_by_payer=by_payer,
        rework=None if rework_cost is None else _rework(result, rework_cost),
    )


_MONEY = (
    pl.len().alias("lines"),
    pl.col("charge_amount").filter(pl.col("charge_amount") >= 0).sum().alias("charges"),
    (pl.col("charge_amount") >= 0).sum().alias("charges_known"),
    pl.col(EXPECTED_PAYMENT).sum().alias("expected"),
    pl.col(EXPECTED_PAYMENT).count().alias("expected_known"),
)
"""The fields of `AtRisk`, summed over lines."""


def _together(parts: Sequence[AtRisk]) -> AtRisk:
    """The money of several sets of lines that have none in common."""
    return AtRisk(
        lines=sum(part.lines for part in parts),
        charges=sum((part.charges for part in parts), Decimal(0)),
        charges_known=sum(part.charges_known for part in parts),
        expected=sum((part.expected for part in parts), Decimal(0)),
        expected_known=sum(part.expected_known for part in parts),
    )


def _at_risk_by_rule(result: Result) -> tuple[tuple[str, AtRisk], ...]:
    errors = result.findings.filter(pl.col("severity") == ERROR)
    money = result.lines.select("charge_amount", EXPECTED_PAYMENT)[errors["line"]]
    by_rule = errors.select("rule").hstack(money).group_by("rule").agg(_MONEY).sort("rule")
    return tuple(
        (result.rules[row.pop("rule")].code, AtRisk(**row)) for row in by_rule.iter_rows(named=True)
    )


def _at_risk_by_payer(result: Result) -> tuple[tuple[str, str, AtRisk], ...]:
    payer = ("payer_number", "payer_policy", "payer_label")
    lines = result.lines.select(*payer, "charge_amount", EXPECTED_PAYMENT)
    # One payer is spelt in several ways: the number tells payers apart, the first label names it.
    payers = (
        lines.with_columns(result.worst.alias("worst"))
        .lazy()
        .filter(pl.col("worst") == ERROR)
        .group_by("payer_number")
        .agg(pl.first("payer_policy"), pl.min("payer_label"), *_MONEY)
        .sort("charges", "payer_label", "payer_number", descending=[True, False, False])
        .drop("payer_number")
        .collect(engine="streaming")
    )
    return tuple(
        (row.pop("payer_policy"), row.pop("payer_label"), AtRisk(**row))
        for row in payers.iter_rows(named=True)
    )


def _rework(result: Result, cost: Decimal) -> Rework:
    expected = result.lines[EXPECTED_PAYMENT].filter(result.worst == ERROR)
    known = expected.drop_nulls()
    worth_it = int((known > cost).sum())
    return Rework(
        cost=cost,
        worth_it=worth_it,
        not_worth_it=known.len() - worth_it,
        unknown=expected.null_count(),
    )


def _claims(key: pl.Series) -> int:
    """How many claims some lines are of; a line without a claim number is a claim of its own."""
    return key.drop_nulls().n_unique() + key.null_count()


def _infos_by_payer(result: Result) -> tuple[tuple[str, str, int], ...]:
    payer = pl.lit(result.lines["payer_label"]).gather("line")
    infos = result.findings.lazy().filter(pl.col("severity") == INFO).select("rule", payer=payer)
    kinds = infos.group_by("rule", "payer").len().sort("rule", "payer")
    return tuple(
        (result.rules[rule].code, payer, number)
        for rule, payer, number in kinds.collect(engine="streaming").iter_rows()
    )


def lines_with(result: Result, severities: Collection[Severity]) -> pl.Series:
    """Which lines have a finding of these severities, as one truth value for each line."""
    numbers = [SEVERITIES.index(severity) for severity in severities]
    of_them = result.findings.filter(pl.col("severity").is_in(numbers))
    marks = pl.Series([False]).new_from_index(0, result.lines.height)
    return marks.scatter(of_them["line"], True)  # noqa: FBT003
