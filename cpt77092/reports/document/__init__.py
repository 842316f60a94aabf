"""Any document as text, Markdown, HTML, JSON or CSV, on standard output or in files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping

from cpt77092.choices import Color, DocumentFormat, GradeFormat
from cpt77092.document import Document
from cpt77092.errors import OutputError
from cpt77092.reports.console import make_console
from cpt77092.reports.document import html, json, markdown, text
from cpt77092.reports.files import failures, write_text
from cpt77092.text import inert


def _csv(document: Document) -> str:
    return "" if document.lines is None else inert(document.lines()).write_csv()


RENDERERS: Mapping[str, Callable[[Document], str]] = {
    DocumentFormat.TEXT: text.render,
    DocumentFormat.MARKDOWN: markdown.render,
    DocumentFormat.HTML: html.render,
    DocumentFormat.JSON: json.render,
    GradeFormat.CSV: _csv,
}


def print_document(document: Document, form: str, color: Color) -> None:
    """Print a document; text is as wide as the terminal."""
    if form == DocumentFormat.TEXT:
        text.show(make_console(color), document)
    else:
        sys.stdout.write(RENDERERS[form](document))


def write_document(document: Document, outputs: Iterable[tuple[str, str]]) -> None:
    """Write a document to files that only their owner can read: every one that can be written.

    Raises:
        OutputError: some cannot be written; a sentence for each.
    """
    failed = [
        problem
        for name, form in outputs
        for problem in failures(write_text, name, RENDERERS[form](document))
    ]
    if failed:
        raise OutputError(*failed)
