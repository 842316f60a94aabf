"""The benchmarks of a batch as plain values; a share that is known of no line is null.

What was expected of a code is given as numbers into the list of all expectations, from 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from cpt77092 import __version__
from cpt77092.policies import Decision, Status
from cpt77092.policies.value_text import plain
from cpt77092.profile.measures import Group, Measures, Profile, Share

_COMPARED = {
    "compared": "lines",
    "compared_charges": "charges",
    "compared_fees": "fees",
    "below_fee": "below_fee",
}
"""Fields of `Measures` that are together under `compared_with_fee`, and their names there."""


def profile_record(profile: Profile) -> dict[str, Any]:
    """All benchmarks; amounts are text, so that no cent is lost."""
    expectations = _Expectations()
    record = {
        "program": "cpt77092",
        "version": __version__,
        "as_of": _plain(profile.as_of),
        "policies": list(profile.origin),
        "rows": profile.rows,
        "rejected": profile.rejected,
        "unreadable": list(profile.unreadable),
        "faults": list(profile.faults),
        "first_day": _plain(profile.first_day),
        "last_day": _plain(profile.last_day),
        **_group(profile.whole, expectations),
        "months": _months(profile.months, expectations),
        "payers": [
            {
                "payer": payer.policy,
                "label": payer.label,
                **_group(payer.whole, expectations),
                "months": _months(payer.months, expectations),
            }
            for payer in profile.payers
        ],
    }
    return record | {"expectations": expectations.records()}


class _Expectations:
    """Every decision once, in the order of first mention: months mostly repeat the one before."""

    def __init__(self) -> None:
        self.numbers: dict[int, tuple[int, Decision]] = {}
        """By identity: the policy table has one object for one answer."""

    def of(self, expected: Mapping[str, Sequence[Decision]]) -> dict[str, list[int]]:
        return {
            name: [
                self.numbers.setdefault(id(one), (len(self.numbers) + 1, one))[0]
                for one in decisions
            ]
            for name, decisions in expected.items()
        }

    def records(self) -> list[dict[str, Any]]:
        return [_expectation(number, decision) for number, decision in self.numbers.values()]


def _expectation(number: int, decision: Decision) -> dict[str, Any]:
    cited, other = decision.source, decision.contradicted_by
    return {
        "number": number,
        "payer": decision.payer,
        "hcpcs_code": decision.code,
        "parameter": decision.parameter,
        "status": decision.status.value,
        "value": plain(decision.value),
        "reason": None if decision.status is Status.VALUE else decision.reason(),
        "first_day": _plain(decision.first_day),
        "level": None if decision.level is None else decision.level.value,
        "decided_by": decision.decided_by or None,
        "source": cited.record() if cited else None,
        "contradicted_by": other.record() if other else None,
    }


def _months(
    months: Sequence[tuple[date | None, Group]], expectations: _Expectations
) -> list[dict[str, Any]]:
    return [
        {"month": None if first is None else f"{first:%Y-%m}", **_group(group, expectations)}
        for first, group in months
    ]


def _group(group: Group, expectations: _Expectations) -> dict[str, Any]:
    return {
        **_measures(group.measures),
        "codes": [
            {
                "hcpcs_code": code.code,
                **_measures(code.measures),
                "with_26": _plain(code.with_26),
                "with_tc": _plain(code.with_tc),
                "expected": expectations.of(code.expected),
            }
            for code in group.codes
        ],
        "sites": [
            {
                "place_of_service_code": site.place,
                "lines": site.typical.lines,
                "share": _plain(site.share),
                "typical": _plain(site.typical),
                "accepted": _plain(site.accepted),
            }
            for site in group.sites
        ],
        "findings": [
            {
                "rule": finding.rule,
                "title": finding.title,
                "severity": finding.severity.value,
                "lines": _plain(finding.share),
            }
            for finding in group.findings
        ],
    }


def _measures(measures: Measures) -> dict[str, Any]:
    values = {field.name: _plain(getattr(measures, field.name)) for field in fields(measures)}
    compared = {name: values.pop(field) for field, name in _COMPARED.items()}
    if not measures.compared:
        compared |= {"charges": None, "fees": None}
    return values | {"compared_with_fee": compared | {"times_fee": measures.times_fee}}


def _plain(value: Any) -> Any:
    if isinstance(value, Share):
        return {"part": value.part, "known": value.known, "of": value.lines, "value": value.value}
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else value
