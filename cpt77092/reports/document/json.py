"""A document as JSON; sources are numbers into its list of them, from 1, and amounts are text."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from cpt77092.document import Document
from cpt77092.policies import Decision
from cpt77092.policies.value_text import plain
from cpt77092.reports.reference_pages import as_json


def render(document: Document) -> str:
    """The figures that the document was composed from, or else the whole document."""
    figures = document.figures
    return as_json(record(document) if figures is None else figures()) + "\n"


def record(document: Document) -> dict[str, Any]:
    """The whole document as plain values, whose keys are the names of the fields."""
    names = ("title", "subtitle", "payer", "on", "introduction", "sections")
    return {name: _plain(document, getattr(document, name)) for name in names} | {
        "sources": [
            {"number": number, **source.record()}
            for number, source in enumerate(document.sources, start=1)
        ]
    }


def _plain(document: Document, value: Any) -> Any:
    if isinstance(value, Decision):
        return {"status": value.status.value, "value": plain(value.value)}
    if is_dataclass(value):
        record = {"kind": value.kind} if hasattr(value, "kind") else {}
        for field in fields(value):
            part = getattr(value, field.name)
            is_cited = field.name == "sources"
            record[field.name] = document.numbers(part) if is_cited else _plain(document, part)
        return record
    if isinstance(value, tuple):
        return [_plain(document, one) for one in value]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return None if value == "" else value
