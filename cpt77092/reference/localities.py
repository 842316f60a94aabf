"""What a fee of one locality is computed from: relative values of our codes, and cost indices.

Both are tables of the user's policy folder that `scrub policies import` writes, with tabs between
cells: `relative-values-2026-10-01.txt` and `localities-2026-10-01.txt`, by the first day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from cpt77092.frozen import frozen
from cpt77092.reference.code_list import source_of
from cpt77092.reference.sources import Source

RELATIVE_VALUES = "relative-values-"
LOCALITIES = "localities-"
CENT = Decimal("0.01")
_HEAD = re.compile(r"# (First day|Last day|Conversion factor|Source): (.+)")

Indices = tuple[Decimal, Decimal, Decimal]
"""Of work, practice expense and malpractice: relative values, or the cost indices of a locality."""


@frozen
class RelativeValues:
    """The relative values of one fee schedule file."""

    first_day: date
    last_day: date
    conversion_factor: Decimal
    source: Source
    by_code: Mapping[tuple[str, str], Indices]
    """Those of each code and component: `26`, `TC`, or blank for the global service."""


@frozen
class Locality:
    """The cost indices (GPCI) of a locality between two days."""

    key: str
    """Contractor and locality number: `10112-00`."""
    name: str
    first_day: date
    last_day: date
    indices: Indices
    source: Source


def payment(values: Indices, indices: Indices, conversion_factor: Decimal) -> Decimal:
    """What the fee schedule pays for one unit, in dollars, rounded half up to the cent."""
    units = sum(value * index for value, index in zip(values, indices, strict=True))
    return (units * conversion_factor).quantize(CENT, ROUND_HALF_UP)


def relative_values(tables: Mapping[str, str]) -> list[RelativeValues]:
    """Those of each file that was imported, the earliest first."""
    texts = (text for name, text in tables.items() if name.startswith(RELATIVE_VALUES))
    return sorted(map(_relative_values, texts), key=lambda one: one.first_day)


def localities(tables: Mapping[str, str]) -> list[Locality]:
    """The indices of all localities and periods, the earliest file first."""
    texts = sorted((n, text) for n, text in tables.items() if n.startswith(LOCALITIES))
    return [locality for _, text in texts for locality in _localities(text)]


def _relative_values(text: str) -> RelativeValues:
    head, rows = _split(text)
    return RelativeValues(
        date.fromisoformat(head["First day"]),
        date.fromisoformat(head["Last day"]),
        Decimal(head["Conversion factor"]),
        source_of(head["Source"]),
        {(code, modifier): _three(values) for code, modifier, *values in rows},
    )


def _localities(text: str) -> list[Locality]:
    head, rows = _split(text)
    source = source_of(head["Source"])
    return [
        Locality(
            key, name, date.fromisoformat(first), date.fromisoformat(last), _three(indices), source
        )
        for key, name, first, last, *indices in rows
    ]


def _split(text: str) -> tuple[dict[str, str], list[list[str]]]:
    lines = text.splitlines()
    head = {match[1]: match[2] for match in map(_HEAD.fullmatch, lines) if match}
    return head, [line.split("\t") for line in lines if not line.startswith("#")]


def _three(cells: Sequence[str]) -> Indices:
    work, practice_expense, malpractice = map(Decimal, cells)
    return work, practice_expense, malpractice


def problem_of_indices(text: str, *, is_of_codes: bool) -> tuple[int, str] | None:
    """What is wrong with a table of relative values, or of localities, that nothing here wrote."""
    try:
        (_relative_values if is_of_codes else _localities)(text)
    except (KeyError, ValueError, InvalidOperation):
        what = "relative values" if is_of_codes else "localities"
        return 1, f"not a table of {what} as it was written; import the file again"
    return None


def relative_values_text(values: RelativeValues) -> str:
    """The text of a table of relative values."""
    head = [
        f"# First day: {values.first_day}",
        f"# Last day: {values.last_day}",
        f"# Conversion factor: {values.conversion_factor}",
        _source_line(values.source),
        "# Code, modifier, and the relative values of work, practice expense and malpractice.",
    ]
    rows = ["\t".join((*key, *map(str, parts))) for key, parts in sorted(values.by_code.items())]
    return "\n".join([*head, *rows]) + "\n"


def localities_text(listed: Iterable[Locality], source: Source) -> str:
    """The text of a table of localities."""
    head = [
        _source_line(source),
        "# Locality, name, first and last day, and the GPCIs of work, practice expense and "
        "malpractice.",
    ]
    rows = [
        "\t".join(
            (one.key, one.name, str(one.first_day), str(one.last_day), *map(str, one.indices))
        )
        for one in listed
    ]
    return "\n".join([*head, *rows]) + "\n"


def _source_line(source: Source) -> str:
    return f"# Source: {source.title}; {source.at}, sha256 {source.sha256}"
