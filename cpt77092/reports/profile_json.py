"""The benchmarks of a batch as plain values; a share of nothing known is null.

What was expected of a code is given as numbers into the list of all expectations, from 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from cpt77092 import __version__
from cpt77092.policies import Decision, Status
from cpt77092.profile.measures import Code, Group, Measures, Profile, Share
from cpt77092.reports.policy_text import plain, source_record


def profile_record(profile: Profile) -> dict[str, Any]:
    """The whole; amounts are text, so that no cent is lost."""
    numbers = _Numbers()
    record = {
        "program": "cpt77092",
        "version": __version__,
        "as_of": profile.as_of.isoformat(),
        "policies": list(profile.origin),
        "rows": profile.rows,
        "rejected": profile.rejected,
        "unreadable": list(profile.unreadable),
        "faults": list(profile.faults),
        "first_day": _day(profile.first_day),
        "last_day": _day(profile.last_day),
        **_group(profile.whole, numbers),
        "months": _months(profile.months, numbers),
        "payers": [
            {
                "payer": payer.policy,
                "label": payer.label,
                **_group(payer.whole, numbers),
                "months": _months(payer.months, numbers),
            }
            for payer in profile.payers
        ],
    }
    return record | {"expectations": numbers.records()}


@dataclass(slots=True)
class _Numbers:
    """Every decision once, in the order of first mention: a month mostly repeats the one before."""

    made: list[Decision] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    """By identity, which the policy table keeps to: one object for one answer."""

    def of(self, expected: Mapping[str, Sequence[Decision]]) -> dict[str, list[int]]:
        return {name: [self._place(one) for one in made] for name, made in expected.items()}

    def _place(self, one: Decision) -> int:
        if id(one) not in self.places:
            self.made.append(one)
            self.places[id(one)] = len(self.made)
        return self.places[id(one)]

    def records(self) -> list[dict[str, Any]]:
        return [_expectation(number, made) for number, made in enumerate(self.made, start=1)]


def _expectation(number: int, made: Decision) -> dict[str, Any]:
    return {
        "number": number,
        "payer": made.payer,
        "hcpcs_code": made.code,
        "parameter": made.parameter,
        "status": made.status.value,
        "value": plain(made.value),
        "reason": None if made.status is Status.VALUE else made.reason(),
        "first_day": _day(made.first_day),
        "level": None if made.level is None else made.level.value,
        "decided_by": made.decided_by or None,
        "source": source_record(made.source),
        "contradicted_by": source_record(made.contradicted_by),
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _months(months: Sequence[tuple[date | None, Group]], numbers: _Numbers) -> list[dict[str, Any]]:
    return [
        {"month": None if first is None else f"{first:%Y-%m}", **_group(group, numbers)}
        for first, group in months
    ]


def _group(group: Group, numbers: _Numbers) -> dict[str, Any]:
    return {
        **_measures(group.measures),
        "codes": [_code(code, numbers) for code in group.codes],
        "sites": [
            {
                "place_of_service_code": site.place,
                "lines": site.typical.lines,
                "share": _share(site.share),
                "typical": _share(site.typical),
                "accepted": _share(site.accepted),
            }
            for site in group.sites
        ],
        "findings": [
            {
                "rule": found.rule,
                "title": found.title,
                "severity": found.severity.value,
                "lines": _share(found.share),
            }
            for found in group.findings
        ],
    }


def _code(code: Code, numbers: _Numbers) -> dict[str, Any]:
    return {
        "hcpcs_code": code.code,
        **_measures(code.measures),
        "with_26": _share(code.with_26),
        "with_tc": _share(code.with_tc),
        "expected": numbers.of(code.expected),
    }


def _measures(measures: Measures) -> dict[str, Any]:
    return {
        "lines": measures.lines,
        "clean": _share(measures.clean),
        "clean_not_fully_checked": measures.unsure,
        "units": measures.units,
        "units_known": measures.units_known,
        "most_units": measures.most_units,
        "over_max_units": _share(measures.over_max_units),
        "charges": _amount(measures.charges),
        "charges_known": measures.charges_known,
        "compared_with_fee": {
            "lines": measures.compared,
            "charges": _amount(measures.compared_charges if measures.compared else None),
            "fees": _amount(measures.compared_fees if measures.compared else None),
            "times_fee": measures.times_fee,
            "below_fee": _share(measures.below_fee),
        },
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _share(share: Share) -> dict[str, Any]:
    return {"part": share.part, "known": share.known, "of": share.lines, "value": share.value}
