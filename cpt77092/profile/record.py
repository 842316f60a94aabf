"""The benchmarks of a batch as plain values, whose keys are the names of the fields.

A share that is known of no line is null, and amounts are text, so that no cent is lost. What was
expected of a code is given as numbers into the list of all expectations, from 1.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from cpt77092 import __version__
from cpt77092.policies import Decision, Status
from cpt77092.policies.value_text import plain
from cpt77092.profile.measures import Profile, Share


def profile_record(profile: Profile) -> dict[str, Any]:
    """All benchmarks."""
    expected: dict[int, tuple[int, Decision]] = {}
    record = {"program": "cpt77092", "version": __version__, **_plain(profile, expected)}
    return record | {"expectations": [_expectation(*one) for one in expected.values()]}


def _plain(value: Any, expected: dict[int, tuple[int, Decision]]) -> Any:
    """A value of a profile as JSON has it.

    `expected` has every decision so far with its number, by identity, since the policy table has
    one object for one answer.
    """
    if isinstance(value, Decision):
        return expected.setdefault(id(value), (len(expected) + 1, value))[0]
    if isinstance(value, Share):
        return {"part": value.part, "known": value.known, "of": value.lines, "value": value.value}
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, dict):
        return {name: _plain(one, expected) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one, expected) for one in value]
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else value


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
        "first_day": decision.first_day.isoformat() if decision.first_day else None,
        "level": decision.level.value if decision.level else None,
        "decided_by": decision.decided_by or None,
        "source": cited.record() if cited else None,
        "contradicted_by": other.record() if other else None,
    }
