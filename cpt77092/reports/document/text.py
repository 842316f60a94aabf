"""The publication at a terminal: statements as lines, tables, and bars for amounts over time."""

from __future__ import annotations

from typing import Literal

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from cpt77092.brief import Brief, Chart, Statement, Table
from cpt77092.reports.policy_text import cited, shown_row, source_text
from cpt77092.reports.text import dollars, safe

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_WIDEST_BAR = 40


def show_brief(console: Console, brief: Brief) -> None:
    """Print the whole publication, its sources numbered at the end."""
    console.print(Text(brief.title, style="bold"))
    console.print(Text(f"{safe(brief.subtitle)}, as of {brief.on}"))
    for section in brief.sections:
        console.print()
        console.print(Text(section.title, style="bold underline"))
        for item in section.items:
            if isinstance(item, Statement):
                _statement(console, brief, item)
            elif isinstance(item, Table):
                is_figures = any(column.unit for column in item.columns)
                (_table if is_figures else _rows)(console, brief, item)
            else:
                _bars(console, brief, item)
    console.print()
    console.print(Text("Sources", style="bold underline"))
    for number, source in enumerate(brief.sources, start=1):
        line = Text(f"[{number}] {safe(source_text(source))}")
        console.print(Padding(line, (0, 0, 0, 2)))
        if source.url:
            console.print(Padding(Text(safe(source.url), style="dim"), (0, 0, 0, 6)))


def _statement(console: Console, brief: Brief, item: Statement) -> None:
    line = Text()
    if item.about:
        line.append(f"{safe(item.about)}: ", style="bold")
    line.append(safe(item.text))
    line.append(f" {cited(brief, item.sources)}", style="dim")
    if item.about:
        _point(console, line)
    else:
        console.print(Padding(line, (0, 0, 0, 2)))


def _point(console: Console, line: Text) -> None:
    """A line with a dash before it, its further lines indented."""
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_row("-", line)
    console.print(Padding(grid, (0, 0, 0, 2)))


def _table(console: Console, brief: Brief, item: Table) -> None:
    grid = Grid(
        title=Text(safe(item.title)), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for column in item.columns:
        justify: Literal["left", "right"] = "right" if column.unit else "left"
        grid.add_column(Text(column.name), justify=justify, overflow="fold")
    grid.add_column("Sources", overflow="fold")
    for row in item.rows:
        cells = [Text(safe(cell)) for cell in shown_row(row, item.columns)]
        source = Text(cited(brief, row.sources), style="dim")
        grid.add_row(*cells, source, style="bold" if row.is_current else None)
    console.print(Padding(grid, (1, 0, 0, 2)))


def _rows(console: Console, brief: Brief, item: Table) -> None:
    """A table of words as one sentence a row, since columns of words do not fit a terminal."""
    console.print(Padding(Text(safe(item.title), style="italic"), (1, 0, 0, 2)))
    for row in item.rows:
        first, *others = [safe(cell) for cell in shown_row(row, item.columns)]
        told = [
            f"{column.lead} {cell}".strip()
            for column, cell in zip(item.columns[1:], others, strict=True)
            if cell not in {"-", first}
        ]
        line = Text.assemble(
            (f"{item.columns[0].lead} {first}".strip(), "bold"),
            f": {'; '.join(told)}",
            (f" {cited(brief, row.sources)}", "dim"),
        )
        _point(console, line)


def _bars(console: Console, brief: Brief, item: Chart) -> None:
    """Bars on one scale, so that the series compare with each other."""
    title = Text(safe(item.title))
    title.append(f" {cited(brief, item.sources)}", style="dim")
    console.print(Padding(title, (0, 0, 0, 2)))
    widest = max(10, min(_WIDEST_BAR, console.width - 36))
    highest = max(point.amount for series in item.series for point in series.points)
    for series in item.series:
        console.print(Padding(Text(series.name, style="bold"), (0, 0, 0, 2)))
        for point in series.points:
            amount = dollars(point.amount) if item.unit == "dollars" else str(point.amount)
            bar = _bar(float(point.amount / highest) * widest if highest else 0)
            line = f"from {point.first_day}  {bar} {amount}"
            console.print(Padding(Text(line), (0, 0, 0, 4)))


def _bar(length: float) -> str:
    eighths = round(length * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
