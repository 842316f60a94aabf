"""What a run adds up to: counts, dollars at risk, and lines worth reworking."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from cpt77092.engine import EXPECTED_PAYMENT, SEVERITIES, Result
from cpt77092.findings.gaps import Gap, gaps
from cpt77092.findings.outdated import Outdated, outdated
from cpt77092.findings.schema import TOTALS
from cpt77092.findings.sums import MONEY, SUMS_OF_MONEY, Sums, sums
from cpt77092.frozen import frozen
from cpt77092.readers import Tally
from cpt77092.rule import Rule, Severity
from cpt77092.text import gathered

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
    by_rule: tuple[tuple[str, int], ...]
    """What the lines of each rule that asks have in common (`Rule.asked_of`), and their number; no
    line is of two rules. In the order of `rules`."""
    rules: tuple[str, ...]
    charges: Decimal
    """Of those lines, credits left out, in dollars; unknown charges add nothing."""

    @property
    def lines(self) -> int:
        """How many lines the answer settles."""
        return sum(number for _, number in self.by_rule)


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
    history_no_code: int
    """Earlier claim rows of the batch's patients and claims without a readable code."""
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
    lines = sums(result, rework_cost=rework_cost, without=without)
    return add_up(
        lines,
        result,
        rework_cost=rework_cost,
        without=without,
        accepted=None if accepted is None else _accepted(result, accepted),
        since=None if comparison is None else _since(result, comparison),
    )


def add_up(
    lines: Sums,
    run: Result,
    *,
    rework_cost: Decimal | None = None,
    without: Collection[str] = (),
    accepted: AcceptedTotals | None = None,
    since: SinceTotals | None = None,
) -> Totals:
    """What a run adds up to, by the sums of its lines.

    Args:
        lines: what `sums` gives of all lines, or `added` of the parts of them.
        run: has batch, history and rules; its own lines are not read.
        rework_cost: as of `totals`, and as the sums were made with.
        without: the same.
        accepted: the findings that were accepted.
        since: how the run differs from a former one.
    """
    batch, codes = run.batch, [rule.code for rule in run.rules]
    counts: dict[str, int] = dict(lines["counts"].iter_rows())
    counts["unjudged_lines"] += batch.total.rejected + _history_rejected(run)
    by_rule = _by_rule(lines["findings"], codes)
    return Totals(
        tally=batch.total,
        doubtful_files=_doubtful_files(run),
        history_rejected=_history_rejected(run),
        history_no_code=0 if run.history is None else run.history.tally.no_code,
        unreadable_files=len(batch.unreadable),
        **{each.name: counts[each.name] for each in fields(Totals) if each.name in counts},
        by_severity={s: sum(n for _, one, n in by_rule if one is s) for s in SEVERITIES},
        by_rule=by_rule,
        infos_by_payer=_infos_by_payer(lines["infos"], codes),
        questions=_questions(lines["questions"], run.rules),
        not_checked=tuple(lines["not_checked"].sort("rule", "payer", "reason").iter_rows()),
        gaps=gaps(run, lines["without"], counts["lines"], without),
        unjudged=tuple(
            lines["unjudged"].sort("lines", "payer", descending=[True, False]).iter_rows()
        ),
        at_risk=AtRisk(**lines["money_of_payers"].select(SUMS_OF_MONEY).row(0, named=True)),
        at_risk_by_rule=_at_risk_by_rule(lines["money_of_rules"], codes),
        at_risk_by_payer=_at_risk_by_payer(lines["money_of_payers"]),
        outdated=outdated(lines["outdated"]),
        diagnosis_years=tuple(sorted(lines["years"]["year"])),
        rework=None if rework_cost is None else _rework(counts, rework_cost),
        accepted=accepted,
        since=since,
    )


def _history_rejected(run: Result) -> int:
    return 0 if run.history is None else run.history.rejects.height


def _since(result: Result, comparison: Comparison) -> SinceTotals:
    from cpt77092.findings.since import since_totals

    return since_totals(result, comparison)


def money_of(result: Result, lines: pl.Series) -> AtRisk:
    """The money of some lines, by number, each once."""
    money = result.lines.select("charge_amount", EXPECTED_PAYMENT)[lines.unique()]
    (sums,) = money.select(MONEY).iter_rows(named=True)
    return AtRisk(**sums)


def _accepted(result: Result, accepted: Accepted) -> AcceptedTotals:
    of_severity = dict(_count(accepted.findings, "severity"))
    return AcceptedTotals(
        file=accepted.file,
        by_severity={s: of_severity.get(number, 0) for number, s in enumerate(SEVERITIES)},
        by_rule=tuple(
            (result.rules[rule].code, number) for rule, number in _count(accepted.findings, "rule")
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


def _doubtful_files(run: Result) -> int:
    past = run.history
    of_batch = sum(bool(scan.faults) for scan in run.batch.scans)
    return of_batch + (0 if past is None else len(past.faults))


def _by_rule(findings: pl.DataFrame, codes: Sequence[str]) -> tuple[tuple[str, Severity, int], ...]:
    rows = findings.sort("rule", "severity").iter_rows()
    return tuple((codes[rule], SEVERITIES[severity], number) for rule, severity, number in rows)


def _infos_by_payer(infos: pl.DataFrame, codes: Sequence[str]) -> tuple[tuple[str, str, int], ...]:
    rows = infos.sort("rule", "payer").iter_rows()
    return tuple((codes[rule], payer, number) for rule, payer, number in rows)


def _at_risk_by_rule(money: pl.DataFrame, codes: Sequence[str]) -> tuple[tuple[str, AtRisk], ...]:
    rows = money.sort("rule").iter_rows(named=True)
    return tuple((codes[row.pop("rule")], AtRisk(**row)) for row in rows)


def _at_risk_by_payer(money: pl.DataFrame) -> tuple[tuple[str, str, AtRisk], ...]:
    payers = money.sort(
        "charges", "payer_label", "payer_number", descending=[True, False, False]
    ).drop("payer_number")
    return tuple(
        (row.pop("payer_policy"), row.pop("payer_label"), AtRisk(**row))
        for row in payers.iter_rows(named=True)
    )


def _rework(counts: Mapping[str, int], cost: Decimal) -> Rework:
    return Rework(
        cost=cost, **{name: counts[name] for name in ("worth_it", "not_worth_it", "unknown")}
    )


def _questions(asked: pl.DataFrame, rules: Sequence[Rule]) -> tuple[Question, ...]:
    together = gathered(
        ((row["payer_number"], rules[row["rule"]].question), row)
        for row in asked.sort("rule").iter_rows(named=True)
    )
    questions = [
        Question(
            payer=min(row["payer"] for row in rows),
            text=text,
            by_rule=tuple((rules[row["rule"]].asked_of, row["lines"]) for row in rows),
            rules=tuple(rules[row["rule"]].code for row in rows),
            charges=sum((row["charges"] for row in rows), Decimal(0)),
        )
        for (_, text), rows in together.items()
    ]
    return tuple(sorted(questions, key=lambda one: (-one.lines, one.payer, one.text)))


def _count(rows: pl.DataFrame, key: str) -> Iterator[tuple[Any, ...]]:
    """Each value that occurs, in order, and how often."""
    return rows.group_by(key).len().sort(key).iter_rows()
