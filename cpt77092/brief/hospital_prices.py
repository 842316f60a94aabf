"""Prices that hospitals published, by code: how many report one, the median and the range.

They are hospitals' figures, facility and professional items mixed, and no national benchmarks.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from statistics import median
from typing import NamedTuple

from cpt77092.reference.sources import Source

COVERED = 31
"""Hospitals whose published files the figures come from; most list none of these codes' prices in
full, and some list none of the codes."""

SOURCE = Source(
    title="Hospitals' price-transparency files",
    at="third-party archive, commit b15c2e8f of 22 August 2026",
    url="https://github.com/lkowalcz/hospital-price-history",
)

_CENT = Decimal("0.01")


class Spread(NamedTuple):
    """One kind of price over the hospitals that report it, in dollars."""

    hospitals: int
    median: Decimal
    """Of one figure for each hospital: its lowest, or its highest where the kind picks that."""
    low: Decimal
    high: Decimal


class Kind(NamedTuple):
    """A kind of published price, its columns, and which figure of a hospital is in the median."""

    name: str
    low: str
    high: str
    pick: Callable[[Sequence[Decimal]], Decimal]


KINDS = (
    Kind("gross charge", "gross_low", "gross_high", min),
    Kind("discounted cash", "cash_low", "cash_high", min),
    Kind("lowest negotiated", "negotiated_low", "negotiated_low", min),
    Kind("highest negotiated", "negotiated_high", "negotiated_high", max),
)


@cache
def rows() -> tuple[Mapping[str, str], ...]:
    """The shipped figures, one row for each code and hospital; the file's first lines cite them."""
    text = files("cpt77092.brief").joinpath("hospital-prices.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return tuple(csv.DictReader(lines))


def hospitals(code: str | None = None) -> int:
    """How many hospitals list the code, or any of the codes, with a price or without."""
    return len({row["hospital"] for row in rows() if code in {None, row["code"]}})


def spread(code: str, kind: Kind) -> Spread | None:
    """A kind of price of a code, or None where no hospital reports it."""
    figures = [
        [Decimal(row[kind.low]), Decimal(row[kind.high])]
        for row in rows()
        if row["code"] == code and row[kind.low]
    ]
    if not figures:
        return None
    middle = median(kind.pick(own) for own in figures)
    return Spread(
        hospitals=len(figures),
        median=middle.quantize(_CENT, ROUND_HALF_UP),
        low=min(own[0] for own in figures),
        high=max(own[1] for own in figures),
    )
