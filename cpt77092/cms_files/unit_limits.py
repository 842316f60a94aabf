"""Medically unlikely edits, the table of practitioner services: unit limits per day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from cpt77092.cms_files.layout import (
    ZIP_OF_NCCI,
    Extract,
    Layout,
    NewValue,
    Options,
    Record,
    Sheet,
)
from cpt77092.policies.national_tables import NCCI
from cpt77092.reference.codes import CHECKED


def _read(sheets: Sequence[Sheet], options: Options) -> Extract:
    (sheet,) = sheets
    if "MCD" in sheet.file.name.upper() or "MEDICAID" in sheet.file.label.upper():
        raise sheet.refused("it is Medicaid's table; get the Medicare one from CMS")
    first, last = sheet.period(options)
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
    return sheet.extract(
        f"CMS NCCI medically unlikely edits, practitioner, {first:%B} {first.year}",
        (first, last),
        at=f"MUE and MAI; {sheet.file.label}",
        values=(
            value for code in sorted(CHECKED) for value in _values(code, by_code.get(code), first)
        ),
    )


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
    url=NCCI,
    states={
        "its name": r"EFF[_ -]*(?P<month>\d\d)-(?P<day>\d\d)-(?P<year>20\d\d)",
        "the zip's name": ZIP_OF_NCCI,
    },
    months=3,
    read=_read,
)
