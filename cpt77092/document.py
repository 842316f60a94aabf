"""A document as data: sections of statements, tables and charts, each with the sources it cites.

`brief` and `profile` compose documents; `reports.document` turns any of them into text, Markdown,
HTML or JSON. Nothing here knows how a page looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from cpt77092.frozen import frozen
from cpt77092.policies import Decision
from cpt77092.reference.sources import Source

if TYPE_CHECKING:
    import polars as pl

Cell = str | int | Decimal | date | Decision | None
"""What a table holds; None where there is nothing to show."""
Sources = tuple[Source, ...] | None
"""Who is cited. None says on purpose that nobody is: the figures of the user's own claims."""


@frozen
class _Cited:
    """What has to cite somebody, or to say that there is nobody to cite."""

    sources: Sources = field(kw_only=True)

    def __post_init__(self) -> None:
        if self.sources is not None and not self.sources:
            raise ValueError(f"without a source: {self!r}")


@frozen
class Statement(_Cited):
    """A sentence or two, and what they are about."""

    kind: ClassVar = "statement"
    text: str
    about: str = ""
    """A payer, or payer and code; empty where it holds for everybody."""


@frozen
class Column:
    """A column of a table."""

    name: str
    unit: str = ""
    """What its numbers count: `dollars`, `RVU`, `lines`; empty for words."""
    lead: str = ""
    """The words before its value where a row is written as a sentence: `since`."""


@frozen
class Row(_Cited):
    """One row of a table."""

    cells: tuple[Cell, ...]
    is_current: bool = False
    """In force on the day of the document, in a table that covers several years."""
    is_note: bool = False
    """A remark on the row above."""


def own(text: str, about: str = "") -> Statement:
    """A statement on the user's own claims, which has nobody to cite."""
    return Statement(text, about, sources=None)


def own_row(*cells: Cell, is_current: bool = False, is_note: bool = False) -> Row:
    """Figures of the user's own claims, which have nobody to cite."""
    return Row(cells, is_current, is_note, sources=None)


def words(*names: str) -> tuple[Column, ...]:
    """Columns of words."""
    return tuple(map(Column, names))


def numbers(*names: str, unit: str = "number") -> tuple[Column, ...]:
    """Columns of numbers, which count something."""
    return tuple(Column(name, unit) for name in names)


@frozen
class Table:
    """Rows under a title."""

    kind: ClassVar = "table"
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@frozen
class Point:
    """An amount and the days on which it holds."""

    first_day: date
    last_day: date | None
    amount: Decimal


@frozen
class Series:
    """One line of a step chart."""

    name: str
    points: tuple[Point, ...]


@frozen
class StepChart(_Cited):
    """Amounts over time; a table in the same section has every figure."""

    kind: ClassVar = "chart"
    title: str
    unit: str
    series: tuple[Series, ...]


@frozen
class Bar:
    """One bar: its label, its figure in words, and the lengths of its parts."""

    label: str
    text: str
    lengths: tuple[float, ...]
    """Empty where the figure is not known."""


@frozen(kw_only=True)
class BarChart:
    """Bars on one scale."""

    kind: ClassVar = "bars"
    title: str
    bars: tuple[Bar, ...]
    note: str = ""
    legend: tuple[str, ...] = ()
    """What the parts of a bar are, where there are several."""
    full: float = 0
    """The length of a whole bar; 0 for that of the longest."""

    @property
    def scale(self) -> float:
        """What a length is multiplied with for its share of a whole bar."""
        return 1 / (self.full or max((sum(bar.lengths) for bar in self.bars), default=0) or 1)


@frozen
class Section:
    """A heading, and what is under it in order."""

    kind: ClassVar = "section"
    key: str
    """Its address in the page."""
    title: str
    items: tuple[Item, ...]
    is_detail: bool = False
    """Folded in HTML, and left out of text and Markdown."""


Item = Statement | Table | StepChart | BarChart | Section


@frozen(kw_only=True)
class Document:
    """A title, an introduction and sections, as of a day."""

    title: str
    subtitle: str
    payer: str | None = None
    """The key of the policy that it is about, where it is about one."""
    on: date
    introduction: tuple[Statement, ...] = ()
    sections: tuple[Section, ...]
    is_one_page: bool = False
    """At a terminal its sources are listed by title alone, so that all of it stays in sight."""
    figures: Callable[[], dict[str, Any]] | None = None
    """What JSON holds in place of the pages: the figures that they were composed from."""
    lines: Callable[[], pl.DataFrame] | None = None
    """What CSV holds: the lines that it is about, where it has that format."""
    sources: tuple[Source, ...] = field(init=False)
    """Every source, each once, in the order of first mention, those of details last: number n is
    `sources[n - 1]`."""
    without_details: int = field(init=False)
    """How many of the sources are cited outside of details."""

    def __post_init__(self) -> None:
        items: tuple[Item, ...] = (*self.introduction, *self.sections)
        cited = dict.fromkeys(_sources(items, details=False))
        object.__setattr__(self, "without_details", len(cited))
        object.__setattr__(self, "sources", tuple(cited | dict.fromkeys(_sources(items))))

    def numbers(self, sources: Iterable[Source] | None) -> list[int]:
        """The numbers of some sources in the list of all."""
        return sorted(self.sources.index(source) + 1 for source in set(sources or ()))


def _sources(items: Iterable[Item], *, details: bool = True) -> Iterator[Source]:
    """The sources that some items cite, in order."""
    for item in items:
        if isinstance(item, Section):
            if details or not item.is_detail:
                yield from _sources(item.items, details=details)
        elif not isinstance(item, BarChart):
            for cited in item.rows if isinstance(item, Table) else (item,):
                yield from cited.sources or ()
