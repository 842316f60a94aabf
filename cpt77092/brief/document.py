"""The publication as a document: sections, statements, tables and charts, each with its sources.

It knows nothing of how a page looks: see `reports`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from cpt77092.policies import Decision
from cpt77092.reference.sources import Source

Cell = str | int | Decimal | date | Decision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence or two, whose it is, and who says so."""

    text: str
    sources: tuple[Source, ...]
    about: str = ""
    """A payer, or payer and code; empty where it holds for everybody."""

    def __post_init__(self) -> None:
        if not self.sources:
            raise ValueError(f"a statement without a source: {self.text!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table."""

    name: str
    unit: str = ""
    """What its numbers count: `dollars`, `RVU`; empty for words."""
    lead: str = ""
    """The words before its value where a row is told as a sentence: `since`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row, and who says so."""

    cells: tuple[Cell, ...]
    sources: tuple[Source, ...]
    is_current: bool = False
    """In force on the day of the publication, where the table runs over several years."""

    def __post_init__(self) -> None:
        if not self.sources:
            raise ValueError(f"a row without a source: {self.cells!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a title."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """An amount and the days on which it holds."""

    first_day: date
    last_day: date | None
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of a chart."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Amounts over time; the table that it draws stands beside it."""

    title: str
    unit: str
    series: tuple[Series, ...]
    sources: tuple[Source, ...]


Item = Statement | Table | Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and what stands under it, in order."""

    key: str
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The publication for all payers or for one, as of a day."""

    title: str
    subtitle: str
    payer: str | None
    on: date
    sections: tuple[Section, ...]
    sources: tuple[Source, ...] = field(init=False)
    """Every source, each once, in the order of first mention: number n is `sources[n - 1]`."""

    def __post_init__(self) -> None:
        cited: dict[Source, None] = {}
        for section in self.sections:
            for item in section.items:
                rows: Sequence[Row | Item] = item.rows if isinstance(item, Table) else [item]
                for row in rows:
                    if not isinstance(row, Table):
                        cited |= dict.fromkeys(row.sources)
        object.__setattr__(self, "sources", tuple(cited))

    def numbers(self, sources: Iterable[Source]) -> list[int]:
        """The numbers of some sources in the list of all."""
        return sorted(self.sources.index(source) + 1 for source in set(sources))
