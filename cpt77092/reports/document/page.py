"""The publication in the form that was asked for, on standard output or in a file."""

from __future__ import annotations

import sys

from cpt77092.brief import Brief
from cpt77092.choices import BriefFormat, Color
from cpt77092.reports.console import as_text, make_console
from cpt77092.reports.document.html import brief_html
from cpt77092.reports.document.json import brief_record
from cpt77092.reports.document.markdown import brief_markdown
from cpt77092.reports.document.text import show_brief
from cpt77092.reports.files import write_text
from cpt77092.reports.reference_pages import as_json


def print_brief(brief: Brief, form: BriefFormat, color: Color) -> None:
    """Print it; text is as wide as the terminal."""
    if form is BriefFormat.TEXT:
        show_brief(make_console(color), brief)
    else:
        sys.stdout.write(_text(brief, form))


def write_brief(name: str, brief: Brief, form: BriefFormat) -> None:
    """Write it to a file that only its owner can read."""
    write_text(name, _text(brief, form))


def _text(brief: Brief, form: BriefFormat) -> str:
    if form is BriefFormat.HTML:
        return brief_html(brief)
    if form is BriefFormat.MARKDOWN:
        return brief_markdown(brief) + "\n"
    if form is BriefFormat.JSON:
        return as_json(brief_record(brief)) + "\n"
    return as_text(lambda console: show_brief(console, brief))
