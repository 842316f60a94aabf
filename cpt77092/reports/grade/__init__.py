"""Grades on standard output and in files: a document in any of its forms, or the lines as CSV."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from cpt77092.choices import Color, DocumentFormat, GradeFormat
from cpt77092.document import Document
from cpt77092.grading import Graded, graded_lines
from cpt77092.reports.document import RENDERERS, print_document
from cpt77092.reports.files import write_each
from cpt77092.text import inert


def print_grades(document: Document, graded: Graded, form: GradeFormat, color: Color) -> None:
    """Print grades; text is as wide as the terminal."""
    if form is GradeFormat.CSV:
        sys.stdout.write(lines_csv(graded))
    else:
        print_document(document, DocumentFormat(form), color)


def write_grades(
    document: Document, graded: Graded, outputs: Iterable[tuple[str, GradeFormat]]
) -> None:
    """Write grades to files that only their owner can read: every one that can be written.

    Raises:
        OutputError: some cannot be written; a sentence for each.
    """

    def text(form: GradeFormat) -> str:
        is_csv = form is GradeFormat.CSV
        return lines_csv(graded) if is_csv else RENDERERS[DocumentFormat(form)](document)

    write_each(outputs, text)


def lines_csv(graded: Graded) -> str:
    """Every checked line with its prediction and its answer."""
    return inert(graded_lines(graded)).write_csv()
