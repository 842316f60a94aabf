"""Grades as a document: the answer first, then what to look at, then the figures."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import polars as pl

from cpt77092.document import (
    Bar,
    BarChart,
    Column,
    Document,
    Item,
    Point,
    Row,
    Section,
    Series,
    StepChart,
    Table,
    numbers,
    own,
    own_row,
    words,
)
from cpt77092.grading.evidence import us_date
from cpt77092.grading.grades import Grades, Miss, Month, RuleGrade, Step, Tally
from cpt77092.grading.record import graded_lines, grades_record
from cpt77092.grading.run import Graded
from cpt77092.text import count, dollars, gathered

SHOWN = 10
"""Rows of a list of lines in text; JSON and CSV have them all."""
LISTED = 1000
"""The same in a file: CSV lists them all."""
_CHARTED = 4
"""Payers in the chart by month, those with most answers."""


def compose(graded: Graded, *, limit: int = SHOWN) -> Document:
    """Compose the document, with at most `limit` lines in a list; 0 for all."""
    sections = [
        Section("predictions", "Predictions by rule and payer", tuple(_rules(graded.grades))),
        *_optional("false-alarms", "Predicted as denied, but paid", _false_alarms(graded, limit)),
        *_optional("misses", "Denied, but not predicted", _misses(graded.grades)),
        *_optional("changes", "Payers that changed their mind", map(_step, graded.grades.steps)),
        *_optional("policies", "Policies to review", _proposals(graded)),
        *_optional("months", "Month by month", _months(graded.grades)),
        *_optional("payments", "Paid against the fee on file", _payments(graded, limit)),
        Section("read", "What was read", tuple(_what_was_read(graded, limit))),
    ]
    on = graded.last_payment or max(graded.predictions.as_of)
    return Document(
        title=headline(graded.grades),
        subtitle=_subtitle(graded),
        on=on,
        introduction=tuple(map(own, sentences(graded))),
        sections=tuple(sections),
        figures=partial(grades_record, graded),
        lines=partial(graded_lines, graded),
    )


def _optional(key: str, title: str, items: Iterator[Item]) -> list[Section]:
    """A section, unless there is nothing in it."""
    known = tuple(items)
    return [Section(key, title, known)] if known else []


def headline(grades: Grades) -> str:
    """The answer first: `Of 24 lines we said would be denied, 21 were, 2 were paid ($90.00).`."""
    errors = grades.errors
    if not errors.predicted:
        return (
            f"No error among {count(grades.checked, 'line')}; nothing was predicted to be denied."
        )
    parts = [_were(errors.denied)]
    if errors.paid:
        parts.append(f"{_were(errors.paid)} paid ({dollars(errors.paid_dollars)})")
    if errors.adjusted_to_zero:
        parts.append(f"{_were(errors.adjusted_to_zero)} paid $0.00 without a denial code")
    if errors.billed_differently:
        parts.append(f"{_were(errors.billed_differently)} changed before billing")
    if errors.not_answered:
        verb = "is" if errors.not_answered == 1 else "are"
        parts.append(f"{errors.not_answered:,} {verb} not answered yet")
    subject = "the 1 line" if errors.predicted == 1 else f"{errors.predicted:,} lines"
    return f"Of {subject} we said would be denied, {', '.join(parts)}."


def _were(number: int) -> str:
    return f"{number:,} {'was' if number == 1 else 'were'}"


def sentences(graded: Graded) -> Iterator[str]:
    """How far to trust us, and what the remittances do not show."""
    grades = graded.grades
    errors, warnings = grades.errors, grades.warnings
    if errors.precision.whole:
        yield (
            f"Right on {errors.precision.part:,} of {errors.precision.whole:,} answered lines: "
            f"{_interval(errors)}. {errors.denied_as_predicted:,} denied with the code we "
            f"predicted, {errors.denied_other_code:,} with another."
        )
    if warnings.predicted:
        answered = warnings.precision
        yield (
            f"Of {count(warnings.predicted, 'line')} with a warning (verify first), "
            f"{_were(warnings.denied)} denied, {_were(warnings.paid)} paid"
            + ("." if answered.whole == warnings.predicted else ", the rest is open.")
        )
    yield _recall(grades)
    if errors.paid or errors.billed_differently:
        yield (
            "Code, modifiers and charge show whether a line was changed before it was billed; a "
            "corrected diagnosis, place of service or NPI does not show and counts as paid. Grade "
            "the report of the file that you sent."
        )


def _interval(tally: Tally) -> str:
    low, high = tally.precision.interval
    return f"{tally.precision.percent} (95% interval {low:.0%} to {high:.0%})"


def _recall(grades: Grades) -> str:
    if grades.missed is None:
        return (
            "Missed denials cannot be graded: the report lists only lines with a finding. Name the "
            "claims with --claims, or write reports with scrub check --checked-lines."
        )
    if not grades.denied:
        return "No checked line was denied."
    warned = f" ({grades.missed_warned:,} of them had a warning)" if grades.missed_warned else ""
    recall = grades.recall
    low, high = recall.interval if recall else (0.0, 1.0)
    return (
        f"Of {count(grades.denied, 'denied line')} we flagged {grades.denied - grades.missed:,} as "
        f"an error: {recall.percent if recall else '-'} (95% interval {low:.0%} to {high:.0%}). "
        f"Missed: {grades.missed:,}{warned}."
    )


def _subtitle(graded: Graded) -> str:
    remits = graded.remittances
    through = f", paid through {us_date(graded.last_payment)}" if graded.last_payment else ""
    return (
        f"{count(remits.lines.height, 'remittance line')} of {count(len(remits.paths), 'file')}"
        f"{through}; {count(graded.grades.checked, 'checked line')} of "
        f"{count(len(graded.predictions.reports), 'report')}."
    )


def _rules(grades: Grades) -> Iterator[Item]:
    """The rules whose predictions were answered, and how many were not."""
    answered = [one for one in grades.rules if one.tally.precision.whole or one.missed]
    silent = len({one.rule for one in grades.rules} - {one.rule for one in answered})
    if answered:
        yield _rule_table(answered, knows_misses=grades.missed is not None)
        yield own(
            "Right: the share that was denied, with its 95% interval. Open: not answered, billed "
            "differently, or paid $0.00 without a denial code."
        )
    if silent:
        yield own(f"No answer yet to the predictions of {count(silent, 'other rule')}.")
    if not grades.rules:
        yield own("The report predicts no denial.")


def _rule_table(answered: list[RuleGrade], *, knows_misses: bool) -> Table:
    missed = numbers("Missed") if knows_misses else ()
    columns = (
        *words("Rule", "Payer"),
        *numbers("Denied", "Other code", "Paid", "Open"),
        Column("Right", "share"),
        *missed,
    )
    rows = [_rule_row(one, knows_misses=knows_misses) for one in answered]
    return Table("Lines by what became of them", columns, tuple(rows))


def _rule_row(one: RuleGrade, *, knows_misses: bool) -> Row:
    tally = one.tally
    warning = "" if one.severity == "error" else ", warning"
    counts = (
        tally.denied_as_predicted,
        tally.denied_other_code,
        tally.paid,
        tally.not_answered + tally.billed_differently + tally.adjusted_to_zero,
    )
    missed = (one.missed,) if knows_misses else ()
    name = f"{one.rule} {one.name.replace('-', ' ')}{warning}"
    return own_row(name, one.payer_label, *counts, str(tally.precision), *missed)


def _false_alarms(graded: Graded, limit: int) -> Iterator[Item]:
    alarms = graded.lines.filter(pl.col("severity") == "error", pl.col("grade") == "paid")
    if alarms.height:
        columns = {
            **_CLAIM,
            "Billed": _BILLED,
            "Service": _SERVICE,
            "Predicted by": pl.col("predicted"),
            "Paid": pl.col("paid"),
        }
        alarms = alarms.sort("paid", descending=True, maintain_order=True)
        yield _list("False alarms", alarms, columns, limit)


_CLAIM = {
    "Claim": pl.format("{}/{}", "claim_id", pl.col("claim_line_number").fill_null(1)),
    "Payer": pl.col("payer_label"),
}
_BILLED = pl.format("{} {}", "hcpcs_code", pl.col("modifiers").fill_null("")).str.strip_chars()
_SERVICE = pl.col("claim_line_start_date").dt.strftime("%m/%d/%Y").fill_null("no date")


def _list(
    title: str,
    lines: pl.DataFrame,
    columns: Mapping[str, pl.Expr],
    limit: int,
    *,
    form: str = "csv",
) -> Table:
    """The first lines, and in the title how many there are and the format that has all."""
    shown = lines.head(limit) if limit else lines
    if shown.height < lines.height:
        title = f"{title}, {shown.height:,} of {lines.height:,}; --format {form} has all"
    cells = shown.select(value.alias(name) for name, value in columns.items())
    names = [
        Column(name, "dollars" if dtype.is_decimal() else "")
        for name, dtype in cells.schema.items()
    ]
    return Table(title, tuple(names), tuple(own_row(*row) for row in cells.iter_rows()))


def _misses(grades: Grades) -> Iterator[Item]:
    if not grades.misses:
        return
    rows = [
        own_row(
            one.payer_label,
            denial_text(one),
            one.lines,
            one.with_warning,
            one.charges,
            ", ".join(one.rules) or "no rule",
        )
        for one in grades.misses
    ]
    yield Table(
        "By reason, with the rules that predict such a denial (info: one that only asked)",
        (
            *words("Payer", "Denial"),
            *numbers("Lines", "Warned"),
            Column("Charges", "dollars"),
            Column("Rule"),
        ),
        tuple(rows),
    )


def denial_text(miss: Miss) -> str:
    """`CO 16 N290`."""
    return " ".join((miss.group_code, miss.carc, *miss.rarcs)).strip() or "no code"


def _step(step: Step) -> Item:
    how = f" with {step.modifiers}" if step.modifiers else " without modifiers"
    verb = "deny" if step.is_denial else "pay"
    with_code = f" (CARC {step.carc})" if step.carc else ""
    return own(
        f"{step.payer_label} began to {verb} {step.hcpcs_code}{how}{with_code} on about "
        f"{us_date(step.day)}: {step.before.part:,} of {step.before.whole:,} lines denied before, "
        f"{step.since.part:,} of {step.since.whole:,} since."
    )


def _proposals(graded: Graded) -> Iterator[Item]:
    for one in graded.proposals:
        yield own(
            f"on file: {one.on_file}. Its answers: {one.evidence}. That is {one.parameter} "
            f"{one.value} on {one.code} from {us_date(one.first_day)}.",
            about=one.payer_label,
        )
        no_file = "It has no policy file yet: scrub payers CLAIMS --save payers.yaml names one."
        yield own(one.command or no_file)
    for doubtful in graded.doubtful_rules:
        tally = doubtful.tally
        yield own(
            f"it paid {tally.paid:,} of {tally.paid + tally.denied:,} answered lines "
            f"({dollars(tally.paid_dollars)}) that {doubtful.rule} {doubtful.name} said it would "
            "deny. Look up the value on file.",
            about=doubtful.payer_label,
        )
        yield own(shlex.join(("scrub", "explain", doubtful.rule, "--payer", doubtful.payer)))
    if graded.proposals or graded.doubtful_rules:
        yield own("Nothing was changed. Decide, then type the command.")


def _months(grades: Grades) -> Iterator[Item]:
    if not grades.months:
        return
    by_payer = gathered((m.payer_label, m) for m in grades.months if m.month != "no date")
    largest = sorted(by_payer, key=lambda p: -sum(m.answered for m in by_payer[p]))[:_CHARTED]
    series = [_series(label, by_payer[label]) for label in sorted(largest)]
    if any(len(one.points) > 1 for one in series):
        title = "Share of answered lines that were denied, by month of service"
        yield StepChart(title, "percent", tuple(series), sources=None)
    yield BarChart(
        title="Denied lines by month of service",
        legend=("predicted", "missed"),
        bars=tuple(_month_bars(grades.months)),
    )
    rows = [
        own_row(m.payer_label, m.month, m.answered, m.predicted, m.came_true, m.denied, m.missed)
        for m in grades.months
    ]
    columns = numbers("Answered", "Predicted", "Came true", "Denied", "Missed")
    table = Table("Answered lines", (*words("Payer", "Month"), *columns), tuple(rows))
    yield Section("months-table", "Every payer and month", (table,), is_detail=True)


def _series(label: str, months: list[Month]) -> Series:
    """The share of denied lines; it holds until the next month with answers."""
    days = [date.fromisoformat(f"{month.month}-01") for month in months]
    after = (days[-1] + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    ends = [*(day - timedelta(days=1) for day in days[1:]), after]
    shares = [Decimal(100 * month.denied) / Decimal(month.answered) for month in months]
    points = (
        Point(day, end, share.quantize(Decimal(1)))
        for day, end, share in zip(days, ends, shares, strict=True)
    )
    return Series(label, tuple(points))


def _month_bars(months: tuple[Month, ...]) -> Iterator[Bar]:
    for name, some in sorted(gathered((month.month, month) for month in months).items()):
        denied, missed = sum(m.denied for m in some), sum(m.missed for m in some)
        answered = sum(m.answered for m in some)
        text = f"{denied:,} of {answered:,} denied, {missed:,} missed"
        yield Bar(name, text, (float(denied - missed), float(missed)))


def _payments(graded: Graded, limit: int) -> Iterator[Item]:
    paid = graded.payments
    if not paid.groups:
        return
    rows = [
        own_row(g.payer_label, g.hcpcs_code, g.lines, g.fee, g.allowed, g.paid, g.below, g.short)
        for g in paid.groups
    ]
    money = numbers("Fee", "Allowed", "Paid", unit="dollars")
    yield own(
        "The fee is the one on file, or the charge where that is lower. Medicare's is the national "
        "amount: your locality pays more or less. Allowed includes what the patient owes."
    )
    columns = (*words("Payer", "Code"), *numbers("Lines"), *money, *numbers("Below"))
    yield Table("By payer and code", (*columns, Column("Short", "dollars")), tuple(rows))
    if paid.below.height:
        below = {
            **_CLAIM,
            "Code": pl.col("hcpcs_code"),
            "Fee": pl.col("due"),
            "Allowed": pl.col("allowed"),
            "Short": pl.col("short"),
            "Adjustments": pl.col("adjustments").fill_null(""),
        }
        yield _list("Underpaid lines", paid.below, below, limit)


def _what_was_read(graded: Graded, limit: int) -> Iterator[Item]:
    remits = graded.remittances
    for path, file in zip(remits.paths, remits.files, strict=True):
        payments = f", {count(file.payments, 'payment')}" if file.payments else ""
        parts = [f"{count(file.lines.height, 'line')} read"]
        parts += [f"{file.rejects.height:,} rejected"] if file.rejects.height else []
        parts += [f"{file.not_data:,} not data"] if file.not_data else []
        yield own(
            f"{path} ({file.kind}): {count(file.rows, 'row')} = {' + '.join(parts)}{payments}."
        )
        for note in (*file.faults, *file.notes):
            yield own(f"{path}: {note}.")
        for reason, amount in file.provider_adjustments.items():
            verb = "withheld" if amount > 0 else "added"
            yield own(f"{path}: {dollars(abs(amount))} {verb} apart from any claim (PLB {reason}).")
    for note in graded.predictions.notes:
        yield own(f"{note}.")
    yield from _unmatched(graded, limit)


def _unmatched(graded: Graded, limit: int) -> Iterator[Item]:
    if graded.other_codes:
        yield own(f"Lines with other codes: {graded.other_codes:,}.")
    total = graded.unmatched.height
    if not total:
        return
    if not graded.predictions.has_all_lines:
        yield own(f"{count(total, 'line')} with a checked code answer no line of the report.")
        return
    columns = {
        "Claim": pl.col("claim_id"),
        "Payer": pl.col("remitting_payer").fill_null(""),
        "Billed": _BILLED,
        "Service": _SERVICE,
        "Charge": pl.col("charge"),
        "Paid": pl.col("paid"),
    }
    yield _list("Answers to no checked line", graded.unmatched, columns, limit, form="json")
