"""The place-of-service code set: the table of its page at CMS as CSV, text or a workbook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from cpt77092.cms_files.layout import Extract, Layout, NewTable, Options, Sheet
from cpt77092.reference.code_list import PLACES, ListedCode, code_list_text
from cpt77092.reference.codes import assigned_places

_DATE = r"\b([A-Z][a-z]+ \d{1,2}, 20\d\d)\b"


def _read(sheets: Sequence[Sheet], options: Options) -> Extract:
    (sheet,) = sheets
    first, _ = sheet.period_of({"its title": _updated(sheet)}, options)
    listed = {one.code: one for one in _listed(sheet)}
    before = assigned_places()
    if len(before & set(listed)) < len(before) / 2:
        raise sheet.refused(
            f"it has {len(before & set(listed))} of {len(before)} codes of 2024; save the complete "
            f"table"
        )
    title = f"CMS place-of-service code set, {first}"
    added, gone = (" ".join(sorted(one)) for one in (set(listed) - before, before - set(listed)))
    table = NewTable(
        name=f"{PLACES}{first}.txt",
        text=code_list_text(listed.values(), first, None, sheet.cited(title)),
        summary=f"{len(listed)} codes; new since 2024: {added or 'none'}; "
        f"unassigned now: {gone or 'none'}",
    )
    return sheet.extract(title, (first, None), tables=(table,))


def _updated(sheet: Sheet) -> date | None:
    """The day in the page's title: `(updated May 2, 2024)`."""
    match = re.search(rf"(?i:updated|effective|as of):? {_DATE}", sheet.titles)
    return datetime.strptime(match[1], "%B %d, %Y").date() if match else None  # noqa: DTZ007


def _listed(sheet: Sheet) -> Iterator[ListedCode]:
    for record in sheet.records():
        codes, name = record["code"], record["name"]
        if name.lower().startswith("unassigned") or not codes:
            continue
        # A workbook has 1 for 01.
        match = re.fullmatch(r"(\d{1,2})(?:\.0)?", codes)
        if match is None:
            if re.match(r"\d", codes):
                raise sheet.refused(f"{codes!r} ({name}) is not a two-digit code")
            continue
        yield ListedCode(match[1].zfill(2))


LAYOUT = Layout(
    key="places",
    title="the place-of-service code set",
    columns={
        "code": "(PLACE OF SERVICE|POS) CODE(S| S)?",
        "name": "(PLACE OF SERVICE|POS) NAME",
    },
    url="https://www.cms.gov/medicare/coding-billing/place-of-service-codes/code-sets",
    read=_read,
)
