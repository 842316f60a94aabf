"""A document at a terminal: statements as lines, tables, and bars for charts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from cpt77092.document import Bar, BarChart, Document, Item, Section, Statement, StepChart, Table
from cpt77092.reference.sources import Confidence, Source
from cpt77092.reports.console import as_text
from cpt77092.reports.document.cells import amount_text, citation, row_texts, source_text
from cpt77092.text import safe

_FULL, _LATER_PART = "█", "▒"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_WIDEST_BAR = 40
_GAP = 2
_SOURCES = 9
_ABOVE = (1, 0, 0, 0)
"""A blank line before a title."""


def render(document: Document) -> str:
    """What `show` prints, as the text of a file."""
    return as_text(lambda console: show(console, document))


def show(console: Console, document: Document) -> None:
    """Print a document without its details, its sources numbered at the end."""
    console.print(Text(safe(document.title), style="bold"))
    console.print(Text(safe(document.subtitle)))
    _show_items(console, document, (*document.introduction, *document.sections), "bold underline")
    cited = document.sources[: document.without_details]
    if cited:
        console.print()
        console.print(Text("Sources", style="bold underline"))
    if document.is_one_page:
        _show_titles(console, cited)
    else:
        _show_sources(console, cited)


def _show_titles(console: Console, sources: Sequence[Source]) -> None:
    """Sources by title, one after the other; those that nobody read directly are marked."""
    by_title: dict[str, list[str]] = {}
    for number, source in enumerate(sources, start=1):
        is_read = source.confidence is Confidence.PRIMARY
        title = source.title if is_read else f"{source.title} ({source.confidence})"
        by_title.setdefault(safe(title), []).append(str(number))
    texts = (f"[{', '.join(numbers)}] {title}" for title, numbers in by_title.items())
    _print(console, Text("; ".join(texts), style="dim"))


def _show_sources(console: Console, sources: Sequence[Source]) -> None:
    """Each source with its place, and its address on a line of its own."""
    for number, source in enumerate(sources, start=1):
        _print(console, Text(f"[{number}] {safe(source_text(source))}"))
        if source.url:
            console.print(Padding(Text(safe(source.url), style="dim"), (0, 0, 0, 6)))


def _print(console: Console, renderable: RenderableType) -> None:
    console.print(Padding(renderable, (0, 0, 0, 2), expand=False))


def _show_items(console: Console, document: Document, items: Iterable[Item], heading: str) -> None:
    for item in items:
        if isinstance(item, Section):
            if not item.is_detail:
                console.print()
                console.print(Text(safe(item.title), style=heading))
                _show_items(console, document, item.items, "bold")
        elif isinstance(item, Statement):
            _show_statement(console, document, item)
        elif isinstance(item, Table):
            is_figures = any(column.unit for column in item.columns)
            (_show_grid if is_figures else _show_sentences)(console, document, item)
        else:
            _show_chart(console, document, item)


def _show_statement(console: Console, document: Document, item: Statement) -> None:
    line = Text.assemble((f"{safe(item.about)}: " if item.about else "", "bold"), safe(item.text))
    line.append(f" {citation(document, item.sources)}".rstrip(), style="dim")
    if item.about:
        _show_point(console, line)
    else:
        _print(console, line)


def _show_point(console: Console, line: Text) -> None:
    """A line with a dash before it, its further lines indented."""
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_row("-", line)
    _print(console, grid)


def _show_grid(console: Console, document: Document, table: Table) -> None:
    _print(console, Padding(Text(safe(table.title), style="italic"), _ABOVE))
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    texts = [[safe(text) for text in row_texts(row, table.columns)] for row in table.rows]
    for column, width in zip(table.columns, _word_widths(console, table, texts), strict=True):
        justify: Literal["left", "right"] = "right" if column.unit else "left"
        grid.add_column(Text(column.name), justify=justify, overflow="fold", min_width=width)
    is_cited = any(row.sources for row in table.rows)
    if is_cited:
        grid.add_column("Sources", overflow="fold")
    for row, cells in zip(table.rows, texts, strict=True):
        cited = [Text(citation(document, row.sources), style="dim")] if is_cited else []
        style = "dim" if row.is_note else "bold" if row.is_current else None
        grid.add_row(*map(Text, cells), *cited, style=style)
    _print(console, grid)


def _word_widths(console: Console, table: Table, texts: list[list[str]]) -> list[int | None]:
    """How wide each column of a table must be to keep its words whole, if all fit the console."""
    columns = zip(*([column.name for column in table.columns], *texts), strict=True)
    widths = [
        max(cell_len(word) for text in column for word in text.split() or [""])
        for column in columns
    ]
    fits = sum(widths) + _GAP * len(widths) + _SOURCES <= console.width
    return [width if fits else None for width in widths]


def _show_sentences(console: Console, document: Document, table: Table) -> None:
    """A table of words as one sentence a row, since columns of words do not fit a terminal."""
    _print(console, Padding(Text(safe(table.title), style="italic"), _ABOVE))
    for row in table.rows:
        first, *others = [safe(text) for text in row_texts(row, table.columns)]
        phrases = [
            f"{column.lead} {text}".strip()
            for column, text in zip(table.columns[1:], others, strict=True)
            if text not in {"-", first}
        ]
        line = Text.assemble(
            (f"{table.columns[0].lead} {first}".strip(), "bold"),
            f": {'; '.join(phrases)}",
            (f" {citation(document, row.sources)}".rstrip(), "dim"),
        )
        _show_point(console, line)


def _show_chart(console: Console, document: Document, chart: StepChart | BarChart) -> None:
    title = Text(safe(chart.title), style="italic")
    if isinstance(chart, BarChart):
        _print(console, Padding(title, _ABOVE))
        marks = (_FULL, _LATER_PART)
        legend = [f"{marks[part > 0]} {name}" for part, name in enumerate(chart.legend)]
        if note := ". ".join(filter(None, (safe(chart.note), ", ".join(legend)))):
            _print(console, Text(note, style="dim"))
        _show_bars(console, chart.bars, chart.scale)
        return
    title.append(f" {citation(document, chart.sources)}", style="dim")
    _print(console, Padding(title, _ABOVE))
    amounts = [point.amount for series in chart.series for point in series.points]
    for series in chart.series:
        _print(console, Text(safe(series.name), style="bold"))
        bars = []
        for point in series.points:
            amount = amount_text(point.amount, chart.unit)
            bars.append(Bar(f"from {point.first_day}", amount, (float(point.amount),)))
        _show_bars(console, bars, 1 / float(max(amounts) or 1))


def _show_bars(console: Console, bars: Sequence[Bar], scale: float) -> None:
    """Bars on one scale, each between its label and its figure."""
    widest = max(10, min(_WIDEST_BAR, console.width // 4))
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_column(max_width=max(10, console.width // 3), overflow="fold")
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for bar in bars:
        parts = [_bar(length * scale * widest, part) for part, length in enumerate(bar.lengths)]
        grid.add_row(Text(safe(bar.label)), Text("".join(parts)), Text(safe(bar.text)))
    _print(console, grid)


def _bar(length: float, part: int) -> str:
    if part:
        return _LATER_PART * round(length)
    eighths = round(length * 8)
    return _FULL * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
