"""A document as one self-contained HTML file; every text is escaped by Jinja2."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from cpt77092.document import Bar, BarChart, Document, Series, StepChart
from cpt77092.reports.document.cells import amount_text, number_runs, row_texts, source_text
from cpt77092.reports.jinja import environment

WIDTH, HEIGHT = 760, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 118, 14, 34
_LABEL_GAP = 15.0
_LETTER = 8.2
"""Width of a letter of a label."""
_MOST_MONTHS = 6
_LONG = 550
"""Days of a chart that has a tick for each year."""
_STYLES = 4
"""Colors and dashes of the style sheet; a fifth series begins again with the first."""


def render(document: Document) -> str:
    """The page, with its style and drawings inside, and no script."""
    page = environment().get_template("document.html")
    return page.render(
        document=document,
        number_runs=number_runs,
        row_texts=row_texts,
        amount_text=amount_text,
        source_text=source_text,
        draw=draw,
        bar_parts=bar_parts,
    )


def bar_parts(chart: BarChart, bar: Bar) -> list[tuple[float, float]]:
    """Start and width of each part of a bar, in hundredths of a whole one."""
    starts = [sum(bar.lengths[:part]) for part in range(len(bar.lengths))]
    return [
        (round(100 * start * chart.scale, 2), round(100 * length * chart.scale, 2))
        for start, length in zip(starts, bar.lengths, strict=True)
    ]


def draw(chart: StepChart) -> dict[str, Any]:
    """Steps over time, since an amount holds from a day until the next; all coordinates."""
    points = [point for series in chart.series for point in series.points]
    first = min(point.first_day for point in points)
    last = max(point.last_day or point.first_day + timedelta(days=365) for point in points)
    ticks = _ticks(max(point.amount for point in points))
    span, top = max((last - first).days, 1), float(ticks[-1]) or 1.0

    right = _label_width(chart)

    def x(day: date) -> float:
        return round(_LEFT + (WIDTH - _LEFT - right) * (day - first).days / span, 1)

    def y(amount: Decimal) -> float:
        return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * float(amount) / top, 1)

    def path(series: Series) -> str:
        parts: list[str] = []
        for point in series.points:
            begin, end = x(point.first_day), x(point.last_day or last)
            parts.append(f"{'L' if parts else 'M'}{begin},{y(point.amount)} H{end}")
        return " ".join(parts)

    heights = _spread([y(series.points[-1].amount) for series in chart.series])
    labelled = enumerate(zip(chart.series, heights, strict=True))
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": _LEFT,
        "right": WIDTH - right,
        "bottom": HEIGHT - _BOTTOM,
        "description": _description(chart),
        "lines": [
            {"series": series, "style": number % _STYLES, "path": path(series), "label_y": height}
            for number, (series, height) in labelled
        ],
        "x_ticks": [(x(day), label) for day, label in _time_ticks(first, last)],
        "y_ticks": [(y(tick), amount_text(tick, chart.unit)) for tick in ticks],
    }


def _label_width(chart: StepChart) -> int:
    """Room for the longest label at the end of a line."""
    labels = (
        f"{series.name} {amount_text(series.points[-1].amount, chart.unit)}"
        for series in chart.series
    )
    return min(max(_RIGHT, round(_LETTER * max(map(len, labels))) + 12), WIDTH // 3)


def _time_ticks(first: date, last: date) -> list[tuple[date, str]]:
    """New years; of a year and a half or less, some first days of months."""
    new_years = [date(year, 1, 1) for year in range(first.year, last.year + 1)]
    years = [(day, str(day.year)) for day in new_years if first <= day < last]
    if (last - first).days > _LONG:
        return years
    months = [date(day.year, month, 1) for day in new_years for month in range(1, 13)]
    months = [day for day in months if first <= day < last]
    every = -(-len(months) // _MOST_MONTHS)
    return [(day, f"{day:%b %Y}") for day in months[:: every or 1]]


def _ticks(highest: Decimal) -> list[Decimal]:
    """Round amounts from nothing to just over the highest, about five of them."""
    steps = (Decimal(digits).scaleb(power) for power in range(-3, 7) for digits in (1, 2, 5))
    step = next((step for step in steps if highest <= step * 5), highest)
    return [step * n for n in range(6) if n == 0 or step * (n - 1) < highest]


def _spread(heights: list[float]) -> list[float]:
    """Label heights in the same order, moved apart where they would overlap."""
    placed: dict[int, float] = {}
    lowest = float(HEIGHT)
    for number in sorted(range(len(heights)), key=lambda n: -heights[n]):
        lowest = placed[number] = min(heights[number], lowest - _LABEL_GAP)
    return [round(placed[number], 1) for number in range(len(heights))]


def _description(chart: StepChart) -> str:
    """The drawing in words, for those who cannot see it."""
    paths = (
        f"{series.name} goes from {amount_text(begin.amount, chart.unit)} ({begin.first_day}) "
        f"to {amount_text(end.amount, chart.unit)} ({end.first_day})"
        for series in chart.series
        for begin, end in [(series.points[0], series.points[-1])]
    )
    return f"{'; '.join(paths)}. The table next to the drawing has every figure."
