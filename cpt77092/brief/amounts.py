"""Fees and relative value units by year, and the prices that hospitals publish."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from cpt77092.brief import hospital_prices
from cpt77092.brief.scope import FAMILY_FIRST, Scope, global_amount
from cpt77092.document import Column, Item, Point, Row, Series, Statement, StepChart, Table
from cpt77092.policies import PARAMETERS
from cpt77092.policies.policy import EntryKind, in_force
from cpt77092.reference.codes import FAMILY
from cpt77092.reference.sources import Source

_CODES = sorted(FAMILY)


class _Period(NamedTuple):
    """The amounts of the TBS codes over some days, in the order of `_CODES`."""

    first_day: date
    last_day: date | None
    amounts: tuple[Decimal | None, ...]
    sources: tuple[Source, ...]


def amounts(scope: Scope) -> list[Item]:
    """Fees as a table and a chart for each policy that states its own, then relative values."""
    items: list[Item] = []
    for parameter, unit in (("fee", "dollars"), ("relative_value_units", "RVU")):
        for payer in scope.with_own_amounts(parameter):
            periods = _periods(scope, payer, parameter)
            title = f"{scope.policies[payer].label}: {PARAMETERS[parameter].description}"
            items.append(_table(scope, title, periods, unit))
            if parameter == "fee":
                items.append(_chart(f"{title}, by year", periods, unit))
    return items


def _periods(scope: Scope, payer: str, parameter: str) -> list[_Period]:
    """The stretches of days over which no amount of a policy changes, where it states any."""
    policy = scope.policies[payer]
    entries = [policy.values.get((code, parameter), ()) for code in _CODES]
    days = sorted({entry.first_day for dated in entries for entry in dated})
    periods = []
    for day, following in zip(days, [*days[1:], None], strict=True):
        current = [in_force(dated, day) for dated in entries]
        amounts = tuple(
            global_amount(entry.value)
            if entry and entry.kind is EntryKind.VALUE and not entry.is_carried_on
            else None
            for entry in current
        )
        sources = dict.fromkeys(entry.source for entry in current if entry and entry.source)
        last = following - timedelta(days=1) if following else None
        if any(amount is not None for amount in amounts):
            periods.append(_Period(day, last, amounts, tuple(sources)))
    return periods


def _table(scope: Scope, title: str, periods: list[_Period], unit: str) -> Table:
    columns = (Column("From"), Column("To"), *(Column(code, unit) for code in _CODES))
    rows = []
    for first, last, amounts, sources in periods:
        is_current = first <= scope.on <= (last or date.max)
        rows.append(Row((first, last, *amounts), is_current, sources=sources))
    return Table(title, columns, tuple(rows))


def _chart(title: str, periods: list[_Period], unit: str) -> StepChart:
    series = []
    for number, code in enumerate(_CODES):
        points = tuple(
            Point(first, last, amount)
            for first, last, amounts, _ in periods
            if (amount := amounts[number]) is not None
        )
        if points:
            series.append(Series(code, points))
    sources = dict.fromkeys(source for period in periods for source in period.sources)
    return StepChart(title, unit, tuple(series), sources=tuple(sources))


def published_prices() -> list[Item]:
    """How many hospitals report a price, the median and the range, by code."""
    text = (
        f"{hospital_prices.COVERED} hospitals' published prices, hospital-level, facility and "
        f"professional mixed, not national benchmarks. Of them, {hospital_prices.hospitals()} list "
        f"at least one of these codes. A price is no promise of coverage. Amounts near one dollar "
        f"look like placeholders. A hospital counts once in a median: with its lowest figure, "
        f"or its highest for the highest negotiated."
    )
    cited = (hospital_prices.SOURCE,)
    rows = tuple(
        Row((code, kind.name, *spread), sources=cited)
        for code in FAMILY_FIRST
        for kind in hospital_prices.KINDS
        if (spread := hospital_prices.spread(code, kind)) is not None
    )
    in_dollars = (Column(name, "dollars") for name in ("Median", "Lowest", "Highest"))
    columns = (Column("Code"), Column("Price"), Column("Hospitals", "count"), *in_dollars)
    return [Statement(text, sources=cited), Table("Published prices by code", columns, rows)]
