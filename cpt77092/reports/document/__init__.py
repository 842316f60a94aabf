"""Any document as text, Markdown, HTML or JSON, on standard output or in files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping

from cpt77092.choices import Color, DocumentFormat
from cpt77092.document import Document
from cpt77092.reports.console import make_console
from cpt77092.reports.document import html, json, markdown, text
from cpt77092.reports.files import write_each

RENDERERS: Mapping[DocumentFormat, Callable[[Document], str]] = {
    DocumentFormat.TEXT: text.render,
    DocumentFormat.MARKDOWN: markdown.render,
    DocumentFormat.HTML: html.render,
    DocumentFormat.JSON: json.render,
}


def print_document(document: Document, form: DocumentFormat, color: Color) -> None:
    """Print a document; text is as wide as the terminal."""
    if form is DocumentFormat.TEXT:
        text.show(make_console(color), document)
    else:
        sys.stdout.write(RENDERERS[form](document))


def write_document(document: Document, outputs: Iterable[tuple[str, DocumentFormat]]) -> None:
    """Write a document to files that only their owner can read: every one that can be written.

    Raises:
        OutputError: some cannot be written; a sentence for each.
    """
    write_each(outputs, lambda form: RENDERERS[form](document))
