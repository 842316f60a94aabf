"""The publication as Markdown."""

from __future__ import annotations

import re

from cpt77092.brief import Brief, Statement, Table
from cpt77092.reports.policy_text import cited, is_address, shown_row, source_text
from cpt77092.reports.text import safe


def brief_markdown(brief: Brief) -> str:
    """The whole publication; charts are left out, as their figures stand in a table."""
    lines = [f"# {_plain(brief.title)}", "", f"{_plain(brief.subtitle)}, as of {brief.on}."]
    for section in brief.sections:
        lines += ["", f"## {_plain(section.title)}", ""]
        for item in section.items:
            if isinstance(item, Statement):
                about = f"**{_plain(item.about)}:** " if item.about else ""
                lines.append(f"- {about}{_plain(item.text)} {_numbers(brief, item)}")
            elif isinstance(item, Table):
                lines += ["", *_table(brief, item), ""]
    lines += ["", "## Sources", ""]
    for number, source in enumerate(brief.sources, start=1):
        address = f" {_address(source.url)}" if source.url else ""
        lines.append(f"{number}. {_plain(source_text(source))}{address}")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _table(brief: Brief, item: Table) -> list[str]:
    names = [*(column.name for column in item.columns), "Sources"]
    marks = ["---:" if column.unit else "---" for column in item.columns]
    lines = [f"### {_plain(item.title)}", "", _line(names), _line([*marks, "---"])]
    for row in item.rows:
        cells = [_plain(cell) for cell in shown_row(row, item.columns)]
        if row.is_current:
            cells = [f"**{cell}**" for cell in cells]
        lines.append(_line([*cells, _escaped(cited(brief, row.sources))]))
    return lines


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _numbers(brief: Brief, item: Statement) -> str:
    return _escaped(cited(brief, item.sources))


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


def _plain(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no line break."""
    return _escaped(safe(text))


def _address(url: str) -> str:
    """An address that Markdown may make a link of; any other is shown as text."""
    address = re.sub(r"[<>\s]", "", safe(url))
    return f"<{address}>" if is_address(address) else _escaped(address)
