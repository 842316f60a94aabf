"""What a change of policies does, as a document: parameters, then findings and dollars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from cpt77092.analysis.finding_changes import ChangedFinding, Comparison, Money, PayerMonth
from cpt77092.analysis.policy_changes import Change, PolicyChanges
from cpt77092.document import (
    Column,
    Document,
    Item,
    Row,
    Section,
    Statement,
    Table,
    numbers,
    own,
    own_row,
    words,
)
from cpt77092.policies.value_text import codes_text, plain, subject_of
from cpt77092.text import count, dollars, gathered

_PARAMETERS = (
    Column("Parameter"), Column("Dates"), Column("Old", lead="was"), Column("New", lead="now")
)  # fmt: skip
_RULES = (
    *words("Rule"),
    *numbers("Appear", "Vanish", "Severity", "Unchecked", unit="lines"),
)
_MONEY = (
    *words("Payer", "Month"),
    *numbers("Error lines", unit="lines"),
    *numbers("Charges at risk", "Expected payment", unit="dollars"),
)
_ABOUT_RULES = (
    "Severity: lines whose finding has another one. Unchecked: lines that the rule checked before "
    "and can no longer check."
)


def compose(
    names: tuple[str, str],
    policies: Sequence[PolicyChanges],
    comparison: Comparison | None,
    *,
    on: date,
    limit: int,
    note: str = "",
) -> Document:
    """The document on two sets of policies.

    Args:
        names: what the user calls them, the old one first.
        policies: how they differ.
        comparison: a batch under both, where one is given.
        on: the day of the document.
        limit: how many findings of a kind are listed; 0 for all.
        note: what is particular to this comparison.
    """
    sections = [_parameters(policies)]
    if comparison is not None:
        sections += _claims(comparison, limit)
    changes = sum(len(one.changes) for one in policies)
    return Document(
        title=f"Policies: {names[0]} compared with {names[1]}",
        subtitle=f"{count(changes, 'change')} of parameters in "
        f"{count(len(policies), 'policy', 'policies')}.",
        on=on,
        introduction=(own(note),) if note else (),
        sections=tuple(sections),
        is_one_page=True,
        figures=lambda: _figures(names, policies, comparison),
    )


def _parameters(policies: Sequence[PolicyChanges]) -> Section:
    labels = gathered((text, one.label) for one in policies for text in one.others)
    items: list[Item] = [own(f"{', '.join(some)}.", text) for text, some in labels.items()]
    items += [
        Table(one.label, _PARAMETERS, tuple(map(_row, one.changes)))
        for one in policies
        if one.changes
    ]
    if not items:
        items.append(own("Nothing that decides a claim differs."))
    return Section("parameters", "What changed", tuple(items))


def _row(change: Change) -> Row:
    until = f" to {change.last_day}" if change.last_day else ""
    dates = f"from {change.first_day}{until}"
    cells = (f"{subject_of(change.parameter)}, {codes_text(change.codes)}", dates, *change.texts)
    return Row(cells, sources=change.sources or None)


def _claims(comparison: Comparison, limit: int) -> Iterator[Section]:
    """What the change does to a batch."""
    items: list[Item] = [own(_summary(comparison))]
    rules = tuple(
        own_row(f"{one.rule} {one.name}", one.appear, one.vanish, one.severity, one.unchecked)
        for one in comparison.by_rule()
    )
    if rules:
        items += [own(_ABOUT_RULES), Table("By rule", _RULES, rules)]
    months = [one for one in comparison.by_payer_and_month() if _differs(one.money)]
    if months:
        total = _money_row("All, changed or not", "", comparison.total(), is_total=True)
        rows = (*(_money_row(one.payer, one.month, one.money) for one in months), total)
        items.append(Table("By payer and month of service, where it changes", _MONEY, rows))
    yield Section("claims", "What it does to the claims", tuple(items))
    for key, number in comparison.counts.items():
        if number:
            shown = comparison.listed(key, limit)
            some = f"{len(shown):,} of {number:,}" if len(shown) < number else f"{number:,}"
            yield Section(key, f"Findings {_THAT[key]} ({some})", tuple(map(_finding, shown)))


_THAT = {"appear": "that appear", "vanish": "that vanish", "severity": "with another severity"}


def _summary(comparison: Comparison) -> str:
    appear, vanish, severity = comparison.counts.values()
    total = comparison.total()
    texts = [f"{count(appear, 'finding')} {'appears' if appear == 1 else 'appear'}"]
    texts.append(f"{vanish:,} {'vanishes' if vanish == 1 else 'vanish'}")
    if severity:
        texts.append(f"{severity:,} {'has' if severity == 1 else 'have'} another severity")
    number = count(comparison.new.lines.height, "line")
    errors = count(total.lines[1], "line") + " with an error"
    pairs = [
        (errors, f"{total.lines[0]:,}", total.lines),
        *(
            (f"{_dollars(pair[1])} {what}", _dollars(pair[0]), pair)
            for what, pair in (
                ("in charges at risk", total.charges),
                ("expected for them", total.expected),
            )
        ),
    ]
    after = [
        f"{new} as before" if pair[0] == pair[1] else f"{new} instead of {old}"
        for new, old, pair in pairs
    ]
    return f"On {number}: {', '.join(texts)}. {'; '.join(after)}."


def _differs(money: Money) -> bool:
    return any(old != new for old, new in (money.lines, money.charges, money.expected))


def _money_row(payer: str, month: str, money: Money, *, is_total: bool = False) -> Row:
    return own_row(
        payer,
        month or (None if is_total else "no date"),
        _pair(*(f"{lines:,}" for lines in money.lines)),
        _pair(*map(_dollars, money.charges)),
        _pair(*map(_dollars, money.expected)),
        is_current=is_total,
    )


def _pair(old: str, new: str) -> str:
    return new if old == new else f"{old} -> {new}"


def _dollars(amount: Decimal | None) -> str:
    return "not available" if amount is None else dollars(amount)


def _finding(one: ChangedFinding) -> Statement:
    was = f" (was {one.severity_before})" if one.severity_before else ""
    about = f"{one.line} {one.severity}{was} {one.rule}"
    text = f"{one.payer}. {one.text}"
    return Statement(text, about, sources=(one.source,) if one.source else None)


def _figures(
    names: tuple[str, str], policies: Sequence[PolicyChanges], comparison: Comparison | None
) -> dict[str, Any]:
    """The same as plain values."""
    return {
        "old": names[0],
        "new": names[1],
        "policies": [
            {
                "payer": one.payer,
                "others": list(one.others),
                "changes": [_record(change) for change in one.changes],
            }
            for one in policies
        ],
        "claims": None if comparison is None else _claim_figures(comparison),
    }


def _record(change: Change) -> dict[str, Any]:
    def entry(one: Any) -> dict[str, Any] | None:
        if one is None:
            return None
        return {
            "kind": one.kind.value,
            "value": plain(one.value),
            "first_day": one.first_day.isoformat(),
            "source": one.source.record() if one.source else None,
        }

    return {
        "parameter": change.parameter,
        "codes": list(change.codes),
        "first_day": change.first_day.isoformat() if change.first_day else None,
        "last_day": change.last_day.isoformat() if change.last_day else None,
        "old": entry(change.old),
        "new": entry(change.new),
    }


def _claim_figures(comparison: Comparison) -> dict[str, Any]:
    return {
        "lines": comparison.new.lines.height,
        "by_rule": [
            {
                "rule": one.rule,
                "appear": one.appear,
                "vanish": one.vanish,
                "other_severity": one.severity,
                "no_longer_checked": one.unchecked,
            }
            for one in comparison.by_rule()
        ],
        "by_payer_and_month": [_month(one) for one in comparison.by_payer_and_month()],
        "appear": [_finding_record(one) for one in comparison.listed("appear")],
        "vanish": [_finding_record(one) for one in comparison.listed("vanish")],
        "other_severity": [_finding_record(one) for one in comparison.listed("severity")],
    }


def _month(one: PayerMonth) -> dict[str, Any]:
    money = one.money
    pairs = {"error_lines": money.lines, "charges_at_risk": money.charges}
    pairs["expected_payment_at_risk"] = money.expected
    figures = {name: {"old": plain(old), "new": plain(new)} for name, (old, new) in pairs.items()}
    return {"payer": one.payer, "month": one.month or None, **figures}


def _finding_record(one: ChangedFinding) -> dict[str, Any]:
    record = {each.name: getattr(one, each.name) for each in fields(one)}
    return record | {"source": one.source.record() if one.source else None}
