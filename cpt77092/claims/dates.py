"""Dates as claim files write them.

03/04/2025 is March 4 where some date of the column can only be month first (03/25/2025), and
April 3 where none can and two different ones can only be day first (25/03/2025); a single such date
may be a typing error, and is unreadable. Where no date shows the order both readings are possible:
the column is read month first, since these are US claims, and `day_first` is the other reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

import polars as pl

from cpt77092.frozen import frozen

# Each form with the format that reads it. A format alone would read 2026032 as a date.
DATE_FORMS = (
    (r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$", "%Y-%m-%d"),
    (r"^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}$", "%m/%d/%Y"),
    (r"^[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}$", "%m/%d/%y"),
    (r"^[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}$", "%Y/%m/%d"),
    (r"^[0-9]{8}$", "%Y%m%d"),
    (r"^[0-9]{1,2}-[A-Za-z]{3}-[0-9]{4}$", "%d-%b-%Y"),
    (r"^[0-9]{1,2}-[A-Za-z]{3}-[0-9]{2}$", "%d-%b-%y"),
    (r"^[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}$", "%m-%d-%Y"),
    (r"^[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,2}$", "%Y.%m.%d"),
)
# Z, UTC, -05:00, GMT-0500, America/New_York, Eastern Standard Time; its full name may follow.
_ZONE = (
    r" ?(?:[A-Z]{1,5})?(?: ?[+-][0-9]{2}(?::?[0-9]{2})?)?"
    r"(?: [A-Z][A-Za-z]+(?:/[A-Za-z_]+)+|(?: [A-Z][a-z]+){1,3} Time| ?[\[(][A-Za-z_/ ]+[\])])?"
)
_TIME_OF_DAY = (
    r"(?:T| |: ?|, ?)[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
    rf"(?: ?[AaPp]\.?[Mm]\.?)?{_ZONE}$"
)
# 20260302.0 as a table program writes a number, 20260302T000000Z, and 2026-03-02Z of XML.
_ENDS_OF_DAYS = r"^([0-9]{8})(?:\.0+|T?[0-9]{6}Z?)$|^([0-9-]{10})(?:Z|[+-][0-9]{2}:[0-9]{2})$"
_WEEKDAY = r"(?i)^(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\.?,? +"
_MONTHS = (
    "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|"
    "Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
)
# Dates with the month in words, and which group is the day, the month and the year: `Mar 2, 2026`
# (`Mar  2 2026 12:00AM` from SQL Server), `2 March 2026` (`02MAR2026` from SAS), `2026-Mar-02`.
_NAMED = {
    rf"(?i)^({_MONTHS})\.?[ -]+([0-9]{{1,2}}),?[ -]+([0-9]{{4}})$": (2, 1, 3),
    rf"(?i)^([0-9]{{1,2}})[ -]*({_MONTHS})\.?,?[ -]*([0-9]{{4}}|[0-9]{{2}})$": (1, 2, 3),
    rf"(?i)^([0-9]{{4}})[ -]*({_MONTHS})\.?[ -]*([0-9]{{1,2}})$": (3, 2, 1),
}
_MORE_THAN_A_DAY = r"[^0-9/-]|[0-9]{9}"
"""Without it a cell has no time, zone, weekday or month in words."""
_EITHER = r"^([0-9]{1,2})([/-])([0-9]{1,2})([/-])([0-9]{4}|[0-9]{2})$"
_WITHOUT_MARKS = r"([0-9]{2})([0-9]{2})((?:19|20)[0-9]{2})"
"""03042025, which cannot have the year first: no month is 19 or 20."""
# A cell with such a date: a weekday and marks of a spreadsheet may stand before it, a time behind.
_BEFORE = r"^\W*(?:[A-Za-z]{3,9}\.?,? +)?"
_MARKED = r"[0-9]{1,2}[/-][0-9]{1,2}[/-](?:[0-9]{4}|[0-9]{2})"
_WITH_EITHER = rf"{_BEFORE}({_MARKED}|{_WITHOUT_MARKS})(?:\D.*)?$"
_NUMBERS_OF_EITHER = rf"{_BEFORE}([0-9]{{1,2}})[/-]?([0-9]{{1,2}})"


class Order(Enum):
    """How a column writes dates like `03/04/2025`."""

    MONTH_FIRST = "month first"
    DAY_FIRST = "day first"
    UNKNOWN = "either"
    NONE = "no such date"

    @property
    def is_open(self) -> bool:
        """Whether one more date can change it."""
        return self in (Order.UNKNOWN, Order.DAY_FIRST)


@frozen
class Evidence:
    """What some cells of a column show of the order of month and day."""

    is_ambiguous: bool = False
    """Some date can be read in two ways."""
    is_month_first: bool = False
    """Some date can only be month first."""
    day_first: frozenset[str] = frozenset()
    """Dates that can only be day first: the least and the greatest of them."""

    @property
    def order(self) -> Order:
        """The order that they show."""
        if self.is_month_first:
            return Order.MONTH_FIRST
        if self.day_first:
            return Order.DAY_FIRST
        return Order.UNKNOWN if self.is_ambiguous else Order.NONE

    @property
    def is_firm(self) -> bool:
        """Whether the order stands against other columns: a single date may be a slip."""
        return self.is_month_first or len(self.day_first) > 1

    @property
    def is_open(self) -> bool:
        """Whether one more date can change the order."""
        return self.order.is_open

    @classmethod
    def of(cls, cells: pl.Series) -> Evidence:
        """What these cells show."""
        if not cells.str.contains(_WITH_EITHER).any():  # as in most files
            return cls()
        return cls.read(cells.to_frame("cell").select(shown_by(pl.col("cell"))).item())

    @classmethod
    def read(cls, shown: dict[str, Any]) -> Evidence:
        """What a value of `shown_by` says."""
        least, greatest = shown["least"], shown["greatest"]
        day_first = frozenset({least, greatest} - {None})
        return cls(bool(shown["is_ambiguous"]), bool(shown["is_month_first"]), day_first)

    @classmethod
    def total(cls, parts: Iterable[Evidence]) -> Evidence:
        """What some cells and others show together."""
        every = list(parts)
        return cls(
            any(one.is_ambiguous for one in every),
            any(one.is_month_first for one in every),
            frozenset().union(*(one.day_first for one in every)),
        )


def shown_by(cells: pl.Expr) -> pl.Expr:
    """What text cells show of the order, as one struct, for `Evidence.read`."""
    cells = cells.filter(cells.str.contains(_WITH_EITHER))  # in most files none
    first, second = (
        cells.str.extract(_NUMBERS_OF_EITHER, group).cast(pl.Int32) for group in (1, 2)
    )
    is_first_month, is_second_month = first.is_between(1, 12), second.is_between(1, 12)
    only_day_first = is_second_month & first.is_between(13, 31)
    day_first = cells.filter(only_day_first).str.extract(_WITH_EITHER, 1)
    return pl.struct(
        is_ambiguous=(is_first_month & is_second_month & (first != second)).any(),
        is_month_first=(is_first_month & second.is_between(13, 31)).any(),
        least=day_first.min(),
        greatest=day_first.max(),
    )


def read_dates(
    text: pl.Series, *, century: int | None = None, order: Order | None = None
) -> pl.Series:
    """Dates of text cells, null where one cannot be read.

    Args:
        text: the cells of one column.
        century: of two-digit years; without it they are in 1970-2069.
        order: of month and day; without it that which the cells show.
    """
    # A batch has few different dates on many lines: each different cell is read once.
    distinct = text.unique()
    trimmed = _trimmed(distinct)
    if (order or Evidence.of(trimmed).order) is Order.DAY_FIRST:
        trimmed = trimmed.str.replace(_EITHER, "$3$2$1$4$5")
    cell = pl.col("cell")
    readings = []
    for form, reads in _forms_of(trimmed):
        fitting = pl.when(cell.str.contains(form)).then(cell)
        if "%y" in reads and century is not None:
            full = fitting.str.replace(r"([0-9]{2})$", f"{century // 100}$1")
            readings.append(full.str.to_date(reads.replace("%y", "%Y"), strict=False))
        readings.append(fitting.str.to_date(reads, strict=False, exact=True))
    none = pl.lit(None, pl.Date)
    value = trimmed.alias("cell").to_frame().select(pl.coalesce(*readings, none)).to_series()
    return text.replace_strict(distinct, value, default=None, return_dtype=pl.Date)


def _forms_of(cells: pl.Series) -> Iterator[tuple[str, str]]:
    """The forms that some cells have: no cell has two, and most columns have one."""
    left = cells.filter(cells != "")
    for form, reads in DATE_FORMS:
        if left.is_empty():
            return
        fits = left.str.contains(form)
        if fits.any():
            yield form, reads
            left = left.filter(~fits)


ORDER_NOTES = {
    Order.UNKNOWN: "no row shows whether dates like 03/04/2025 are month or day first; they are "
    "shown month first, both were tried, and a rule that depends on it is not checked",
    Order.DAY_FIRST: "dates like 03/04/2025 are read day first, as some cells can only be",
}
"""How ambiguous dates of a column are read, where its cells do not show the US order."""


def _trimmed(cells: pl.Series) -> pl.Series:
    """The days that text cells name, without time, zone and weekday, as `DATE_FORMS` have them."""
    days = cells.str.strip_chars()
    if not days.str.contains(_MORE_THAN_A_DAY).any():
        return _with_marks(days)
    days = (
        days.str.replace(_WEEKDAY, "")
        .str.replace(_ENDS_OF_DAYS, "$1$2")
        .str.replace(_TIME_OF_DAY, "")
    )
    named = [pl.format("{}-{}-{}", *_parts(form, groups)) for form, groups in _NAMED.items()]
    return _with_marks(days.to_frame("cell").select(pl.coalesce(*named, "cell")).to_series())


def _with_marks(days: pl.Series) -> pl.Series:
    return days.str.replace(f"^{_WITHOUT_MARKS}$", "$1/$2/$3")


def _parts(form: str, groups: tuple[int, int, int]) -> Iterator[pl.Expr]:
    """Day, first three letters of the month, and year."""
    for group, length in zip(groups, (2, 3, 4), strict=True):
        yield pl.col("cell").str.extract(form, group).str.head(length)
