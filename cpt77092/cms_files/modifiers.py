"""The quarterly HCPCS file (ANWEB): its level II modifiers, with the days they were added or ended.

Its text has records of 320 characters; of a modifier, characters 4 and 5 are the code and character
11 is 7, or 8 where only the description goes on (CMS, HCPCS record layout 2024).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from cpt77092.cms_files.layout import (
    Extract,
    Layout,
    NewTable,
    Options,
    Record,
    Sheet,
    period_of,
    quarter_day,
)
from cpt77092.reference.code_list import MODIFIERS, ListedCode, code_list_text
from cpt77092.reference.codes import known_modifiers
from cpt77092.reference.modifiers import LEVEL_II

_FIRST_RECORD = "7"
_QUARTERS = {"JAN": 1, "APR": 2, "JUL": 3, "OCT": 4}
_LEAST_SHARE = 0.8
"""Of the shipped level II modifiers, how many a complete file has at least; some have ended."""


def _cut(line: str) -> Record | None:
    """A record of the text file; None for other lines."""
    if not re.match(r"[0-9A-Z ]{5}\d{5}[3478]", line):
        return None
    return {"code": line[:5].strip(), "record": line[10], "added": line[268:276].strip(),
            "ended": line[284:292].strip()}  # fmt: skip


def _read(sheets: Sequence[Sheet], options: Options) -> Extract:
    sheet = sheets[0]
    first, last = _period(sheet, options)
    listed = {one.code: one for one in _listed(sheet)}
    for other in sheets[1:]:
        if {one.code: one for one in _listed(other)} != listed:
            raise other.contradiction(f"its modifiers are not those of {sheet.file.name}")
    before = {code for code in known_modifiers() if re.fullmatch(LEVEL_II, code)}
    if len(before & set(listed)) < _LEAST_SHARE * len(before):
        raise sheet.refused(
            f"it has {len(before & set(listed)):,} of {len(before):,} HCPCS modifiers of 2024; "
            f"import the complete file"
        )
    valid = {one.code for one in listed.values() if one.last_day is None or one.last_day >= first}
    title = f"CMS HCPCS level II modifiers, {first:%B} {first.year}"
    source = f"{title}; {sheet.file.label}, sha256 {sheet.file.sha256}"
    return Extract(
        layout=LAYOUT.key,
        title=title,
        at=sheet.file.label,
        url="https://www.cms.gov/medicare/coding-billing/healthcare-common-procedure-system/"
        "quarterly-update",
        sha256=sheet.file.sha256,
        first_day=first,
        last_day=last,
        tables=(
            NewTable(
                name=f"{MODIFIERS}{first}.txt",
                text=code_list_text(listed.values(), first, last, source),
                summary=f"{len(valid):,} HCPCS modifiers; new since 2024: "
                f"{_names(valid - before)}; ended: {_names(before - valid)}",
            ),
        ),
        notes=("CPT modifiers are in no file of CMS; those of 2024 stay",),
    )


def _skip(sheet: Sheet, _: Options) -> str:
    """The zip also has the changes alone."""
    is_part = re.search("CORRECT|TRANS", sheet.file.name.upper())
    return "it has changes alone" if is_part else ""


def _group(sheet: Sheet) -> str:
    """The quarter, of which the zip has a text file and a workbook."""
    name = re.match(r"HCPC20\d\d_[A-Z]{3}", sheet.file.name.upper())
    return name[0] if name else sheet.file.sha256


def _names(codes: set[str]) -> str:
    return " ".join(sorted(codes)) or "none"


def _listed(sheet: Sheet) -> Iterator[ListedCode]:
    seen = set()
    for record in sheet.records():
        code = record["code"]
        if record["record"] != _FIRST_RECORD or not re.fullmatch(LEVEL_II, code):
            continue
        if code in seen:
            raise sheet.contradiction(f"two records of modifier {code}")
        seen.add(code)
        added, ended = (_day(sheet, code, record[name]) for name in ("added", "ended"))
        yield ListedCode(code, added, ended)


def _day(sheet: Sheet, code: str, cell: str) -> date | None:
    if not cell.strip("0"):
        return None
    try:
        return date.fromisoformat(cell[:10].replace("-", ""))
    except ValueError:
        raise sheet.refused(f"{cell!r} of modifier {code} is no date; expected YYYYMMDD") from None


def _period(sheet: Sheet, options: Options) -> tuple[date, date]:
    name = re.search(r"HCPC(20\d\d)_([A-Z]{3})", sheet.file.name.upper())
    outer = re.search(r"([A-Z]{3})[A-Z]*-(20\d\d)-ALPHA", sheet.file.outer.upper())
    stated = {
        "its name": _quarter(name[1], name[2]) if name else None,
        "the zip's name": _quarter(outer[2], outer[1]) if outer else None,
    }
    return period_of(sheet, stated, options, months=3)


def _quarter(year: str, month: str) -> date | None:
    quarter = _QUARTERS.get(month)
    return quarter_day(int(year), quarter) if quarter else None


LAYOUT = Layout(
    key="modifiers",
    title="the quarterly HCPCS file with its modifiers (HCPC20..._ANWEB)",
    columns={
        "code": "HCPC",
        "record": "RECID",
        "added": "ADD DT",
        "ended": "TERM DT",
    },
    read=_read,
    skip=_skip,
    fixed=_cut,
    group=_group,
)
