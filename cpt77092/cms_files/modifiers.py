"""The quarterly HCPCS file (ANWEB): its level II modifiers, with the days they were added or ended.

Its text has records of 320 characters; of a modifier, characters 4 and 5 are the code and character
11 is 7, or 8 where only the description goes on (CMS, HCPCS record layout 2024).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cpt77092.cms_files.layout import Extract, Layout, NewTable, Options, Record, Sheet
from cpt77092.policies.national_tables import MODIFIER_FILE
from cpt77092.reference.code_list import MODIFIERS, ListedCode, code_list_text
from cpt77092.reference.codes import known_modifiers
from cpt77092.reference.modifiers import LEVEL_II

_FIRST_RECORD = "7"
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
    first, last = sheet.period(options)
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
    table = NewTable(
        name=f"{MODIFIERS}{first}.txt",
        text=code_list_text(listed.values(), first, last, sheet.cited(title)),
        summary=f"{len(valid):,} HCPCS modifiers; new since 2024: {_names(valid - before)}; "
        f"ended: {_names(before - valid)}",
    )
    note = "CPT modifiers are in no file of CMS; those of 2024 stay"
    return sheet.extract(title, (first, last), tables=(table,), notes=(note,))


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
        added, ended = (
            sheet.day(cell, f"modifier {code}") if cell.strip("0") else None
            for cell in (record["added"], record["ended"])
        )
        yield ListedCode(code, added, ended)


LAYOUT = Layout(
    key="modifiers",
    title="the quarterly HCPCS file with its modifiers (HCPC20..._ANWEB)",
    columns={
        "code": "HCPC",
        "record": "RECID",
        "added": "ADD DT",
        "ended": "TERM DT",
    },
    url=MODIFIER_FILE.page,
    states={
        "its name": r"HCPC(?P<year>20\d\d)_(?P<month>[A-Z]{3})",
        "the zip's name": r"(?P<month>[A-Z]{3})[A-Z]*-(?P<year>20\d\d)-ALPHA",
    },
    months=3,
    read=_read,
    skip=_skip,
    fixed=_cut,
    group=_group,
)
