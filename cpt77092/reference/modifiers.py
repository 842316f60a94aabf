"""Which modifiers are valid on which days, by the shipped list and those of the user.

The quarterly HCPCS file has level II modifiers alone. CPT modifiers are in no file that CMS
publishes, so those of the shipped list stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from cpt77092.frozen import frozen
from cpt77092.reference.code_list import MODIFIERS, CodeList, ListedCode, code_lists
from cpt77092.reference.codes import MODIFIER_LIST_ENDS, known_modifiers
from cpt77092.reference.sources import Source

LEVEL_II = r"[A-OQ-Z][0-9A-Z]|P[0A-Z7-9]"
"""The form of a HCPCS level II modifier: it begins with a letter, and is none of P1 to P6."""


@frozen
class ModifierPeriod:
    """Days on which the same modifiers are valid."""

    first_day: date
    name: str
    """The lists: `October 2026 HCPCS or 2024 CPT`."""
    codes: frozenset[str]
    source: Source | None
    """That of the HCPCS list; None of the shipped lists."""


@frozen
class ModifierLists:
    """The modifiers of all days, and how far the lists go."""

    periods: tuple[ModifierPeriod, ...]
    """In order; the first begins before all dates."""
    last_day: date
    """The last day of the newest list of level II modifiers."""


def modifier_lists(tables: Mapping[str, str]) -> ModifierLists:
    """The shipped list and those of the user, one after the other.

    A newer list decides on the codes that it has, also on the days before it: it has the day on
    which each was added or ended. A code that it has no more ended with the list before.
    """
    users = code_lists(tables, MODIFIERS)
    known = known_modifiers()
    shipped = CodeList(
        date.min, MODIFIER_LIST_ENDS, None, {code: ListedCode(code) for code in known}
    )
    lists = (shipped, *users)
    days = {one.first_day for one in lists} | {
        day
        for one in users
        for listed in one.codes.values()
        for day in _changes(listed)
        if day > MODIFIER_LIST_ENDS
    }
    cpt = frozenset(code for code in known if not re.fullmatch(LEVEL_II, code))
    periods = []
    for day in sorted(days):
        current = _current(lists, day)
        codes = cpt | _valid(lists, day)
        periods.append(ModifierPeriod(day, _name(current), codes, current.source))
    return ModifierLists(tuple(periods), lists[-1].last_day or lists[-1].first_day)


def _changes(listed: ListedCode) -> list[date]:
    """The day on which a code begins and the day after its last one."""
    after = listed.last_day + timedelta(days=1) if listed.last_day else None
    return [day for day in (listed.first_day, after) if day is not None]


def _current(lists: tuple[CodeList, ...], day: date) -> CodeList:
    return [one for one in lists if one.first_day <= day][-1]


def _valid(lists: tuple[CodeList, ...], day: date) -> frozenset[str]:
    listed = dict(_current(lists, day).codes)
    for later in (one for one in lists if one.first_day > day):
        listed.update(later.codes)
    begun = max(day, MODIFIER_LIST_ENDS)
    return frozenset(
        one.code
        for one in listed.values()
        if (one.first_day or date.min) <= begun and day <= (one.last_day or date.max)
    )


def _name(current: CodeList) -> str:
    if current.first_day == date.min:
        return f"{MODIFIER_LIST_ENDS.year} CPT or HCPCS"
    return f"{current.first_day:%B %Y} HCPCS or {MODIFIER_LIST_ENDS.year} CPT"
