"""What a layout is: the columns by which a file is recognized, and what is taken from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from datetime import date
from itertools import islice
from typing import Any

from cpt77092.cms_files.opened import HEAD_ROWS, CmsFile
from cpt77092.errors import UsageError
from cpt77092.frozen import frozen

_HEADER_ROWS = 4
"""CMS stacks the words of a header in up to so many rows above its last one."""

ZIP_OF_NCCI = r"(?P<year>20\d\d)-?Q(?P<quarter>[1-4])"
"""How the names of zips of unit limits and code pairs say the quarter."""
ZIP_OF_FEES = r"(?<!PPR)RVU(?P<year>\d\d)(?P<letter>[A-D])"
"""How the names of zips of relative values and cost indices say it."""
_QUARTERS = {"JAN": 1, "APR": 2, "JUL": 3, "OCT": 4}
Record = dict[str, str]
"""One row: its cells by our names of the columns."""


@frozen(kw_only=True)
class Options:
    """What the user says about the files."""

    first_day: date | None = None
    """First day that the file holds, where neither it nor its name says so."""
    is_qualifying_participant: bool = False
    """Take the fees of qualifying APM participants."""


@frozen(kw_only=True)
class NewValue:
    """One dated value of a code, as policy files write it."""

    code: str
    parameter: str
    first_day: date
    value: Any = None
    """None where the file withdraws the value."""
    note: str = ""
    only_changes: bool = False
    """Whether it is written only where it differs from what is in force."""
    revise: Callable[[tuple[str, ...]], list[str]] | None = None
    """Makes the value from the list in force, where the file decides on some members alone."""


@frozen(kw_only=True)
class NewTable:
    """A list or table that is no value of a code, for the folder of tables."""

    name: str
    text: str
    summary: str
    """What it has and how that differs from the list before."""


@frozen(kw_only=True)
class Extract:
    """What was taken from one file, or from the parts of one."""

    layout: str
    """The layout's key."""
    title: str
    at: str
    url: str
    sha256: str
    first_day: date
    last_day: date | None
    """The last day of the period that the file is published for; None where it is for none."""
    values: tuple[NewValue, ...] = ()
    tables: tuple[NewTable, ...] = ()
    is_history: bool = False
    """Whether its values are all there ever were, and replace those of an earlier file."""
    notes: tuple[str, ...] = ()


@frozen(kw_only=True)
class Sheet:
    """A file of a known layout."""

    file: CmsFile
    titles: str
    """The text above the header."""
    layout: Layout
    records: Callable[[], Iterator[Record]]
    """Its rows below the header."""

    def cited(self, title: str) -> str:
        """The source of a list, as its head names it (`reference.code_list.source_of`)."""
        return f"{title}; {self.file.label}, sha256 {self.file.sha256}"

    def extract(
        self,
        title: str,
        period: tuple[date, date | None],
        *,
        at: str = "",
        values: Iterable[NewValue] = (),
        tables: tuple[NewTable, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> Extract:
        """What was taken from it."""
        return Extract(
            layout=self.layout.key,
            title=title,
            at=at or self.file.label,
            url=self.layout.url,
            sha256=self.file.sha256,
            first_day=period[0],
            last_day=period[1],
            values=tuple(values),
            tables=tables,
            notes=notes,
        )

    def day(self, cell: str, of: str) -> date:
        """The day in a cell.

        Raises:
            UsageError: it is none.
        """
        try:
            return date.fromisoformat(cell[:10].replace("-", ""))
        except ValueError:
            raise self.refused(f"{cell!r} of {of} is no date; expected YYYYMMDD") from None

    def period(self, options: Options) -> tuple[date, date]:
        """The first and last day of its period, by what its layout says of its title and names."""
        texts = {
            "its title": self.titles,
            "its name": self.file.name,
            "the zip's name": self.file.outer,
        }
        stated = {
            what: stated_day(pattern, texts[what]) for what, pattern in self.layout.states.items()
        }
        return self.period_of(stated, options)

    def period_of(self, stated: Mapping[str, date | None], options: Options) -> tuple[date, date]:
        """The first and last day of the period that it is published for.

        Args:
            stated: the first day as each of its witnesses has it; None where one is silent.
            options: the user's own word, which decides where all are silent.

        Raises:
            UsageError: two witnesses contradict each other, or all are silent.
        """
        days = {what: day for what, day in stated.items() if day is not None}
        if len(set(days.values())) > 1:
            raise self.contradiction("; ".join(f"{what} says {day}" for what, day in days.items()))
        first = next(iter(days.values()), options.first_day)
        if first is None:
            raise self.refused(
                "neither it nor its name has the first day that it holds; keep the name that it "
                "has at CMS, or add --from YYYY-MM-DD"
            )
        last = last_of_period(first, self.layout.months)
        if options.first_day is not None:
            if not first <= options.first_day <= last:
                raise self.contradiction(f"--from {options.first_day} is not in {first} to {last}")
            first = options.first_day
        return first, last

    def contradiction(self, what: str) -> UsageError:
        """Why the file is not imported: it says two things."""
        return UsageError(f"{self.file.label}: not imported, since it contradicts itself: {what}")

    def refused(self, why: str) -> UsageError:
        """Why the file is not imported."""
        return UsageError(f"{self.file.label}: not imported: {why}")


@frozen(kw_only=True)
class Layout:
    """A kind of file that CMS or NCHS publishes."""

    key: str
    title: str
    """How CMS names it."""
    columns: Mapping[str, str]
    """Our name of each needed column to a pattern of its header, in capitals without marks."""
    url: str
    """The page that has the file."""
    read: Callable[[Sequence[Sheet], Options], Extract]
    """Takes what concerns our codes; of a table in several files it is given all."""
    months: int = 12
    """How many months the file is published for, at the end of a calendar quarter or year."""
    states: Mapping[str, str] = field(default_factory=dict)
    """Where the first day is stated (`its title`, `its name`, `the zip's name`), to its pattern."""
    skip: Callable[[Sheet, Options], str] = lambda _sheet, _options: ""
    """Why a file is not the one that is wanted of several; blank where it is."""
    fixed: Callable[[str], Record | None] | None = None
    """Cuts a line of the same table with columns of fixed width; None for no such line."""
    group: Callable[[Sheet], str] = lambda sheet: sheet.file.sha256
    """What the files of one table share, where CMS cuts it into several."""
    optional: Mapping[str, str] = field(default_factory=dict)
    """Columns that only some years have."""
    is_row: Callable[[Record], bool] = lambda _record: True
    """Whether a row is of the layout, where its columns have names that many files have."""

    def sheet(self, file: CmsFile) -> Sheet | None:
        """The file as one of this layout; None where it is of another."""
        if self.fixed is not None and (sheet := self._fixed_sheet(file, self.fixed)):
            return sheet
        header = self._header(file.head) if self.columns else None
        if header is None or self.missing(header.names):
            return None
        places = {
            name: place
            for name, pattern in {**self.columns, **self.optional}.items()
            if (place := _place(pattern, header.names)) is not None
        }

        def records() -> Iterator[Record]:
            for row in islice(file.cells(), header.row + 1, None):
                cells = [cell.strip() for cell in row]
                yield {
                    name: cells[place] if place < len(cells) else ""
                    for name, place in places.items()
                }

        first = list(islice(records(), HEAD_ROWS))
        if 2 * sum(map(self.is_row, first)) < len(first):
            return None
        titles = "\n".join(" ".join(row) for row in file.head[: header.row])
        return Sheet(file=file, titles=titles, layout=self, records=records)

    def missing(self, names: Sequence[str]) -> list[str]:
        """The needed columns that some headers lack."""
        return [name for name, one in self.columns.items() if _place(one, names) is None]

    def nearest(self, file: CmsFile) -> tuple[int, list[str]]:
        """How many of the needed columns a file has at most, and those that it lacks then."""
        header = self._header(file.head)
        missing = self.missing(header.names if header else [])
        return len(self.columns) - len(missing), missing

    def _header(self, head: Sequence[Sequence[str]]) -> _Header | None:
        """The row, with those above that belong to it, which has the most of the columns."""
        headers = [
            _Header(row, _joined(head[max(0, row - depth) : row + 1]))
            for row in range(len(head))
            for depth in range(_HEADER_ROWS + 1)
        ]
        return min(headers, key=lambda one: len(self.missing(one.names)), default=None)

    def _fixed_sheet(self, file: CmsFile, cut: Callable[[str], Record | None]) -> Sheet | None:
        head = file.head_lines()
        at = [number for number, line in enumerate(head) if cut(line.rstrip("\r\n"))]
        if len(at) < 2 or len(at) < (len(head) - at[0]) / 2:
            return None

        def records() -> Iterator[Record]:
            for line in file.lines():
                record = cut(line.rstrip("\r\n"))
                if record is not None:
                    yield record

        return Sheet(file=file, titles="".join(head[: at[0]]), layout=self, records=records)


@frozen
class _Header:
    row: int
    names: list[str]


def _joined(rows: Sequence[Sequence[str]]) -> list[str]:
    """The words over each column, from the top down, in capitals without marks."""
    width = max(map(len, rows), default=0)
    columns = [[row[n] if n < len(row) else "" for row in rows] for n in range(width)]
    return [" ".join(re.findall(r"[A-Z0-9.*=]+", " ".join(one).upper())) for one in columns]


def _place(pattern: str, names: Sequence[str]) -> int | None:
    return next((n for n, name in enumerate(names) if re.fullmatch(pattern, name)), None)


def last_of_period(day: date, months: int) -> date:
    """The last day of the calendar quarter, or year, of a day."""
    month = (day.month - 1) // months * months + months
    following = date(day.year + month // 12, month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)


def stated_day(pattern: str, text: str) -> date | None:
    """The first day of the quarter that a title or name states; None where it states none.

    Args:
        pattern: with the group `year` and, as the text has it, one of `month` (JUL), `quarter` (3)
            and `letter` (C); or `month` and `day` as numbers.
        text: in any letters.
    """
    match = re.search(pattern, text.upper())
    if match is None:
        return None
    parts = match.groupdict()
    year = 2000 + int(parts["year"][-2:])
    if "day" in parts:
        with suppress(ValueError):  # no such day
            return date(year, int(parts["month"]), int(parts["day"]))
        return None
    for name, marks in (("quarter", "1234"), ("letter", "ABCD")):
        if name in parts:
            return quarter_day(year, marks.index(parts[name]) + 1)
    quarter = _QUARTERS.get(parts["month"])
    return quarter_day(year, quarter) if quarter else None


def quarter_day(year: int, quarter: int) -> date:
    """The first day of a calendar quarter, 1 to 4."""
    return date(year, 3 * quarter - 2, 1)
