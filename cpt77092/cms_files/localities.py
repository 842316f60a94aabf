"""Geographic practice cost indices (GPCI): how costs of a locality differ from the nation's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from cpt77092.cms_files.layout import (
    ZIP_OF_FEES,
    Extract,
    Layout,
    NewTable,
    Options,
    Record,
    Sheet,
    stated_day,
)
from cpt77092.policies.national_tables import FEE_SCHEDULE
from cpt77092.reference.localities import LOCALITIES, Locality, localities_text
from cpt77092.reference.sources import Source

_LEAST, _MOST = Decimal("0.1"), Decimal(4)
"""Indices are between these; 1 is the nation's average."""


def _read(sheets: Sequence[Sheet], options: Options) -> Extract:
    (sheet,) = sheets
    first, last = _period(sheet, options)
    source = Source(title=f"CMS GPCI {first.year}", at=sheet.file.label, sha256=sheet.file.sha256)
    listed = list(_localities(sheet, first, last, source))
    if not listed:
        raise sheet.refused("it has no row of a locality")
    if len({(one.key, one.first_day) for one in listed}) != len(listed):
        raise sheet.contradiction("two rows of one locality")
    table = NewTable(
        name=f"{LOCALITIES}{first}.txt",
        text=localities_text(listed, source),
        summary=f"{len({one.key for one in listed})} localities; --locality takes the fees of one, "
        f"by number ({listed[0].key}) or name",
    )
    return sheet.extract(source.title, (first, last), tables=(table,))


def _period(sheet: Sheet, options: Options) -> tuple[date, date]:
    years = {
        "its title": re.search(r"(?:CY|FINAL) ?(20\d\d)", sheet.titles.upper()),
        "its name": re.search(r"GPCI(20\d\d)", sheet.file.name.upper()),
    }
    outer = stated_day(ZIP_OF_FEES, sheet.file.outer)
    stated = {
        what: date(int(match[1]), outer.month if outer else 1, 1) if match else None
        for what, match in years.items()
    }
    return sheet.period_of({**stated, "the zip's name": outer}, options)


def _localities(sheet: Sheet, first: date, last: date, source: Source) -> Iterator[Locality]:
    records = list(sheet.records())
    rows = [one for one in records if re.fullmatch(r"\d{4,5}(\.0)?", one["contractor"])]
    notes = " ".join(one["contractor"] for one in records if one not in rows)
    has_both = any(one.get("work_without_floor") for one in rows)
    floor_ends = _floor_ends(sheet, notes) if has_both else last
    for record in rows:
        key = f"{record['contractor'][:5].zfill(5)}-{record['number'].split('.')[0].zfill(2)}"
        name = record["name"].strip("* ")
        floor = _indices(sheet, record, "work")
        if first <= floor_ends:
            yield Locality(key, name, first, min(floor_ends, last), floor, source)
        if floor_ends < last:
            after = max(first, floor_ends + timedelta(days=1))
            plain = _indices(sheet, record, "work_without_floor")
            yield Locality(key, name, after, last, plain, source)


def _floor_ends(sheet: Sheet, notes: str) -> date:
    """The last day of the 1.0 floor of the work GPCI, by the file's own note."""
    match = re.search(r"floor.*?\b([A-Z][a-z]+ \d{1,2}, 20\d\d)", notes)
    if match is None:
        raise sheet.refused(
            "it has work GPCIs with and without the 1.0 floor, and no note on the last day of the "
            "floor"
        )
    return datetime.strptime(match[1], "%B %d, %Y").date()  # noqa: DTZ007


def _indices(sheet: Sheet, record: Record, work: str) -> tuple[Decimal, Decimal, Decimal]:
    expense, malpractice = record["practice_expense"], record["malpractice"]
    try:
        indices = (Decimal(record[work]), Decimal(expense), Decimal(malpractice))
    except InvalidOperation:
        raise sheet.refused(f"a GPCI of {record['name']} is not a number") from None
    if not all(_LEAST <= index <= _MOST for index in indices):
        raise sheet.refused(f"a GPCI of {record['name']} is not between {_LEAST} and {_MOST}")
    return indices


LAYOUT = Layout(
    key="localities",
    title="GPCI, the cost indices of localities",
    columns={
        "contractor": "MEDICARE ADMINISTRATIVE CONTRACTOR( MAC)?|MAC|CARRIER",
        "number": "LOCALITY( NUMBER)?",
        "name": "LOCALITY NAME",
        "work": r"(20\d\d )?P?W(ORK)? GPCI( WITH 1\.0 FLOOR)?( ?\*+)?",
        "practice_expense": r"(20\d\d )?PE GPCI( ?\*+)?",
        "malpractice": r"(20\d\d )?MP GPCI( ?\*+)?",
    },
    url=FEE_SCHEDULE,
    optional={"work_without_floor": r"(20\d\d )?P?W(ORK)? GPCI WITHOUT 1\.0 FLOOR( ?\*+)?"},
    read=_read,
)
