"""The ICD-10-CM codes of a fiscal year: the order file, or the file of codes alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from cpt77092.cms_files.layout import Extract, Layout, NewTable, Options, Record, Sheet
from cpt77092.policies.national_tables import DIAGNOSES
from cpt77092.reference.icd10 import USERS_LIST, billable_codes, diagnosis_list, pack

_ORDER = r"\d{5,6} (?P<code>[A-Z]\d[0-9A-Z]{1,5}|QA[0-9A-Z]{1,5}) +(?P<billable>[01]) .*"
_CODES = r"(?P<code>[A-Z]\d[0-9A-Z]{1,5}|QA[0-9A-Z]{1,5}) +[A-Z].*"
_LEAST_SHARE = 0.95
"""Of the billable codes of the shipped list, how many a complete list has at least."""


def _cut(line: str) -> Record | None:
    """A line with a code; of the file of codes alone, each is billable."""
    match = re.fullmatch(_ORDER, line) or re.fullmatch(_CODES, line)
    return None if match is None else {"billable": "1", **match.groupdict()}


def _read(sheets: Sequence[Sheet], options: Options) -> Extract:
    sheet = sheets[0]
    year = _fiscal_year(sheet, options)
    first, last = date(year - 1, 10, 1), date(year, 9, 30)
    billable = _billable(sheet)
    for other in sheets[1:]:
        if _billable(other) != billable:
            raise other.contradiction(f"its codes are not those of {sheet.file.name}")
    before = set(diagnosis_list().billable)
    if len(before & billable) < _LEAST_SHARE * len(before):
        raise sheet.refused(
            f"it has {len(before & billable):,} of the {len(before):,} codes of fiscal year "
            f"{diagnosis_list().fiscal_year}; import the complete file"
        )
    source = sheet.cited(f"CDC/NCHS ICD-10-CM, fiscal year {year}")
    table = NewTable(
        name=f"{USERS_LIST}{year}.txt",
        text=pack(billable, first, last, source),
        summary=f"{len(billable):,} billable codes; {len(billable - before):,} are new since "
        f"fiscal year {diagnosis_list().fiscal_year} and {len(before - billable):,} are gone",
    )
    return sheet.extract(f"ICD-10-CM of fiscal year {year}", (first, last), tables=(table,))


def _billable(sheet: Sheet) -> set[str]:
    """The billable codes: those marked so, each of which begins no other.

    Raises:
        UsageError: a code is marked billable and begins another.
    """
    records = list(sheet.records())
    marked = {record["code"] for record in records if record["billable"] == "1"}
    if wrong := marked - set(billable_codes(record["code"] for record in records)):
        raise sheet.contradiction(f"{min(wrong)} is marked billable and begins other codes")
    return marked


def _fiscal_year(sheet: Sheet, options: Options) -> int:
    names = {"its name": sheet.file.name, "the zip's name": sheet.file.outer}
    years = {
        what: int(match[1]) for what, name in names.items() if (match := re.search(_YEAR, name))
    }
    if options.first_day is not None:
        years["--from"] = options.first_day.year + (options.first_day.month > 9)
    if len(set(years.values())) > 1:
        raise sheet.contradiction("; ".join(f"{what} says {year}" for what, year in years.items()))
    if not years:
        raise sheet.refused(
            "its name has no year; keep the name that it has at CMS, as in icd10cm-order-2027.txt, "
            "or add --from with a day of the fiscal year"
        )
    return next(iter(years.values()))


_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")

LAYOUT = Layout(
    key="icd-10-cm",
    title="ICD-10-CM code descriptions in tabular order (icd10cm-order-YYYY.txt)",
    columns={},
    url=DIAGNOSES.page,
    read=_read,
    fixed=_cut,
    group=lambda sheet: "".join(_YEAR.findall(sheet.file.name)),
)
