"""What differs between two results of one batch: findings, lines with an error, and dollars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import polars as pl

from cpt77092.engine import ERROR, EXPECTED_PAYMENT, SEVERITIES, Result
from cpt77092.facts.money import CENTS
from cpt77092.findings.lines import money_at_risk
from cpt77092.findings.rollup import known_sum
from cpt77092.findings.table import by_line, with_texts
from cpt77092.frozen import frozen
from cpt77092.reference.sources import Source
from cpt77092.text import safe


@frozen(kw_only=True)
class RuleChange:
    """How many lines end otherwise under one rule."""

    rule: str
    name: str
    appear: int
    vanish: int
    severity: int
    """Lines whose finding has another severity."""
    unchecked: int
    """Lines that were checked and no longer are, with a finding before or without."""


Amounts = tuple[Decimal | None, Decimal | None]
"""Dollars before and after; None where there are lines and nothing is known of any."""


@frozen(kw_only=True)
class Money:
    """Lines with an error and what is at risk with them, in dollars, before and after."""

    lines: tuple[int, int]
    charges: Amounts
    expected: Amounts
    """What the payer would pay, as far as its fees are published."""


@frozen(kw_only=True)
class PayerMonth:
    """The money of one payer in one month of service."""

    payer: str
    month: str
    """`2026-03`; blank without a date of service."""
    money: Money


@frozen(kw_only=True)
class ChangedFinding:
    """One finding that appears, vanishes or has another severity."""

    line: str
    """Claim and line, or file and row where the claim has no number."""
    payer: str
    rule: str
    severity: str
    severity_before: str | None
    """Where it is another."""
    text: str
    source: Source | None


_MONEY = ("lines", "charges", "expected")
"""The fields of `Money`."""


class Comparison:
    """Two results of one batch, whose lines have the same numbers."""

    def __init__(self, old: Result, new: Result) -> None:
        self.old = old
        self.new = new
        before = old.findings.select("line", "rule", before="severity")
        both = new.findings.join(before, on=["line", "rule"])
        self._changed = {
            "appear": new.findings.join(before, on=["line", "rule"], how="anti"),
            "vanish": old.findings.join(new.findings, on=["line", "rule"], how="anti"),
            "severity": both.filter(pl.col("severity") != pl.col("before")),
        }

    @property
    def counts(self) -> dict[str, int]:
        """How many findings `appear`, `vanish`, and have another `severity`."""
        return {what: findings.height for what, findings in self._changed.items()}

    def by_rule(self) -> Iterator[RuleChange]:
        """The rules that end otherwise on some line, in the order of the catalog."""
        for number, rule in enumerate(self.new.rules):
            was_null = self.old.outcomes[rule.code].is_null()
            is_null = self.new.outcomes[rule.code].is_null()
            numbers = {
                what: findings.filter(rule=number).height
                for what, findings in self._changed.items()
            }
            unchecked = int((is_null & ~was_null).sum())
            if any((*numbers.values(), unchecked)):
                yield RuleChange(rule=rule.code, name=rule.name, unchecked=unchecked, **numbers)

    def by_payer_and_month(self) -> list[PayerMonth]:
        """The payers and months in which a line has an error before or after."""
        key = ["payer", "month"]
        parts = [
            _money_by_payer_and_month(result, self.new, suffix)
            for result, suffix in ((self.old, "_old"), (self.new, "_new"))
        ]
        joined = parts[0].join(parts[1], on=key, how="full", coalesce=True)
        rows = joined.with_columns(*map(_zero_without_lines, ("_old", "_new"))).sort(key)
        return [
            PayerMonth(
                payer=row["payer"],
                month=row["month"],
                money=Money(
                    **{of: (row[f"{of}_old"], row[f"{of}_new"]) for of in _MONEY},
                ),
            )
            for row in rows.iter_rows(named=True)
        ]

    def total(self) -> Money:
        """The money of the whole batch."""
        parts = [one.money for one in self.by_payer_and_month()]
        return Money(
            lines=(sum(m.lines[0] for m in parts), sum(m.lines[1] for m in parts)),
            charges=_added([m.charges for m in parts]),
            expected=_added([m.expected for m in parts]),
        )

    def listed(self, what: str, limit: int = 0) -> list[ChangedFinding]:
        """The first findings of one of `counts`; 0 lists all."""
        result = self.old if what == "vanish" else self.new
        return _listed(result, self._changed[what], limit)


def _money_by_payer_and_month(result: Result, named_by: Result, suffix: str) -> pl.DataFrame:
    month = pl.col("claim_line_start_date").dt.strftime("%Y-%m").fill_null("")
    lines = named_by.lines.select(pl.col("payer_label").cast(pl.String).alias("payer"), month=month)
    charge, expected = pl.col("charge_amount"), pl.col(EXPECTED_PAYMENT)
    flagged = lines.hstack(money_at_risk(result)).filter(result.worst == ERROR)
    return flagged.group_by("payer", "month").agg(
        pl.len().alias(f"lines{suffix}"),
        known_sum(charge.filter(charge >= 0)).cast(CENTS).alias(f"charges{suffix}"),
        known_sum(expected).cast(CENTS).alias(f"expected{suffix}"),
    )


def _zero_without_lines(suffix: str) -> pl.Expr:
    """Nothing is at risk, and known to be, where no line has an error."""
    amounts = pl.col([f"{of}{suffix}" for of in _MONEY])
    has_none = pl.col(f"lines{suffix}").is_null()
    return pl.when(has_none).then(amounts.fill_null(0)).otherwise(amounts)


def _added(pairs: Sequence[Amounts]) -> Amounts:
    known = [[pair[side] for pair in pairs if pair[side] is not None] for side in (0, 1)]
    old, new = (sum(filter(None, one), Decimal(0)) if one or not pairs else None for one in known)
    return old, new


def _listed(result: Result, changed: pl.DataFrame, limit: int) -> list[ChangedFinding]:
    """Findings with their texts, by file, row and rule."""
    ordered = by_line(changed)
    shown = ordered.head(limit) if limit else ordered
    texts = with_texts(result, shown.select(result.findings.columns), ("payer_label",))
    before = shown["before"] if "before" in shown.columns else [None] * shown.height
    listed = []
    for number, row in enumerate(texts.iter_rows(named=True)):
        was, rule, decision = before[number], shown["rule"][number], shown["decision"][number]
        quoted = (
            result.rules[rule].source if decision is None else result.decisions[decision].source
        )
        line = f"{row['claim_id']}/{row['claim_line_number'] or row['source_row']}"
        listed.append(
            ChangedFinding(
                rule=row["rule"],
                severity=row["severity"],
                severity_before=None if was is None else SEVERITIES[was].value,
                line=safe(line if row["claim_id"] else f"row {row['source_row']}"),
                payer=safe(row["payer_label"] or ""),
                text=f"{row['message']} {row['fix']}".strip(),
                source=quoted,
            )
        )
    return listed
