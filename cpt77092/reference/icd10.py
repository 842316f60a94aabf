"""The ICD-10-CM codes of one fiscal year, shipped compactly, and the diagnoses of one sex.

A code is billable when no longer code begins with it; a shorter beginning of a billable code is a
heading, or lacks a placeholder, and needs more characters. So the shipped list,
`data/icd-10-cm.txt`, has the billable codes alone: `pack` writes it and `diagnosis_list` reads it.
`data/README.md` says how to update it each October.

    python -m cpt77092.reference.icd10 all-codes.txt 2025-10-01 2026-09-30
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.reference.code_list import source_of
from cpt77092.reference.sources import Source

WOMEN_ONLY = ("Z78.0", "N95.-", "E28.3-", "Z90.72-")
"""Diagnoses of menopause, ovarian failure and removed ovaries; prefixes end in `-`."""
LIST_FILE = "icd-10-cm.txt"
USERS_LIST = "icd-10-cm-"
"""How the name of a list in the user's folder begins; then comes the fiscal year."""
_ROW = r"[A-Z][0-9A-Z]{1,2}( [0-9A-Z,]*:[0-9A-Z]+)+"
CATEGORY = 3
"""Characters of a category: the shortest code, and the part before the dot."""
LONGEST = 7

SHIPPED_SOURCE = (
    "CDC/NCHS, ICD-10-CM, the fiscal year of these days with its April update; public domain."
)
_HEAD = """\
# Every billable ICD-10-CM code, without the dot.
# First day: {first}
# Last day: {last}
# Source: {source}
# After a category come groups: what follows it, then a colon and all last characters. So
# "M80 00X,011:ADS" is M8000XA, M8000XD, M8000XS, M80011A, M80011D, M80011S. See README.md.
"""


def fiscal_year(day: date) -> int:
    """The fiscal year of a day: October begins the next one."""
    return day.year + (day.month > 9)


@frozen
class DiagnosisList:
    """The codes of one fiscal year."""

    first_day: date
    last_day: date
    source: Source
    codes: pl.DataFrame
    """`code`, undotted, and `billable_below`: how many billable codes are longer and begin with
    it. It is 0 for a billable code; a code that is not here does not begin any."""

    @property
    def fiscal_year(self) -> int:
        """The year that it ends in."""
        return self.last_day.year

    @property
    def billable(self) -> pl.Series:
        """The codes that a claim may have."""
        return self.codes.filter(pl.col("billable_below") == 0)["code"]

    @property
    def headings(self) -> pl.DataFrame:
        """The codes that need more characters."""
        return self.codes.filter(pl.col("billable_below") > 0)


@cache
def diagnosis_list(categories: frozenset[str] | None = None) -> DiagnosisList:
    """The shipped list, read once and only when a rule needs it.

    Args:
        categories: as of `read_list`; a batch has few of the many categories.
    """
    text = files("cpt77092.reference").joinpath("data", LIST_FILE).read_text(encoding="utf-8")
    return read_list(text, categories)


def diagnosis_lists(
    tables: Mapping[str, str], categories: frozenset[str] | None = None
) -> tuple[DiagnosisList, ...]:
    """The shipped list and those of the user, one for each fiscal year, in order.

    Args:
        tables: the texts of the user's lists by name; those of other kinds are passed over.
        categories: as of `read_list`.
    """
    shipped = diagnosis_list(categories)
    lists = {shipped.fiscal_year: shipped}
    for name, text in tables.items():
        if name.startswith(USERS_LIST):
            listed = read_list(text, categories)
            lists[listed.fiscal_year] = listed
    return tuple(lists[year] for year in sorted(lists))


def problem_of_list(text: str) -> tuple[int, str] | None:
    """The first line of a list that `pack` did not write, and what is wrong with it."""
    if len(re.findall(r"^# (?:First|Last) day: \d{4}-\d\d-\d\d$", text, re.MULTILINE)) != 2:
        return 1, "the first and last day of the fiscal year are missing"
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith("#") and not re.fullmatch(_ROW, line):
            return number, "not a category with its codes; import the list again"
    return None


def read_list(text: str, categories: frozenset[str] | None = None) -> DiagnosisList:
    """Read a list that `pack` wrote.

    Args:
        text: the list.
        categories: categories to read; their codes are complete, and some others may come too.
            None for all.
    """
    first, last = re.findall(r"^# (?:First|Last) day: (\S+)$", text, re.MULTILINE)
    source = re.search(r"^# Source: (.+)$", text, re.MULTILINE)
    rows = [row for row in text.splitlines() if not row.startswith("#")]
    if categories is not None:
        wanted = categories | {category[: CATEGORY - 1] for category in categories}
        rows = [row for row in rows if row.partition(" ")[0] in wanted]
    group = pl.col("groups").str.split(":")
    # A stem is a code without its last character. Many codes share one, so headings count stems.
    stems = (
        pl.LazyFrame({"row": rows}, schema={"row": pl.String})
        .select(groups=pl.col("row").str.split(" "))
        .select(category=pl.col("groups").list.first(), groups=pl.col("groups").list.slice(1))
        .explode("groups")
        .select("category", middle=group.list.first().str.split(","), ends=group.list.last())
        .explode("middle")
        .select("ends", stem=pl.concat_str("category", "middle"))
        .collect(engine="in-memory")
        .lazy()
    )
    billable = (
        stems.select("stem", end=pl.col("ends").str.split(""))
        .explode("end")
        .select(code=pl.concat_str("stem", "end"), billable_below=pl.lit(0, pl.UInt32))
    )
    beginnings = [
        stems.filter(pl.col("stem").str.len_bytes() >= length)
        .group_by(code=pl.col("stem").str.head(length))
        .agg(billable_below=pl.col("ends").str.len_bytes().sum().cast(pl.UInt32))
        for length in range(CATEGORY, LONGEST)
    ]
    codes = pl.concat([billable, *beginnings]).collect(engine="in-memory")
    return DiagnosisList(
        date.fromisoformat(first),
        date.fromisoformat(last),
        source_of(source[1] if source else ""),
        codes,
    )


def billable_codes(listed: Iterable[str]) -> list[str]:
    """The billable codes of a full list of chapters, ranges, headings and codes, in order."""
    codes = sorted({code for code in listed if code and not code.isdigit() and "-" not in code})
    return [code for code, after in pairwise([*codes, ""]) if not after.startswith(code)]


def pack(
    billable: Iterable[str], first_day: date, last_day: date, source: str = SHIPPED_SOURCE
) -> str:
    """The text of a list: one line for each category, equal endings written once."""
    ends: dict[str, str] = {}
    for code in sorted(billable):
        ends[code[:-1]] = ends.get(code[:-1], "") + code[-1]
    categories: dict[str, dict[str, list[str]]] = {}
    for stem, end in ends.items():
        # A category that is billable itself (I10) is listed under its first two characters.
        groups = categories.setdefault(stem[:CATEGORY], {})
        groups.setdefault(end, []).append(stem[CATEGORY:])
    rows = [
        " ".join([category, *(f"{','.join(middle)}:{end}" for end, middle in groups.items())])
        for category, groups in sorted(categories.items())
    ]
    return _HEAD.format(first=first_day, last=last_day, source=source) + "\n".join(rows) + "\n"


def main(listed: str, first_day: str, last_day: str) -> None:
    """Write the shipped list.

    Args:
        listed: a file of every chapter, range, heading and code, one per line, undotted.
        first_day: first day of the fiscal year, YYYY-MM-DD.
        last_day: last day of the fiscal year, YYYY-MM-DD.
    """
    codes = billable_codes(Path(listed).read_text(encoding="utf-8").split())
    text = pack(codes, date.fromisoformat(first_day), date.fromisoformat(last_day))
    Path(__file__).with_name("data").joinpath(LIST_FILE).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
