"""A document as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cpt77092.document import BarChart, Document, Item, Section, Statement, Table
from cpt77092.reports.document.cells import citation, row_texts, source_text
from cpt77092.text import is_address, safe


def render(document: Document) -> str:
    """The document without its charts, whose figures are in tables, and without details."""
    lines = [f"# {_plain(document.title)}", "", f"{_plain(document.subtitle)}", ""]
    lines += _items(document, (*document.introduction, *document.sections), level=2)
    cited = document.sources[: document.without_details]
    if cited:
        lines += ["", "## Sources", ""]
    for number, source in enumerate(cited, start=1):
        address = f" {_address(source.url)}" if source.url else ""
        lines.append(f"{number}. {_plain(source_text(source))}{address}")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _items(document: Document, items: Iterable[Item], *, level: int) -> list[str]:
    lines: list[str] = []
    for item in items:
        if isinstance(item, Section) and not item.is_detail:
            lines += ["", f"{'#' * level} {_plain(item.title)}", ""]
            lines += _items(document, item.items, level=level + 1)
        elif isinstance(item, Statement):
            about = f"**{_plain(item.about)}:** " if item.about else ""
            cited = _escaped(citation(document, item.sources))
            lines.append(f"- {about}{_plain(item.text)} {cited}".rstrip())
        elif isinstance(item, BarChart):
            lines += ["", f"{'#' * level} {_plain(item.title)}", "", _plain(item.note), ""]
            lines += [f"- {_plain(bar.label)}: {_plain(bar.text)}" for bar in item.bars]
        elif isinstance(item, Table):
            lines += ["", *_table(document, item, level=level), ""]
    return lines


def _table(document: Document, table: Table, *, level: int) -> list[str]:
    is_cited = any(row.sources for row in table.rows)
    names = [*(column.name for column in table.columns), *(["Sources"] if is_cited else [])]
    marks = ["---:" if column.unit else "---" for column in table.columns]
    lines = [f"{'#' * level} {_plain(table.title)}", "", _line(names)]
    lines.append(_line([*marks, *(["---"] if is_cited else [])]))
    for row in table.rows:
        cells = [_plain(text) for text in row_texts(row, table.columns)]
        if row.is_current:
            cells = [f"**{cell}**" for cell in cells]
        cited = [_escaped(citation(document, row.sources))] if is_cited else []
        lines.append(_line([*cells, *cited]))
    return lines


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


def _plain(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no line break."""
    return _escaped(safe(text))


def _address(url: str) -> str:
    """An address that Markdown may make a link of; any other is shown as text."""
    address = re.sub(r"[<>\s]", "", safe(url))
    return f"<{address}>" if is_address(address) else _escaped(address)
