"""Medically unlikely edits, the table of practitioner services: unit limits per day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from cpt77092.cms_files.layout import (
    NCCI,
    Extract,
    Layout,
    NewValue,
    Options,
    Record,
    Sheet,
    period_of,
    quarter_day,
)
from cpt77092.reference.codes import CHECKED


def _read(sheets: Sequence[Sheet], options: Options) -> Extract:
    (sheet,) = sheets
    if "MCD" in sheet.file.name.upper() or "MEDICAID" in sheet.file.label.upper():
        raise sheet.refused("it is Medicaid's table; get the Medicare one from CMS")
    first, last = _period(sheet, options)
    by_code: dict[str, Record] = {}
    number = 0
    for record in sheet.records():
        number += bool(re.fullmatch("[0-9A-Z]{5}", record["code"]))
        if record["code"] in CHECKED:
            if by_code.setdefault(record["code"], record) != record:
                raise sheet.contradiction(f"two rows of {record['code']}")
            if not re.match(r"[123]\b", record["indicator"]) or not record["units"].isdigit():
                raise sheet.refused(
                    f"{record['code']} has units {record['units']!r} and indicator "
                    f"{record['indicator']!r}; expected a whole number, and 1, 2 or 3"
                )
    if not by_code:
        raise sheet.refused(f"it has no row of {', '.join(sorted(CHECKED))}")
    return Extract(
        layout=LAYOUT.key,
        title=f"CMS NCCI medically unlikely edits, practitioner, {first:%B} {first.year}",
        at=f"MUE and MAI; {sheet.file.label}",
        url=NCCI,
        sha256=sheet.file.sha256,
        first_day=first,
        last_day=last,
        values=tuple(
            value for code in sorted(CHECKED) for value in _values(code, by_code.get(code), first)
        ),
    )


def _period(sheet: Sheet, options: Options) -> tuple[date, date]:
    name = re.search(r"EFF[_ -]*(\d\d)-(\d\d)-(20\d\d)", sheet.file.name.upper())
    outer = re.search(r"(20\d\d)-?Q([1-4])", sheet.file.outer.upper())
    stated = {
        "its name": date(int(name[3]), int(name[1]), int(name[2])) if name else None,
        "the zip's name": quarter_day(int(outer[1]), int(outer[2])) if outer else None,
    }
    return period_of(sheet, stated, options, months=3)


def _values(code: str, record: Record | None, first: date) -> list[NewValue]:
    names = ("max_units_per_day", "mue_adjudication_indicator")
    if record is None:
        note = "no MUE is published"
        return [NewValue(code=code, parameter=n, first_day=first, note=note) for n in names]
    cells = (record["units"], record["indicator"][0])
    note = f"rationale: {record['rationale']}" if record["rationale"] else ""
    return [
        NewValue(code=code, parameter=name, first_day=first, value=cell, note=note)
        for name, cell in zip(names, cells, strict=True)
    ]


LAYOUT = Layout(
    key="mue",
    title="Practitioner Services MUE Table",
    columns={
        "code": "HCPCS ?CPT CODE",
        "units": "PRACTITIONER SERVICES MUE VALUES?",
        "indicator": "MUE ADJUDICATION INDICATOR",
        "rationale": "MUE RATIONALE",
    },
    read=_read,
)
