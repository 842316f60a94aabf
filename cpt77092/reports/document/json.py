"""The publication as plain values; sources are numbers into its list of them, from 1."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from cpt77092.brief import Brief, Chart, Statement, Table
from cpt77092.brief.document import Cell, Item
from cpt77092.policies import Decision
from cpt77092.reports.policy_text import plain, source_record


def brief_record(brief: Brief) -> dict[str, Any]:
    """The whole publication; amounts are text, so that no cent is lost."""
    return {
        "title": brief.title,
        "subtitle": brief.subtitle,
        "payer": brief.payer,
        "on": brief.on.isoformat(),
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "items": [_item(brief, item) for item in section.items],
            }
            for section in brief.sections
        ],
        "sources": [
            {"number": number} | (source_record(source) or {})
            for number, source in enumerate(brief.sources, start=1)
        ],
    }


def _item(brief: Brief, item: Item) -> dict[str, Any]:
    if isinstance(item, Statement):
        return {
            "kind": "statement",
            "about": item.about or None,
            "text": item.text,
            "sources": brief.numbers(item.sources),
        }
    if isinstance(item, Table):
        return _table(brief, item)
    return _chart(brief, item)


def _table(brief: Brief, item: Table) -> dict[str, Any]:
    return {
        "kind": "table",
        "title": item.title,
        "columns": [{"name": column.name, "unit": column.unit or None} for column in item.columns],
        "rows": [
            {
                "cells": [_cell(cell) for cell in row.cells],
                "is_current": row.is_current,
                "sources": brief.numbers(row.sources),
            }
            for row in item.rows
        ],
    }


def _chart(brief: Brief, item: Chart) -> dict[str, Any]:
    return {
        "kind": "chart",
        "title": item.title,
        "unit": item.unit,
        "sources": brief.numbers(item.sources),
        "series": [
            {
                "name": series.name,
                "points": [
                    {
                        "first_day": point.first_day.isoformat(),
                        "last_day": point.last_day.isoformat() if point.last_day else None,
                        "amount": str(point.amount),
                    }
                    for point in series.points
                ],
            }
            for series in item.series
        ],
    }


def _cell(cell: Cell) -> Any:
    if isinstance(cell, Decision):
        return {"status": cell.status.value, "value": plain(cell.value)}
    if isinstance(cell, Decimal):
        return str(cell)
    return cell.isoformat() if isinstance(cell, date) else cell
