"""Codes of denials: claim adjustment reasons (CARC) and remarks (RARC), as X12 publishes the lists.

They are saved from the lists' pages as CSV, text or a workbook: in columns of their own, or after
the text, as in `Start: 01/01/1995 | Stop: 06/30/2007`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from cpt77092.cms_files.layout import Extract, Layout, NewTable, Options, Record, Sheet
from cpt77092.reference.code_list import CARCS, RARCS, ListedCode, code_list_text

_RARC = re.compile(r"(?:M|MA|N)\d{1,4}")
_CARC = re.compile(r"\d{1,3}|[A-LO-Z]\d{1,2}")
_LEAST = 200
"""Each list has more codes than this, with those that were stopped."""
_DATE = r"(\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d\d-\d\d)"
_DATES = re.compile(rf"[|\s]*\b(Start|Last Modified|Stop):\s*{_DATE}")


def _read(sheets: Sequence[Sheet], options: Options) -> Extract:
    (sheet,) = sheets
    listed: dict[str, ListedCode] = {}
    for one in _listed(sheet):
        if one.code in listed:
            raise sheet.contradiction(f"two rows of {one.code}")
        listed[one.code] = one
    is_remark = sum(bool(_RARC.fullmatch(code)) for code in listed) > len(listed) / 2
    form, name, beginning = (_RARC, "RARC", RARCS) if is_remark else (_CARC, "CARC", CARCS)
    if other := [code for code in listed if not form.fullmatch(code)]:
        raise sheet.refused(f"{other[0]} is no {name}, as most of its codes are")
    if len(listed) < _LEAST:
        raise sheet.refused(
            f"it has {len(listed)} codes; the complete list of {name}s has {_LEAST} or more"
        )
    first, _ = sheet.period_of(_stated(sheet), options)
    stopped = sum(one.last_day is not None and one.last_day < first for one in listed.values())
    title = f"X12 {name} list, {first}"
    table = NewTable(
        name=f"{beginning}{first}.txt",
        text=code_list_text(listed.values(), first, None, sheet.cited(title)),
        summary=f"{len(listed):,} codes, {stopped:,} of them stopped",
    )
    return sheet.extract(title, (first, None), tables=(table,))


def _stated(sheet: Sheet) -> dict[str, date | None]:
    """The day of the list, in its title or its name."""
    title = re.search(rf"(?i)(?:updated|as of|version):?\s*{_DATE}", sheet.titles)
    name = re.search(r"(20\d\d)-?([01]\d)-?([0-3]\d)", sheet.file.name)
    return {
        "its title": _day(title[1]) if title else None,
        "its name": _day("-".join(name.groups())) if name else None,
    }


def _listed(sheet: Sheet) -> Iterator[ListedCode]:
    for record in sheet.records():
        # A workbook has numbers.
        if _has_code(record):
            code = record["code"].removesuffix(".0").upper()
            dates = _dates(sheet, code, record)
            text = " ".join(_DATES.sub("", record["text"]).split())
            yield ListedCode(code, dates["Start"], dates["Stop"], text)


def _has_code(record: Record) -> bool:
    code = record["code"].removesuffix(".0").upper()
    return bool(_RARC.fullmatch(code) or _CARC.fullmatch(code))


def _dates(sheet: Sheet, code: str, record: Record) -> dict[str, date | None]:
    cells = {match[1]: match[2] for match in _DATES.finditer(record["text"])}
    cells |= {
        name: cell
        for name, column in (("Start", "started"), ("Stop", "stopped"))
        if (cell := record.get(column, ""))
    }
    try:
        return {name: _day(cells[name]) if name in cells else None for name in ("Start", "Stop")}
    except ValueError:
        raise sheet.refused(f"a date of {code} cannot be read; expected MM/DD/YYYY") from None


def _day(cell: str) -> date:
    if "/" in cell:
        return datetime.strptime(cell, "%m/%d/%Y").date()  # noqa: DTZ007
    return date.fromisoformat(cell[:10])


LAYOUT = Layout(
    key="denial-codes",
    title="the CARC or RARC list of X12",
    columns={
        "code": "((CARC|RARC|REASON|REMARK|ADJUSTMENT) )?CODE",
        "text": "((CARC|RARC|REASON|REMARK|CODE) )?(DESCRIPTION|TEXT|MESSAGE)",
    },
    optional={
        "started": "(START|EFFECTIVE)( DATE)?",
        "stopped": "(STOP|END|TERMINATION|DEACTIVATION)( DATE)?",
    },
    url="https://x12.org/codes",
    read=_read,
    is_row=_has_code,
)
