"""Fees and relative values by year, and the prices that hospitals publish."""

from __future__ import annotations

from datetime import timedelta

from cpt77092.brief import hospital_prices
from cpt77092.brief.document import Chart, Column, Item, Point, Row, Series, Statement, Table
from cpt77092.brief.scope import FAMILY_FIRST, Scope, in_force, whole
from cpt77092.policies import PARAMETERS
from cpt77092.policies.policy import EntryKind
from cpt77092.reference.codes import FAMILY


def amounts(view: Scope) -> list[Item]:
    """Fees as a table and a chart for each policy that states its own, then relative values."""
    found: list[Item] = []
    for parameter, unit in (("fee", "dollars"), ("relative_value_units", "RVU")):
        for payer in view.stating(parameter):
            table, chart = _by_period(view, parameter, payer, unit)
            found.append(table)
            if parameter == "fee":
                found.append(chart)
    return found


def _by_period(view: Scope, parameter: str, payer: str, unit: str) -> tuple[Table, Chart]:
    policy, codes = view.policies[payer], sorted(FAMILY)
    entries = {code: policy.values.get((code, parameter), ()) for code in codes}
    days = sorted({entry.first_day for several in entries.values() for entry in several})
    rows: list[Row] = []
    points: dict[str, list[Point]] = {code: [] for code in codes}
    for day, following in zip(days, [*days[1:], None], strict=True):
        last = following - timedelta(days=1) if following else None
        speaking = {code: in_force(entries[code], day) for code in codes}
        values = {
            code: whole(entry.value) if entry and entry.kind is EntryKind.VALUE else None
            for code, entry in speaking.items()
        }
        sources = dict.fromkeys(e.source for e in speaking.values() if e and e.source)
        if any(value is not None for value in values.values()):
            is_current = day <= view.on and (last is None or view.on <= last)
            cells = (day, last, *values.values())
            rows.append(Row(cells=cells, sources=tuple(sources), is_current=is_current))
        for code, value in values.items():
            if value is not None:
                points[code].append(Point(first_day=day, last_day=last, amount=value))
    what = f"{policy.label}: {PARAMETERS[parameter].description}"
    columns = (
        Column(name="From"),
        Column(name="To"),
        *(Column(name=code, unit=unit) for code in codes),
    )
    table = Table(title=f"{what}, in {unit}", columns=columns, rows=tuple(rows))
    series = tuple(Series(name=code, points=tuple(points[code])) for code in codes)
    cited = dict.fromkeys(source for row in rows for source in row.sources)
    return table, Chart(
        title=f"{what}, by year",
        unit=unit,
        series=tuple(s for s in series if s.points),
        sources=tuple(cited),
    )


def prices_of_hospitals() -> list[Item]:
    """Who reports a price, the middle and the range, by code; labelled as what they are."""
    found = hospital_prices.hospitals()
    text = (
        f"{hospital_prices.COVERED} hospitals' published prices, hospital-level, facility and "
        f"professional mixed, not national benchmarks. Of them, {found} list at least one of "
        f"these codes. A price is no promise of coverage. Amounts near one dollar "
        f"look like placeholders. A hospital counts once in a median: with its lowest figure, "
        f"or its highest for the highest negotiated."
    )
    rows = []
    for code in FAMILY_FIRST:
        for kind in hospital_prices.KINDS:
            spread = hospital_prices.spread(code, kind)
            if spread is not None:
                cells = (code, kind.name, spread.hospitals, spread.median)
                ends = (spread.low, spread.high)
                rows.append(Row(cells=(*cells, *ends), sources=(hospital_prices.SOURCE,)))
    columns = (
        Column(name="Code"),
        Column(name="Price"),
        Column(name="Hospitals", unit="count"),
        Column(name="Median", unit="dollars"),
        Column(name="Lowest", unit="dollars"),
        Column(name="Highest", unit="dollars"),
    )
    return [
        Statement(text=text, sources=(hospital_prices.SOURCE,)),
        Table(title="Published prices by code", columns=columns, rows=tuple(rows)),
    ]
