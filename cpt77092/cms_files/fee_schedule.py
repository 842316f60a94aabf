"""The relative value file of the physician fee schedule, PPRRVU, with its conversion factor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial

from cpt77092.cms_files.layout import (
    ZIP_OF_FEES,
    Extract,
    Layout,
    NewTable,
    NewValue,
    Options,
    Record,
    Sheet,
)
from cpt77092.policies.national_tables import FEE_SCHEDULE
from cpt77092.reference.codes import CHECKED
from cpt77092.reference.localities import (
    CENT,
    RELATIVE_VALUES,
    Indices,
    RelativeValues,
    payment,
    relative_values_text,
)
from cpt77092.reference.sources import Source

_PARTS = {"": "whole", "26": "professional", "TC": "technical"}
_AMOUNTS = ("work", "nonfacility_pe", "facility_pe", "malpractice", "total", "facility_total")
_NATIONAL = (Decimal(1), Decimal(1), Decimal(1))

_PAYABLE = "ART"
"""Status codes of services that the fee schedule pays: active, restricted, injections."""
_USE = {"0": "not_allowed", "1": "accepted", "2": "not_allowed", "3": "not_allowed"}
_USE |= {"4": "not_allowed"}
"""PC/TC indicator to what it means for 26 and for TC; Attachment A of the file's documentation."""
_TECHNICAL = "3"
_SURGICAL: Mapping[str, tuple[tuple[str, ...], str]] = {
    "bilateral": (("50",), "13"),
    "assistant": (("80", "81", "82", "AS"), "2"),
    "co_surgeons": (("62",), "12"),
    "team": (("66",), "12"),
}
"""Indicator to the modifiers that it decides on, and its values under which they are valid."""

_FIXED = {
    "code": (0, 5), "modifier": (5, 7), "status": (57, 58), "work": (59, 65),
    "nonfacility_pe": (65, 72), "facility_pe": (74, 81), "facility_na": (81, 83),
    "malpractice": (83, 89), "total": (89, 96), "facility_total": (96, 102), "pctc": (102, 103),
    "global_days": (103, 106), "bilateral": (116, 117), "assistant": (117, 118),
    "co_surgeons": (118, 119), "team": (119, 120), "conversion_factor": (132, 141),
}  # fmt: skip
"""Columns of the text file, which are the same from 2022 to 2026."""


def _payment(record: Record) -> Decimal:
    """The national amount for one unit, in dollars."""
    return payment(_relative_values(record), _NATIONAL, Decimal(record["conversion_factor"]))


def _relative_values(record: Record) -> Indices:
    work, expense, malpractice = record["work"], record["nonfacility_pe"], record["malpractice"]
    return Decimal(work), Decimal(expense), Decimal(malpractice)


def _cut(line: str) -> Record | None:
    """A line of the text file; None for its notice and for lines of other files."""
    record = {name: line[start:end].strip() for name, (start, end) in _FIXED.items()}
    is_row = re.fullmatch(r"[0-9A-Z]\d{3}[0-9A-Z]", record["code"]) and all(
        re.fullmatch(r"\d*\.\d+", record[name]) for name in (*_AMOUNTS, "conversion_factor")
    )
    return record if is_row else None


def _read(sheets: Sequence[Sheet], options: Options) -> Extract:
    (sheet,) = sheets
    is_qualifying = _is_qualifying(sheet)
    first, last = sheet.period(options)
    records = _records(sheet)
    factor = records[0]["conversion_factor"]
    by_code: dict[str, dict[str, Record]] = {}
    for record in records:
        of_code = by_code.setdefault(record["code"], {})
        if record["modifier"] in of_code:
            raise sheet.contradiction(f"two rows of {record['code']} {record['modifier']}".rstrip())
        of_code[record["modifier"]] = record
    values = [v for code, rows in by_code.items() for v in _values(sheet, code, rows, first)]
    who = "QP" if is_qualifying else "non-QP"
    title = f"CMS fee schedule {first.year}, PPRRVU {first:%B}"
    title += f", {who}" if is_qualifying is not None else ""
    return sheet.extract(
        title,
        (first, last),
        at=f"RVUs x conversion factor {factor}, national; {sheet.file.label}",
        values=values,
        tables=(_table(sheet, title, by_code, (first, last)),),
        notes=tuple(
            f"no row of {code}; its values stay" for code in sorted(CHECKED - set(by_code))
        ),
    )


def _table(
    sheet: Sheet, title: str, by_code: Mapping[str, Mapping[str, Record]], period: tuple[date, date]
) -> NewTable:
    """The relative values of payable codes, from which fees of a locality are computed."""
    first, last = period
    payable = {
        (code, modifier): row
        for code, rows in by_code.items()
        for modifier, row in rows.items()
        if "" in rows and rows[""]["status"] in _PAYABLE
    }
    factors = [Decimal(row["conversion_factor"]) for row in payable.values()]
    values = RelativeValues(
        first_day=first,
        last_day=last,
        conversion_factor=factors[0] if factors else Decimal(0),
        source=Source(title=title, at=sheet.file.label, sha256=sheet.file.sha256),
        by_code={key: _relative_values(row) for key, row in payable.items()},
    )
    return NewTable(
        name=f"{RELATIVE_VALUES}{first}.txt",
        text=relative_values_text(values),
        summary=f"relative values of {len(by_code)} codes, for fees by locality",
    )


def _skip(sheet: Sheet, options: Options) -> str:
    """Of the two files of a quarter since 2026, one is of qualifying APM participants."""
    is_qualifying = _is_qualifying(sheet)
    if is_qualifying is None or is_qualifying is options.is_qualifying_participant:
        return ""
    who = "qualifying APM participants; --qp takes" if is_qualifying else "all others; --qp leaves"
    return f"it has the fees of {who} it"


def _is_qualifying(sheet: Sheet) -> bool | None:
    """Whether the fees are those of qualifying APM participants; None before there were two."""
    name = re.sub("[^A-Z]", "", sheet.file.name.upper())
    return "NONQP" not in name if "QP" in name else None


def _records(sheet: Sheet) -> list[Record]:
    """The rows of our codes, each of which adds up; all rows have one conversion factor."""
    factors = set()
    records = []
    for record in sheet.records():
        if re.fullmatch(r"\d+\.\d+", record["conversion_factor"]):
            factors.add(Decimal(record["conversion_factor"]).normalize())
        if record["code"] in CHECKED and record["modifier"] in _PARTS:
            records.append(record)
            _require_sums(sheet, record)
    if not records:
        raise sheet.refused(f"it has no row of {', '.join(sorted(CHECKED))}")
    if len(factors) != 1:
        raise sheet.contradiction(f"{len(factors)} conversion factors; expected one")
    return records


def _require_sums(sheet: Sheet, record: Record) -> None:
    name = f"{record['code']} {record['modifier']}".rstrip()
    try:
        work, pe, facility_pe, malpractice, total, facility_total = (
            Decimal(record[amount]) for amount in _AMOUNTS
        )
    except InvalidOperation:
        raise sheet.refused(f"a relative value of {name} is not a number") from None
    for parts, whole in ((pe, total), (facility_pe, facility_total)):
        if work + parts + malpractice != whole:
            raise sheet.contradiction(
                f"the parts of {name} add up to {work + parts + malpractice}, its total is {whole}"
            )


def _values(sheet: Sheet, code: str, rows: Mapping[str, Record], first: date) -> Iterator[NewValue]:
    value = partial(NewValue, code=code, first_day=first)
    whole = rows.get("")
    if whole is None:
        raise sheet.contradiction(f"{code} has no row without a modifier")
    if whole["status"] in _PAYABLE:
        yield value(parameter="fee", value=_amount(rows, "fee"))
        yield value(parameter="relative_value_units", value=_amount(rows, "total"))
    else:
        note = f"status {whole['status']}: no national amount"
        yield value(parameter="fee", note=note)
        yield value(parameter="relative_value_units", note=note)
    if use := _USE.get(whole["pctc"]):
        yield value(parameter="modifier_26", value=use, only_changes=True)
        yield value(parameter="modifier_tc", value=use, only_changes=True)
    if whole["pctc"] == _TECHNICAL and whole["facility_na"] == "NA":
        yield value(parameter="technical_in_facility", value="not_payable", only_changes=True)
    revise = partial(_revised, whole)
    yield value(parameter="inapplicable_modifiers", revise=revise, only_changes=True)


def _amount(rows: Mapping[str, Record], what: str) -> str | dict[str, str]:
    """One amount, or those of the components in the order of the schedule."""
    amounts = {
        part: str(_payment(rows[modifier])) if what == "fee" else rows[modifier][what]
        for modifier, part in _PARTS.items()
        if modifier in rows
    }
    amounts = {part: str(Decimal(amount).quantize(CENT)) for part, amount in amounts.items()}
    return amounts if len(amounts) > 1 else amounts["whole"]


def _revised(record: Record, listed: tuple[str, ...]) -> list[str]:
    """The modifiers that are not valid with a code, as the indicators of surgery have them."""
    revised = list(listed)
    for name, (modifiers, valid) in _SURGICAL.items():
        for modifier in modifiers:
            if record[name] in valid and modifier in revised:
                revised.remove(modifier)
            elif record[name] not in valid and modifier not in revised:
                revised.append(modifier)
    return revised


LAYOUT = Layout(
    key="pprrvu",
    title="PPRRVU, the relative value file of the physician fee schedule",
    columns={
        "code": "HCPCS( CODE)?",
        "modifier": "MOD(IFIER)?",
        "status": "STATUS CODE",
        "work": "WORK RVU",
        "nonfacility_pe": "(TRANSITIONED )?NON FAC(ILITY)? PE RVU",
        "facility_pe": "(TRANSITIONED )?FACILITY PE RVU",
        "facility_na": "FACILITY NA INDICATOR",
        "malpractice": "MP RVU",
        "total": "(TRANSITIONED )?NON FACILITY TOTAL",
        "facility_total": "(TRANSITIONED )?FACILITY TOTAL",
        "pctc": "PCTC IND",
        "global_days": "GLOB(AL)? DAYS",
        "bilateral": "BILAT SURG",
        "assistant": "ASST SURG",
        "co_surgeons": "CO SURG",
        "team": "TEAM SURG",
        "conversion_factor": "CONV FACTOR",
    },
    url=FEE_SCHEDULE,
    states={
        "its title": r"(?P<year>20\d\d) NATIONAL PHYSICIAN.*? (?P<month>\w{3})\w* RELEASE",
        "its name": r"PPRRVU(?:20)?(?P<year>\d\d)_?(?P<month>[A-Z]{3})",
        "the zip's name": ZIP_OF_FEES,
    },
    # A fee schedule holds for the calendar year; a later quarter's file amends it.
    months=12,
    read=_read,
    skip=_skip,
    fixed=_cut,
)
