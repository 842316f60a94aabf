"""One batch under several policies, as a document: lines denied and dollars under each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from cpt77092.document import Cell, Document, Section, Table, numbers, own, own_row, words
from cpt77092.findings import Totals
from cpt77092.frozen import frozen
from cpt77092.policies import PolicySet
from cpt77092.text import count

_COLUMNS = (
    *words("Policy"),
    *numbers("Denied", unit="lines"),
    *numbers("Charges at risk", unit="dollars"),
    *numbers("Warned", "Ask payer", unit="lines"),
    *words("Denied by"),
)
_NOTE = (
    "Ask payer: lines that the payer has no published rule for. They are not denied here, which is "
    "no promise that they will be paid."
)


@frozen
class Case:
    """What the batch is checked under."""

    name: str
    policies: PolicySet
    payer: str | None
    """The key of the policy for every line; None where each line has its own payer's."""
    is_assumed: bool = False
    """Whether values are assumed (`--set`); the case before it is then without them."""


@frozen
class Answer:
    """What a case makes of the batch."""

    case: Case
    totals: Totals

    @property
    def by_rule(self) -> tuple[tuple[str, int], ...]:
        """Rules with an error and the lines that have it, most lines first."""
        lines = ((rule, money.lines) for rule, money in self.totals.at_risk_by_rule)
        return tuple(sorted(lines, key=lambda row: -row[1]))

    @property
    def unanswered(self) -> int:
        """Lines for which a payer has to be asked; of each payer, by its widest question."""
        widest: dict[str, int] = {}
        for question in self.totals.questions:
            widest[question.payer] = max(question.lines, widest.get(question.payer, 0))
        return sum(widest.values())


def without_repeats(answers: Sequence[Answer]) -> list[Answer]:
    """The answers but those with assumed values that come out as without them."""
    kept = list(answers[:1])
    for before, one in pairwise(answers):
        if not (one.case.is_assumed and before.totals == one.totals):
            kept.append(one)
    return kept


def compose(answers: Sequence[Answer], assumed: Sequence[str], on: date) -> Document:
    """The document on what each policy makes of one batch, the batch as billed first."""
    lines = answers[0].totals.checked_lines
    everywhere = set(answers[0].by_rule).intersection(*(one.by_rule for one in answers))
    rows = tuple(
        own_row(*_cells(one, everywhere), is_current=one.case.is_assumed) for one in answers
    )
    notes = [_NOTE]
    if everywhere and len(answers) > 1:
        notes.append(f"Under every policy: {_rules(sorted(everywhere))}; these are left out below.")
    if assumed:
        notes.append(f"Assumed on all dates of service: {'; '.join(assumed)}.")
    return Document(
        title="What if: the same claims under other policies",
        subtitle=f"{count(lines, 'checked line')}, as of {on}.",
        on=on,
        introduction=tuple(map(own, notes)),
        sections=(Section("policies", "By policy", (Table("Lines and dollars", _COLUMNS, rows),)),),
        is_one_page=True,
        figures=lambda: _figures(answers, assumed, on),
    )


def _cells(one: Answer, everywhere: Collection[tuple[str, int]]) -> tuple[Cell, ...]:
    totals, money = one.totals, one.totals.at_risk
    is_known = money.charges_known or not money.lines
    return (
        one.case.name,
        totals.denied_lines,
        money.charges if is_known else None,
        totals.warning_lines,
        one.unanswered,
        _rules([rule for rule in one.by_rule if rule not in everywhere]) or None,
    )


def _rules(by_rule: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{rule} ({lines:,})" for rule, lines in by_rule)


def _figures(answers: Sequence[Answer], assumed: Sequence[str], on: date) -> dict[str, Any]:
    return {
        "as_of": on.isoformat(),
        "assumed": list(assumed),
        "policies": [
            {
                "name": one.case.name,
                "payer": one.case.payer,
                "assumed": one.case.is_assumed,
                "checked_lines": one.totals.checked_lines,
                "denied_lines": one.totals.denied_lines,
                "charges_at_risk": f"{one.totals.at_risk.charges:.2f}",
                "expected_payment_at_risk": f"{one.totals.at_risk.expected:.2f}",
                "expected_payment_known": one.totals.at_risk.expected_known,
                "warning_lines": one.totals.warning_lines,
                "ask_payer_lines": one.unanswered,
                "errors_by_rule": dict(one.by_rule),
            }
            for one in answers
        ],
    }
