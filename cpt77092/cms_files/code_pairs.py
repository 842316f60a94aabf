"""Procedure-to-procedure edits of practitioners: codes not paid together, with all their dates."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property

from cpt77092.cms_files.layout import (
    ZIP_OF_NCCI,
    Extract,
    Layout,
    NewValue,
    Options,
    Sheet,
    quarter_day,
    stated_day,
)
from cpt77092.frozen import frozen
from cpt77092.policies.national_tables import NCCI
from cpt77092.reference.codes import CHECKED

_PARTS = frozenset("1234")
_SINCE = date(2022, 1, 1)
"""The first day of the TBS codes; what was in force before is of no use here."""
_FIRST_VERSION = 1994
"""The year before version 1: version 32 is of 2026."""
_NOT_APPLICABLE = "9"
"""The modifier indicator of a pair that was deleted on the day it began."""


@frozen(slots=False)
class _Edit:
    paid: str
    denied: str
    first_day: date
    last_day: date
    indicator: str

    @cached_property
    def key(self) -> str:
        """The code that a policy states it under: the denied one, if that is ours."""
        return self.denied if self.denied in CHECKED else self.paid

    def entry(self) -> dict[str, str]:
        """The pair as policy files write it."""
        other = self.paid if self.key == self.denied else self.denied
        bypass = "true" if self.indicator == "1" else "false"
        return {"with": other, "denied": self.denied, "bypass": bypass}


def _read(sheets: Sequence[Sheet], options: Options) -> Extract:
    versions = [_version(sheet) for sheet in sheets]
    sheet = sheets[0]
    if len({(year, quarter) for year, quarter, _ in versions}) > 1:
        raise sheet.contradiction("the parts are of several quarters; import one quarter at a time")
    absent = sorted(_PARTS - {part for *_, part in versions})
    if absent:
        parts = ", ".join(f"f{part}" for part in absent)
        raise sheet.refused(
            f"part {parts} of the table is missing, and pairs of our codes are in every part; "
            f"name all four files (f1 to f4)"
        )
    year, quarter, _ = versions[0]
    stated = {
        "its name": quarter_day(year, quarter),
        "the zip's name": stated_day(ZIP_OF_NCCI, sheet.file.outer),
    }
    first, last = sheet.period_of(stated, options)
    edits = [edit for one in sheets for edit in _edits(one, last)]
    if not edits:
        raise sheet.refused(f"it has no pair of {', '.join(sorted(CHECKED))}")
    names = ", ".join(sorted({one.file.name for one in sheets}))
    digests = "".join(sorted(one.file.sha256 for one in sheets))
    of_a_part = sheet.extract(
        f"CMS NCCI procedure-to-procedure edits, practitioner, {first:%B} {first.year}",
        (first, last),
        at=f"version {year - _FIRST_VERSION}.{quarter - 1}; {names}",
        values=(v for code in sorted(CHECKED) for v in _values(sheet, code, edits, last)),
    )
    sha256 = hashlib.sha256(digests.encode()).hexdigest()
    return replace(of_a_part, sha256=sha256, is_history=True)


def _version(sheet: Sheet) -> tuple[int, int, str]:
    """Year, quarter and part, which the name alone has: `ccipra-v322r0-f1` is July 2026, part 1."""
    name = sheet.file.name.lower()
    if "ccioph" in name or "hospital" in name:
        raise sheet.refused("it is the table of hospitals; get the practitioner one (ccipra)")
    if (match := re.search(r"v(\d\d)([0-3])r\d+.*f([1-4])", name)) is None:
        raise sheet.refused(
            "its name has no version and part; keep the name that it has at CMS, as in "
            "ccipra-v322r0-f1.txt"
        )
    return _FIRST_VERSION + int(match[1]), int(match[2]) + 1, match[3]


def _edits(sheet: Sheet, last: date) -> list[_Edit]:
    edits = []
    for record in sheet.records():
        ours = CHECKED & {record["paid"], record["denied"]}
        if not ours or record["indicator"] == _NOT_APPLICABLE:
            continue
        paid, denied, last_day = record["paid"], record["denied"], record["last_day"]
        pair = f"{paid} with {denied}"
        edit = _Edit(
            paid,
            denied,
            sheet.day(record["first_day"], pair),
            date.max if last_day in {"", "*"} else sheet.day(last_day, pair),
            record["indicator"],
        )
        if edit.indicator not in {"0", "1"}:
            raise sheet.refused(f"modifier indicator {edit.indicator!r}; expected 0, 1 or 9")
        if edit.first_day > last:
            raise sheet.contradiction(f"{pair} begins on {edit.first_day}, after its quarter")
        edits.append(edit)
    return edits


def _values(sheet: Sheet, code: str, edits: Sequence[_Edit], last: date) -> list[NewValue]:
    """The pairs under a code from each day on which they change."""
    ours = [edit for edit in edits if edit.key == code]
    begins = {max(edit.first_day, _SINCE) for edit in ours if edit.last_day >= _SINCE}
    ends = {edit.last_day + timedelta(days=1) for edit in ours if _SINCE <= edit.last_day < last}
    values: list[NewValue] = []
    for day in sorted({_SINCE} | begins | ends):
        pairs: dict[str, dict[str, str]] = {}
        for edit in ours:
            if edit.first_day <= day <= edit.last_day:
                entry = edit.entry()
                if pairs.setdefault(entry["with"], entry) != entry:
                    raise sheet.contradiction(f"two pairs of {edit.paid} with {edit.denied}")
        value = [pairs[other] for other in sorted(pairs)]
        if not values or values[-1].value != (value or None):
            values.append(
                NewValue(
                    code=code,
                    parameter="pairs",
                    first_day=day,
                    value=value or None,
                    note="" if value else "no pair is published under this code",
                )
            )
    return values


LAYOUT = Layout(
    key="ptp",
    title="Practitioner PTP edits, all four parts (ccipra-v...-f1 to f4)",
    columns={
        "paid": "COLUMN ?1",
        "denied": "COLUMN ?2",
        "first_day": "EFFECTIVE.*",
        "last_day": "DELETION.*",
        "indicator": "MODIFIER.*",
    },
    url=NCCI,
    months=3,
    read=_read,
    group=lambda _: "",
)
