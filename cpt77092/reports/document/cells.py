"""Cells, sources and citations of a document as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import groupby

from cpt77092.document import Cell, Column, Document, Row
from cpt77092.policies import Decision
from cpt77092.policies.value_text import value_with_unit
from cpt77092.reference.sources import Source
from cpt77092.text import dollars


def row_texts(row: Row, columns: Iterable[Column]) -> list[str]:
    """All cells of a row."""
    return [_cell_text(cell, column) for cell, column in zip(row.cells, columns, strict=True)]


def _cell_text(cell: Cell, column: Column) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, Decision):
        return value_with_unit(cell)
    if isinstance(cell, Decimal):
        return amount_text(cell, column.unit)
    if isinstance(cell, int):
        return f"{cell:,}"
    return cell.isoformat() if isinstance(cell, date) else cell


def amount_text(amount: Decimal, unit: str) -> str:
    """`$10.02`, `38%`, and `0.30` of another unit."""
    if unit == "percent":
        return f"{amount:f}%"
    return dollars(amount) if unit == "dollars" else f"{amount:f}"


def source_text(source: Source) -> str:
    """A source in one line, its address left out."""
    retrieved = f", retrieved {source.retrieved}" if source.retrieved else ""
    return f"{source.short()} ({source.confidence}{retrieved})"


def number_runs(document: Document, sources: Iterable[Source] | None) -> list[tuple[int, int]]:
    """The numbers of some sources, those that follow each other as first and last."""
    runs = []
    numbers = enumerate(document.numbers(sources))
    for _, run in groupby(numbers, key=lambda place: place[1] - place[0]):
        consecutive = [number for _, number in run]
        runs.append((consecutive[0], consecutive[-1]))
    return runs


def citation(document: Document, sources: Iterable[Source] | None) -> str:
    """The numbers of some sources, as `[2-4, 7]`; blank where nobody is cited."""
    runs = number_runs(document, sources)
    texts = (str(first) if first == last else f"{first}-{last}" for first, last in runs)
    return f"[{', '.join(texts)}]" if runs else ""
