"""A document as JSON; sources are numbers into its list of them, from 1, and amounts are text."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from cpt77092.document import BarChart, Cell, Document, Item, Section, Statement, Table
from cpt77092.policies import Decision
from cpt77092.policies.value_text import plain
from cpt77092.reports.reference_pages import as_json


def render(document: Document) -> str:
    """The figures that the document was composed from, or else the whole document."""
    figures = document.figures
    return as_json(record(document) if figures is None else figures()) + "\n"


def record(document: Document) -> dict[str, Any]:
    """The whole document as plain values."""
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "payer": document.payer,
        "on": document.on.isoformat(),
        "introduction": [_item(document, item) for item in document.introduction],
        "sections": [_section(document, section) for section in document.sections],
        "sources": [
            {"number": number, **source.record()}
            for number, source in enumerate(document.sources, start=1)
        ],
    }


def _section(document: Document, section: Section) -> dict[str, Any]:
    return {
        "key": section.key,
        "title": section.title,
        "items": [_item(document, item) for item in section.items],
    }


def _item(document: Document, item: Item) -> dict[str, Any]:
    if isinstance(item, Section):
        return {"kind": "section", **_section(document, item)}
    if isinstance(item, BarChart):
        return {"kind": "bars", **asdict(item)}
    if isinstance(item, Table):
        return _table(document, item)
    cited = {"sources": document.numbers(item.sources)}
    if isinstance(item, Statement):
        return {"kind": "statement", "about": item.about or None, "text": item.text, **cited}
    series = [
        {
            "name": series.name,
            "points": [
                {key: _cell(value) for key, value in asdict(point).items()}
                for point in series.points
            ],
        }
        for series in item.series
    ]
    return {"kind": "chart", "title": item.title, "unit": item.unit, **cited, "series": series}


def _table(document: Document, table: Table) -> dict[str, Any]:
    return {
        "kind": "table",
        "title": table.title,
        "columns": [{"name": column.name, "unit": column.unit or None} for column in table.columns],
        "rows": [
            {
                "cells": [_cell(cell) for cell in row.cells],
                "is_current": row.is_current,
                "sources": document.numbers(row.sources),
            }
            for row in table.rows
        ],
    }


def _cell(cell: Cell) -> Any:
    if isinstance(cell, Decision):
        return {"status": cell.status.value, "value": plain(cell.value)}
    if isinstance(cell, Decimal):
        return str(cell)
    return cell.isoformat() if isinstance(cell, date) else cell
