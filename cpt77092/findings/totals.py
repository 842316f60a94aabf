"""What a run adds up to: counts, dollars at risk, and lines worth reworking."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from cpt77092.engine import (
    CLAIM_OF_PAYER,
    ERROR,
    EXPECTED_PAYMENT,
    INFO,
    SEVERITIES,
    WARNING,
    Result,
)
from cpt77092.findings.gaps import Gap, denied_and_unjudged, gaps, unjudged_payers
from cpt77092.findings.lines import money_at_risk
from cpt77092.findings.not_checked import not_checked_reasons
from cpt77092.findings.outdated import Outdated, diagnosis_years_without_list, outdated
from cpt77092.findings.schema import TOTALS
from cpt77092.findings.table import is_question
from cpt77092.frozen import frozen
from cpt77092.readers import Tally
from cpt77092.reference.codes import CHECKED
from cpt77092.rule import Severity

if TYPE_CHECKING:
    from cpt77092.findings.since import SinceTotals
    from cpt77092.followup.accepted import Accepted
    from cpt77092.followup.former_report import Comparison
    from cpt77092.followup.outcome import Outcome


@frozen(kw_only=True)
class AtRisk:
    """Money of some lines with an error, each line once, in dollars."""

    lines: int
    charges: Decimal
    """Credits left out, since they would hide what else was charged."""
    charges_known: int
    """How many of the lines have a charge."""
    expected: Decimal
    """What the payer would pay for them, where its fee is published."""
    expected_known: int


@frozen(kw_only=True)
class Rework:
    """Which lines with an error are worth reworking, at a cost for each."""

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


@frozen(kw_only=True)
class Question:
    """What one payer answers once for all of its claims (`Rule.question`)."""

    payer: str
    """The policy's label, or else the name on the claim."""
    text: str
    rules: tuple[str, ...]
    lines: int
    charges: Decimal
    """Of those lines, each once and credits left out, in dollars; unknown charges add nothing."""


@frozen(kw_only=True)
class AcceptedTotals:
    """The findings that somebody accepted: they are off the list, but never out of the count."""

    file: str
    by_severity: Mapping[Severity, int]
    by_rule: tuple[tuple[str, int], ...]
    """Rule code and number of findings, in the catalogue's order."""
    money: AtRisk
    """Of the lines with such a finding, each once."""
    outcomes: tuple[Outcome, ...]
    """What became of each decision on file."""

    @property
    def findings(self) -> int:
        """How many findings are accepted."""
        return sum(self.by_severity.values())


@frozen(kw_only=True)
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
    flagged_claims: int
    error_lines: int
    denied_lines: int
    """Lines with an error that is no cell that cannot be read."""
    unjudged_lines: int
    """Rows that could not be read, and lines that cannot be judged (`denied_and_unjudged`)."""
    warning_lines: int
    """Lines with a warning and no error."""
    by_severity: Mapping[Severity, int]
    by_rule: tuple[tuple[str, Severity, int], ...]
    """Rule code, severity and number of findings, in the catalogue's order."""
    infos_by_payer: tuple[tuple[str, str, int], ...]
    """Rule code, payer and number of infos that are no question: the policy's label, or else the
    name on the claim."""
    questions: tuple[Question, ...]
    """Most lines first."""
    not_checked: tuple[tuple[str, str, str, int], ...]
    """Rule code, reason, payer's policy key and number of lines."""
    gaps: tuple[Gap, ...]
    """What was not checked, or is in question, because of the columns of a file."""
    unjudged: tuple[tuple[str, int], ...]
    """Unrecognized payers and their lines with 77092, which are not judged on modifier 26."""
    at_risk: AtRisk
    at_risk_by_rule: tuple[tuple[str, AtRisk], ...]
    """Rule code and the lines with an error of that rule, in the catalogue's order. A line stands
    under each rule that found one, so these add up to more than the batch."""
    at_risk_by_payer: tuple[tuple[str, str, AtRisk], ...]
    """Policy key, the payer's label (or else its name on the claim) and its lines with an error,
    most charges first. These add up to the batch."""
    outdated: tuple[Outdated, ...]
    """National tables on file that end before some lines."""
    diagnosis_years: tuple[int, ...]
    """Fiscal years of some lines that no ICD-10-CM list is for."""
    rework: Rework | None
    """None unless the user said what reworking a line costs."""
    accepted: AcceptedTotals | None = None
    """None without a file of decisions."""
    since: SinceTotals | None = None
    """None without a former report."""

    @property
    def accepted_errors(self) -> int:
        """How many errors somebody accepted."""
        return 0 if self.accepted is None else self.accepted.by_severity[Severity.ERROR]


def totals(
    result: Result,
    *,
    rework_cost: Decimal | None = None,
    without: Collection[str] = (),
    accepted: Accepted | None = None,
    comparison: Comparison | None = None,
) -> Totals:
    """Add a run up.

    Args:
        result: a run, without the findings that were accepted.
        rework_cost: dollars that reworking one line costs, where the user said so.
        without: groups of columns that the user knows to be missing.
        accepted: the findings that were accepted.
        comparison: how the run differs from a former one.
    """
    counts, worst, by_payer = _by_rule(result), result.worst, _at_risk_by_payer(result)
    is_checked = result.lines["hcpcs_code"].is_in(sorted(CHECKED))
    denied, unjudged = denied_and_unjudged(result, without)
    return Totals(
        tally=result.batch.total,
        doubtful_files=_doubtful_files(result),
        checked_lines=int(is_checked.sum()),
        partner_lines=int((~is_checked).sum()),
        history_rejected=_history_rejected(result),
        unreadable_files=len(result.batch.unreadable),
        flagged_lines=worst.len() - worst.null_count(),
        flagged_claims=_claims(result.lines[CLAIM_OF_PAYER].filter(worst.is_not_null())),
        error_lines=int((worst == ERROR).sum()),
        denied_lines=denied,
        unjudged_lines=unjudged + result.batch.total.rejected + _history_rejected(result),
        warning_lines=int((worst == WARNING).sum()),
        by_severity={s: sum(n for _, one, n in counts if one is s) for s in SEVERITIES},
        by_rule=tuple(counts),
        infos_by_payer=_infos_by_payer(result),
        questions=_questions(result),
        not_checked=_reasons(result),
        gaps=gaps(result, without),
        unjudged=unjudged_payers(result),
        at_risk=_together([money for _, _, money in by_payer]),
        at_risk_by_rule=_at_risk_by_rule(result),
        at_risk_by_payer=by_payer,
        outdated=outdated(result),
        diagnosis_years=diagnosis_years_without_list(result),
        rework=None if rework_cost is None else _rework(result, rework_cost),
        accepted=None if accepted is None else _accepted(result, accepted),
        since=None if comparison is None else _since(result, comparison),
    )


def _history_rejected(result: Result) -> int:
    return 0 if result.history is None else result.history.rejects.height


def _since(result: Result, comparison: Comparison) -> SinceTotals:
    from cpt77092.findings.since import since_totals

    return since_totals(result, comparison)


def _by_rule(result: Result) -> list[tuple[str, Severity, int]]:
    counts = _count(result.findings.lazy(), "rule", "severity")
    return [(result.rules[rule].code, SEVERITIES[one], number) for rule, one, number in counts]


def _reasons(result: Result) -> tuple[tuple[str, str, str, int], ...]:
    reasons = not_checked_reasons(result).select("rule", "reason", "payer", "lines")
    return tuple(reasons.iter_rows())


def money_of(result: Result, lines: pl.Series) -> AtRisk:
    """The money of some lines, by number, each once."""
    money = result.lines.select("charge_amount", EXPECTED_PAYMENT)[lines.unique()]
    (sums,) = money.select(_MONEY).iter_rows(named=True)
    return AtRisk(**sums)


def _accepted(result: Result, accepted: Accepted) -> AcceptedTotals:
    of_severity = dict(_count(accepted.findings.lazy(), "severity"))
    return AcceptedTotals(
        file=accepted.file,
        by_severity={s: of_severity.get(number, 0) for number, s in enumerate(SEVERITIES)},
        by_rule=tuple(
            (result.rules[rule].code, number)
            for rule, number in _count(accepted.findings.lazy(), "rule")
        ),
        money=money_of(result, accepted.findings["line"]),
        outcomes=accepted.outcomes,
    )


def totals_table(totals: Totals) -> pl.DataFrame:
    """Totals in one row, as `TOTALS` has them."""
    by_severity = {f"{s.value}s": number for s, number in totals.by_severity.items()}
    row = {
        **totals.tally.record(),
        **by_severity,
        "not_checked": sum(lines for *_, lines in totals.not_checked),
        "charges_at_risk": totals.at_risk.charges,
        "payment_at_risk": totals.at_risk.expected,
        "payment_known_lines": totals.at_risk.expected_known,
    }
    cells = {name: [row[name] if name in row else getattr(totals, name)] for name in TOTALS}
    return pl.DataFrame(cells).select(pl.col(name).cast(dtype) for name, dtype in TOTALS.items())


def _doubtful_files(result: Result) -> int:
    past = result.history
    of_batch = sum(bool(scan.faults) for scan in result.batch.scans)
    return of_batch + (0 if past is None else len(past.faults))


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
    payer = (result.payer_counted, "payer_policy", "payer_label")
    lines = result.lines.select(payer).hstack(money_at_risk(result))
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
    is_info = (pl.col("severity") == INFO) & ~is_question(result)
    infos = result.findings.lazy().filter(is_info).select("rule", payer=payer)
    return tuple(
        (result.rules[rule].code, name, number)
        for rule, name, number in _count(infos, "rule", "payer")
    )


def _questions(result: Result) -> tuple[Question, ...]:
    texts = pl.Series("text", [rule.question for rule in result.rules], dtype=pl.String)
    asked = result.findings.filter(is_question(result))
    payer = (result.payer_counted, "payer_label", "charge_amount")
    lines = result.lines.select(payer)[asked["line"]]
    is_charged = pl.col("line").is_first_distinct() & (pl.col("charge_amount") >= 0)
    questions = (
        asked.hstack(lines)
        .group_by("payer_number", text=pl.lit(texts).gather("rule"))
        .agg(
            payer=pl.col("payer_label").cast(pl.String).min(),
            rules=pl.col("rule").unique().sort(),
            lines=pl.col("line").n_unique(),
            charges=pl.col("charge_amount").filter(is_charged).sum(),
        )
        .sort("lines", "payer", "text", descending=[True, False, False])
        .drop("payer_number")
    )
    return tuple(
        Question(**row | {"rules": tuple(result.rules[number].code for number in row["rules"])})
        for row in questions.iter_rows(named=True)
    )


def _count(rows: pl.LazyFrame, *key: str) -> Iterator[tuple[Any, ...]]:
    """Each key that occurs, in order, and how often."""
    return rows.group_by(key).len().sort(key).collect(engine="streaming").iter_rows()
