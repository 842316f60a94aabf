"""Lays out, before any clock runs, what the contenders share: `prepare FOLDER`.

The policy files are resolved here to one flat table of payer, code and days, which `scrub` does
within its own time.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from datetime import date
from enum import Enum
from itertools import groupby
from pathlib import Path
from typing import Any

from cpt77092.policies import load_policies
from cpt77092.policies.payer_names import Matcher
from cpt77092.policies.policy import PolicySet
from cpt77092.policies.resolve import timeline
from cpt77092.reference.codes import CHECKED, FAMILY, TECHNICAL, assigned_places
from tests.benchmarks.batches import AS_OF, COLUMNS
from tests.benchmarks.contenders.job import NOTICED, PARAMETERS

SETS = "facility_place_of_service"


def rows(policies: PolicySet, sets: dict[tuple[str, ...], int]) -> Iterator[list[Any]]:
    """Payer, code, first day, day after the last, and what holds on those days."""
    matcher = Matcher.of(policies)
    days = [date.min, *policies.change_dates()]

    def told(decided: Any) -> Any:
        if isinstance(decided, tuple):
            return sets.setdefault(decided, len(sets))
        return decided.value if isinstance(decided, Enum) else decided

    for payer in COLUMNS["payer"]:
        key = matcher.read("", payer).policy or "default"
        for code in sorted(CHECKED):
            timelines = [timeline(policies, key, code, name, days) for name in PARAMETERS]
            values = [[told(made.value) for made in day] for day in zip(*timelines, strict=True)]
            spans = [
                [day for day, _ in span] for _, span in groupby(zip(days, values, strict=True), _of)
            ]
            ends = [span[0] for span in spans[1:]] + [date.max]
            for span, end in zip(spans, ends, strict=True):
                yield [payer, code, span[0], end, *values[days.index(span[0])]]


def _of(pair: tuple[date, list[Any]]) -> list[Any]:
    return pair[1]


def main() -> None:
    """Write the two tables and the lists into the folder."""
    folder = Path(sys.argv[1])
    sets: dict[tuple[str, ...], int] = {}
    with (folder / "policies.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([*NOTICED, *PARAMETERS])
        writer.writerows(rows(load_policies(None), sets))
    with (folder / "facilities.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([SETS, "place"])
        writer.writerows([number, place] for places, number in sets.items() for place in places)
    lists = {
        "as_of": AS_OF.isoformat(),
        "checked": sorted(CHECKED),
        "family": sorted(FAMILY),
        "technical": sorted(TECHNICAL),
        "places": sorted(assigned_places()),
    }
    (folder / "job.json").write_text(json.dumps(lists), encoding="utf-8")


if __name__ == "__main__":
    main()
