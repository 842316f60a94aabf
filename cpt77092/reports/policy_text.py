"""What a policy decided, as a person reads it and as JSON has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from enum import Enum
from itertools import groupby
from typing import Any

from cpt77092.brief.document import Brief, Cell, Column, Row
from cpt77092.policies import PARAMETERS, Decision, Status
from cpt77092.policies.parameters import ByPart, Pair
from cpt77092.reference.sources import Source
from cpt77092.reports.text import dollars
from cpt77092.rule import Rule


def value_text(made: Decision) -> str:
    """A decision's value as a person reads it, or why there is none."""
    if made.status is Status.ENDED:
        return f"ended on {made.first_day}"
    if made.status is Status.NOT_YET:
        return f"none on file before {made.first_day}"
    if made.status is Status.NOT_AVAILABLE:
        return "not available"
    value = plain(made.value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_member(member) for member in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items())
    return str(value).replace("_", " ")


def measured(made: Decision) -> str:
    """The same with the unit that its number counts: `1 unit`, `23 full calendar months`."""
    unit = PARAMETERS[made.parameter].unit if made.status is Status.VALUE else ""
    if made.value == 1:
        unit = unit.removesuffix("s")
    return f"{value_text(made)} {unit}".rstrip()


def _member(member: Any) -> str:
    if isinstance(member, list):
        return " with ".join(member)
    if isinstance(member, dict):
        bypass = "may be bypassed" if member["bypass"] else "no bypass"
        return f"{member['with']} ({member['denied']} denied, {bypass})"
    return str(member)


def plain(value: Any) -> Any:
    """A policy value as JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Pair):
        return {"with": value.with_, "denied": value.denied, "bypass": value.bypass}
    if isinstance(value, ByPart):
        return {key: str(part) for key, part in asdict(value).items() if part is not None}
    if isinstance(value, tuple):
        return [plain(member) for member in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def source_record(source: Source | None) -> dict[str, str | None] | None:
    """A source as JSON has it; what is not known of it is null."""
    if source is None:
        return None
    return {
        "title": source.title,
        "at": source.at or None,
        "url": source.url or None,
        "retrieved": source.retrieved or None,
        "confidence": source.confidence.value,
    }


def shown(cell: Cell, column: Column) -> str:
    """A cell of the publication as a person reads it."""
    if cell is None:
        return "-"
    if isinstance(cell, Decision):
        return measured(cell)
    if isinstance(cell, Decimal) and column.unit == "dollars":
        return dollars(cell)
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def shown_row(row: Row, columns: Iterable[Column]) -> list[str]:
    """All cells of a row."""
    return [shown(cell, column) for cell, column in zip(row.cells, columns, strict=True)]


def cited(brief: Brief, sources: Iterable[Source]) -> str:
    """The numbers of some sources, as `[2-4, 7]`."""
    numbers = brief.numbers(sources)
    runs = []
    for _, run in groupby(enumerate(numbers), key=lambda place: place[1] - place[0]):
        first, *more = [number for _, number in run]
        runs.append(f"{first}-{more[-1]}" if more else str(first))
    return f"[{', '.join(runs)}]"


def source_text(source: Source) -> str:
    """A source in one line, its address left out."""
    read = f", read {source.retrieved}" if source.retrieved else ""
    return f"{source.short()} ({source.confidence}{read})"


def is_address(url: str) -> bool:
    """Only addresses of the web become links: `javascript:` is one too."""
    return url.startswith(("https://", "http://"))


def denials(rule: Rule, between: str, *before: str) -> str:
    """The denials that a rule predicts: `CO 96 N130 or CO 55 N130`, blank for none."""
    codes = [filter(None, (*before, denial.carc, denial.rarc)) for denial in rule.denials]
    return " or ".join(between.join(parts) for parts in codes)
