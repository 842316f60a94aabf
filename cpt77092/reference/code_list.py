"""Lists of codes with their first and last days, as the user's policy folder may hold them.

`scrub policies import` writes them; the head of each has the days that the list covers:

    # First day: 2026-10-01
    # Last day: 2026-12-31
    # Source: CMS HCPCS modifiers, October 2026; HCPC2026_OCT_ANWEB.xlsx, sha256 ...
    # Code, first day, last day and text, with tabs between.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from cpt77092.frozen import frozen
from cpt77092.reference.sources import Source

MODIFIERS = "modifiers-"
"""How the name of a modifier list begins; then comes its first day."""
PLACES = "places-of-service-"
"""How the name of a list of places of service begins."""

CARCS = "carc-"
"""How the name of a list of claim adjustment reason codes begins."""
RARCS = "rarc-"
"""How the name of a list of remittance advice remark codes begins."""

_HEAD = re.compile(r"# (First day|Last day|Source): (.+)")
_CODE = re.compile("[0-9A-Z]{1,5}")


@frozen
class ListedCode:
    """A code of a list."""

    code: str
    first_day: date | None = None
    """None where it has been valid since before anybody asks."""
    last_day: date | None = None
    """None where its end is not known."""
    text: str = ""


@frozen
class CodeList:
    """A list as it was published for a period, or on a day."""

    first_day: date
    last_day: date | None
    """None of a list that is published for no period."""
    source: Source | None
    """None of a shipped list, which the rules name themselves."""
    codes: Mapping[str, ListedCode]


def code_lists(tables: Mapping[str, str], beginning: str) -> tuple[CodeList, ...]:
    """The user's lists of a kind, the earliest first.

    Args:
        tables: the texts of the user's lists by name; those of other kinds are passed over.
        beginning: how the names of the kind begin.
    """
    lists = [read_code_list(text) for name, text in tables.items() if name.startswith(beginning)]
    return tuple(sorted(lists, key=lambda one: one.first_day))


def denial_codes(tables: Mapping[str, str]) -> dict[str, CodeList]:
    """The newest list of reasons and the newest of remarks, as far as the user has them."""
    newest = {kind: code_lists(tables, kind)[-1:] for kind in (CARCS, RARCS)}
    return {kind: one for kind, lists in newest.items() for one in lists}


def read_code_list(text: str) -> CodeList:
    """Read a list that `code_list_text` wrote.

    Raises:
        ValueError: it is none; the text says why.
    """
    head = {match[1]: match[2] for match in map(_HEAD.fullmatch, text.splitlines()) if match}
    if "First day" not in head:
        raise ValueError("the first day of the list is missing")
    last_day = head.get("Last day")
    rows = [row for row in text.splitlines() if not row.startswith("#")]
    return CodeList(
        first_day=date.fromisoformat(head["First day"]),
        last_day=date.fromisoformat(last_day) if last_day else None,
        source=source_of(head.get("Source", "")),
        codes={listed.code: listed for listed in map(_listed, rows)},
    )


def source_of(text: str) -> Source:
    """The source that the head of a list names: `title; file, sha256 digest`."""
    title, _, rest = text.partition("; ")
    file, _, digest = rest.partition(", sha256 ")
    return Source(title=title, at=file, sha256=digest)


def _listed(row: str) -> ListedCode:
    code, *others = row.split("\t")
    if not _CODE.fullmatch(code) or len(others) > 3:
        raise ValueError("not a code, its first and last day and its text with tabs between")
    first, last, text = (*others, "", "", "")[:3]
    return ListedCode(code, _day(first), _day(last), text)


def _day(cell: str) -> date | None:
    return date.fromisoformat(cell) if cell else None


def problem_of_code_list(text: str) -> tuple[int, str] | None:
    """The first line of a list that cannot be read, and what is wrong with it."""
    for number, row in enumerate(text.splitlines(), start=1):
        try:
            if not row.startswith("#"):
                _listed(row)
        except ValueError as problem:
            return number, f"{problem}; import the list again"
    try:
        read_code_list(text)
    except ValueError as problem:
        return 1, f"{problem}; import the list again"
    return None


def code_list_text(
    codes: Iterable[ListedCode], first_day: date, last_day: date | None, source: str
) -> str:
    """The text of a list, in the order of the codes."""
    head = [f"# First day: {first_day}", f"# Source: {source}"]
    if last_day is not None:
        head.insert(1, f"# Last day: {last_day}")
    head.append("# Code, first day, last day and text, with tabs between.")
    rows = [
        "\t".join((one.code, str(one.first_day or ""), str(one.last_day or ""), one.text)).rstrip()
        for one in sorted(codes, key=lambda one: one.code)
    ]
    return "\n".join([*head, *rows]) + "\n"
