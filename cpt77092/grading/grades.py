"""Grades: which predictions came true, by rule, payer and month, and which denials were missed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.grading.match import Matches
from cpt77092.grading.predictions import Predictions
from cpt77092.grading.rates import Rate, change_points
from cpt77092.policies.policy import DEFAULT, PolicySet
from cpt77092.rule import Rule

GRADED = pl.Enum(
    ["as predicted", "other code", "paid", "zero", "changed", "reversed", "unanswered"]
)
"""What became of a prediction: denied with the predicted code or with another one, paid (a false
alarm), paid nothing without a code that denies, billed differently than checked, no answer."""


@frozen(kw_only=True)
class Tally:
    """What became of some predictions."""

    predicted: int
    denied_as_predicted: int
    denied_other_code: int
    paid: int
    paid_dollars: Decimal
    """Paid on the false alarms."""
    denied_charges: Decimal
    adjusted_to_zero: int
    billed_differently: int
    not_answered: int
    """Without an answer, or with one that was taken back."""

    @property
    def denied(self) -> int:
        """Denied with any code."""
        return self.denied_as_predicted + self.denied_other_code

    @property
    def precision(self) -> Rate:
        """The denied lines among those that were answered."""
        return Rate(self.denied, self.denied + self.paid)

    @property
    def with_code(self) -> Rate:
        """The lines denied with the predicted code among those that were denied."""
        return Rate(self.denied_as_predicted, self.denied)


@frozen(kw_only=True)
class RuleGrade:
    """One rule's predictions for one payer."""

    rule: str
    name: str
    severity: str
    payer: str
    payer_label: str
    tally: Tally
    missed: int | None
    """Lines denied with a code of the rule's that it did not flag; None where that is unknown."""

    @property
    def recall(self) -> Rate | None:
        """The denials with its code that it predicted."""
        if self.missed is None:
            return None
        return Rate(self.tally.denied_as_predicted, self.tally.denied_as_predicted + self.missed)


@frozen(kw_only=True)
class Miss:
    """Lines that were denied for one reason without an error."""

    payer: str
    payer_label: str
    group_code: str
    carc: str
    rarcs: tuple[str, ...]
    lines: int
    with_warning: int
    """Of them, lines with a warning."""
    charges: Decimal
    rules: tuple[str, ...]
    """Rules that predict such a denial."""


@frozen(kw_only=True)
class Month:
    """Answered lines of one payer in one month of service."""

    payer: str
    payer_label: str
    month: str
    answered: int
    denied: int
    predicted: int
    """Answered lines with an error."""
    came_true: int
    missed: int


@frozen(kw_only=True)
class Step:
    """A day from which a payer denies what it paid, or pays what it denied."""

    payer: str
    payer_label: str
    hcpcs_code: str
    modifiers: str
    day: Any
    before: Rate
    since: Rate
    carc: str
    """The commonest code of the denials."""

    @property
    def is_denial(self) -> bool:
        """Whether it began to deny."""
        return (self.since.value or 0) > (self.before.value or 0)


@frozen(kw_only=True)
class Grades:
    """All grades of a run."""

    errors: Tally
    """Lines with an error that predicts a denial, each once."""
    warnings: Tally
    """Lines with a warning that predicts a denial, and no such error."""
    rules: tuple[RuleGrade, ...]
    misses: tuple[Miss, ...]
    months: tuple[Month, ...]
    steps: tuple[Step, ...]
    checked: int
    outcomes: Mapping[str, int]
    """Checked lines by what became of them."""
    denied: int
    missed: int | None
    """Denied lines without an error; None where the report does not list all checked lines."""
    missed_warned: int

    @property
    def recall(self) -> Rate | None:
        """The denied lines that had an error."""
        if self.missed is None:
            return None
        return Rate(self.denied - self.missed, self.denied)


def grade(
    predictions: Predictions, matches: Matches, policies: PolicySet, rules: Iterable[Rule]
) -> tuple[Grades, pl.DataFrame]:
    """Grade the predictions by what became of their lines.

    Returns:
        The grades, and the lines with `payer_label`, `severity` (of the worst prediction,
        null where there is none), `predicted` (its rules) and `grade`.
    """
    lines = matches.lines.with_columns(payer_label=_payer_label(policies))
    graded = _graded_findings(predictions.predicted, lines)
    lines = lines.join(_by_line(graded), on="line", how="left", maintain_order="left")
    knows_all = predictions.has_all_lines
    missed = lines.filter(pl.col("outcome") == "denied", pl.col("severity").ne_missing("error"))
    missed = _with_hints(missed, predictions.hinted)
    misses = _misses(missed, list(rules)) if knows_all else ()
    outcomes = {str(name): int(n) for name, n in lines["outcome"].value_counts().iter_rows()}
    tallies = _tallies(lines, ["severity"])
    grades = Grades(
        errors=tallies.get(("error",), _tally({})),
        warnings=tallies.get(("warning",), _tally({})),
        rules=_rule_grades(graded, lines, missed if knows_all else None, list(rules)),
        misses=misses,
        months=_months(lines) if knows_all else (),
        steps=steps(lines),
        checked=lines.height,
        outcomes=outcomes,
        denied=outcomes.get("denied", 0),
        missed=missed.height if knows_all else None,
        missed_warned=missed.filter(pl.col("severity") == "warning").height,
    )
    return grades, lines


def _with_hints(missed: pl.DataFrame, hinted: pl.DataFrame) -> pl.DataFrame:
    """Missed lines with `hints`: the rules whose infos name the code of the denial."""
    hints = (
        hinted.join(missed.select("line", "denied_carcs"), on="line", how="inner")
        .filter(pl.col("carc").is_in("denied_carcs"))
        .group_by("line")
        .agg(hints=pl.col("rule").unique().sort().str.join(" "))
    )
    return missed.join(hints, on="line", how="left", maintain_order="left")


def _payer_label(policies: PolicySet) -> pl.Expr:
    """The payer as people know it: the policy's label, or the name on the claim without one."""
    labels = {key: policy.label for key, policy in policies.policies.items()}
    own = pl.col("payer_name").fill_null("").str.strip_chars()
    named = pl.when(own == "").then(pl.lit("payer not named")).otherwise(own)
    return (
        pl.when(pl.col("payer").fill_null(DEFAULT) == DEFAULT)
        .then(named)
        .otherwise(pl.col("payer").replace(labels))
    )


def _graded_findings(predicted: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Each prediction with what became of it; several findings of a rule on a line are one."""
    table = predicted.hstack(lines.select("outcome", "denied_carcs")[predicted["line"]])
    outcome = pl.col("outcome").cast(pl.String)
    has_code = pl.col("carc").is_in(pl.col("denied_carcs").fill_null([]))
    # Units denied beside others that are paid came true in part.
    came_true = has_code & outcome.is_in(["denied", "paid", "zero"])
    grade_ = (
        pl.when(came_true)
        .then(pl.lit("as predicted"))
        .when(outcome == "denied")
        .then(pl.lit("other code"))
        .otherwise(outcome)
    )
    prediction = pl.col("line", "rule", "severity")
    return (
        table.select("line", pl.col(_RULE).cast(pl.Categorical), grade=grade_.cast(GRADED))
        .sort("line", "rule", "severity", "grade")
        .filter(pl.any_horizontal(prediction.ne_missing(prediction.shift())))
    )


_RULE = ("rule", "name", "severity")
"""What is graded for each payer."""


def _by_line(graded: pl.DataFrame) -> pl.DataFrame:
    """For each line with a prediction its worst severity, rules, and the best grade of those."""
    is_error = pl.col("severity") == "error"
    errors = graded.filter(is_error)
    warnings = graded.filter(~is_error).join(errors, on="line", how="anti", maintain_order="left")
    by_line = (
        pl.concat([errors, warnings])
        .group_by("line")
        .agg(pl.col("severity").first(), pl.col("grade").min(), predicted="rule")
    )
    rules = pl.col("predicted").cast(pl.List(pl.String)).list.join(" ")
    return by_line.with_columns(pl.col("severity").cast(pl.String), rules)


def _tallies(lines: pl.DataFrame, by: list[str]) -> dict[tuple[Any, ...], Tally]:
    """A tally of each group of lines with a grade and money."""
    grades = lines.group_by(*by, "grade").agg(
        pl.len(), pl.col("paid").sum(), pl.col("charge_amount").sum()
    )
    return {
        key: _tally({row[-4]: row[-3:] for row in rows.iter_rows()})
        for key, rows in grades.group_by(by)
    }


def _tally(grades: Mapping[str, tuple[int, Decimal, Decimal]]) -> Tally:
    """A tally of how many lines there are of each grade, what was paid on them, their charges."""
    nothing = (0, Decimal(0), Decimal(0))
    of = {name: grades.get(name, nothing) for name in GRADED.categories}
    return Tally(
        predicted=sum(lines for lines, _, _ in grades.values()),
        denied_as_predicted=of["as predicted"][0],
        denied_other_code=of["other code"][0],
        paid=of["paid"][0],
        paid_dollars=of["paid"][1],
        denied_charges=of["as predicted"][2] + of["other code"][2],
        adjusted_to_zero=of["zero"][0],
        billed_differently=of["changed"][0],
        not_answered=of["unanswered"][0] + of["reversed"][0],
    )


def _rule_grades(
    graded: pl.DataFrame, lines: pl.DataFrame, missed: pl.DataFrame | None, rules: list[Rule]
) -> tuple[RuleGrade, ...]:
    keys = [*_RULE, "payer", "payer_label"]
    payers = pl.col("payer", "payer_label").cast(pl.Categorical)
    money = lines.select(payers, "paid", "charge_amount")[graded["line"]]
    tallies = _tallies(graded.hstack(money), keys)
    by_rule = _missed_by_rule(missed, rules) if missed is not None else {}
    grades = [
        RuleGrade(
            **dict(zip(keys, map(str, key), strict=True)),
            tally=tally,
            missed=None if missed is None else by_rule.get((str(key[0]), str(key[4])), 0),
        )
        for key, tally in tallies.items()
    ]
    return tuple(sorted(grades, key=lambda g: (g.severity, g.rule, g.payer_label, g.payer)))


def _missed_by_rule(missed: pl.DataFrame, rules: list[Rule]) -> dict[tuple[str, str], int]:
    """How many missed lines each rule should have flagged, by rule and payer."""
    counts: dict[tuple[str, str], int] = {}
    keys = ["payer_label", "carc", "rarcs", "hints"]
    for (label, carc, rarcs, hints), rows in _reasons(missed).group_by(keys):
        for rule in str(hints).split() or _rules_for(rules, str(carc), str(rarcs).split()):
            key = rule, str(label)
            counts[key] = counts.get(key, 0) + rows.height
    return counts


def _reasons(missed: pl.DataFrame) -> pl.DataFrame:
    return missed.with_columns(
        group_code=pl.col("denied_group").fill_null(""),
        carc=pl.col("denied_carc").fill_null(""),
        rarcs=pl.col("remarks").list.sort().list.join(" ").fill_null(""),
        hints=pl.col("hints").fill_null(""),
    )


def _rules_for(rules: Iterable[Rule], carc: str, rarcs: Collection[str]) -> tuple[str, ...]:
    """The rules that predict a denial: those with its remark code too, where there are such."""
    with_reason = [rule for rule in rules if any(d.carc == carc for d in rule.denials)]
    with_remark = [
        rule
        for rule in with_reason
        if any(d.carc == carc and d.rarc in rarcs for d in rule.denials)
    ]
    return tuple(rule.code for rule in with_remark or with_reason) if carc else ()


def _misses(missed: pl.DataFrame, rules: list[Rule]) -> tuple[Miss, ...]:
    keys = ["payer", "payer_label", "group_code", "carc", "rarcs", "hints"]
    table = (
        _reasons(missed)
        .group_by(keys)
        .agg(
            lines=pl.len(),
            with_warning=(pl.col("severity") == "warning").sum(),
            charges=pl.col("charge_amount").sum(),
        )
    )
    misses = []
    for row in table.iter_rows(named=True):
        remarks = tuple(row.pop("rarcs").split())
        hinted = tuple(f"{rule} (info)" for rule in row.pop("hints").split())
        named = hinted or _rules_for(rules, row["carc"], remarks)
        misses.append(Miss(**row, rarcs=remarks, rules=named))

    def key(m: Miss) -> tuple[Any, ...]:
        return -m.lines, m.payer_label, m.carc, m.rarcs, m.group_code, m.payer, m.rules

    return tuple(sorted(misses, key=key))


def _months(lines: pl.DataFrame) -> tuple[Month, ...]:
    answered = lines.filter(pl.col("outcome").is_in(["denied", "paid"]))
    is_error = pl.col("severity").eq_missing("error")
    is_denied = pl.col("outcome") == "denied"
    table = (
        answered.with_columns(
            month=pl.col("claim_line_start_date").dt.strftime("%Y-%m").fill_null("no date")
        )
        .group_by("payer", "payer_label", "month")
        .agg(
            answered=pl.len(),
            denied=is_denied.sum(),
            predicted=is_error.sum(),
            came_true=(is_error & pl.col("grade").is_in(["as predicted", "other code"])).sum(),
            missed=(is_denied & ~is_error).sum(),
        )
        .sort("payer_label", "month")
    )
    return tuple(Month(**row) for row in table.iter_rows(named=True))


def steps(lines: pl.DataFrame) -> tuple[Step, ...]:
    """The days on which payers changed their mind on a code with its modifiers."""
    by = ["payer", "payer_label", "hcpcs_code", "modifiers"]
    answered = lines.filter(pl.col("outcome").is_in(["denied", "paid"])).select(
        pl.col(*by[:-1], "denied_carc").cast(pl.Categorical),
        pl.col("modifiers").fill_null("").cast(pl.Categorical),
        "claim_line_start_date",
        is_denied=pl.col("outcome") == "denied",
    )
    table = change_points(answered, by, "claim_line_start_date", "is_denied")
    denied = answered.filter("is_denied").drop_nulls("denied_carc")
    commonest = (
        denied.group_by(*by, "denied_carc").len().sort("len", "denied_carc", descending=True)
    )
    commonest = commonest.unique(by, keep="first", maintain_order=True)
    table = table.join(commonest.drop("len"), on=by, how="left", maintain_order="left")
    return tuple(
        Step(
            payer=row["payer"],
            payer_label=row["payer_label"],
            hcpcs_code=row["hcpcs_code"],
            modifiers=row["modifiers"],
            day=row["claim_line_start_date"],
            before=Rate(row["before"], row["before_of"]),
            since=Rate(row["since"], row["since_of"]),
            carc=row["denied_carc"] or "",
        )
        for row in table.iter_rows(named=True)
    )
