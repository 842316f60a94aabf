"""Medicare's fees of one locality: dated values of the policy, computed from imported tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from cpt77092.errors import UsageError, did_you_mean
from cpt77092.policies.load import laid_over, with_amounts_carried_on
from cpt77092.policies.parameters import ByPart
from cpt77092.policies.policy import DatedValue, EntryKind, PolicySet
from cpt77092.policies.resolve import Decision
from cpt77092.reference.localities import (
    Locality,
    RelativeValues,
    localities,
    payment,
    relative_values,
)
from cpt77092.text import gathered

_MEDICARE = "medicare"
_FEE = "fee"
_AT = "locality "
"""Begins the place in the source of a locality's fee."""
_PARTS = {"": "whole", "26": "professional", "TC": "technical"}


def with_locality(policies: PolicySet, wanted: str) -> PolicySet:
    """The policies with Medicare's fees of a locality, on the days that the tables cover.

    Args:
        policies: with the tables of the user's folder.
        wanted: contractor and locality number (`10112-00`), or the locality's name.

    Raises:
        UsageError: there are no tables, or they have no such locality.
    """
    values = relative_values(policies.tables)
    every = localities(policies.tables)
    if not values or not every:
        raise UsageError(
            f"--locality {wanted}: no fees by locality are on file; get the zip with PPRRVU and "
            f"GPCI (rvu26d.zip) from cms.gov, then: scrub policies import ZIP --policies FOLDER"
        )
    key = _key(every, wanted)
    own = [one for one in every if one.key == key]
    medicare = policies[_MEDICARE]
    of_locality = gathered(_entries(values, own))
    fees = {
        (code, _FEE): laid_over(
            tuple(e for e in medicare.values.get((code, _FEE), ()) if not e.is_carried_on),
            tuple(entries),
        )
        for code, entries in of_locality.items()
    }
    changed = with_amounts_carried_on(replace(medicare, values={**medicare.values, **fees}))
    return replace(
        policies,
        policies={**policies.policies, _MEDICARE: changed},
        locality=f"{own[-1].name} ({key})",
    )


def is_of_locality(fee: Decision) -> bool:
    """Whether a fee is that of a locality, and not a national one."""
    return fee.source is not None and fee.source.at.startswith(_AT)


def _key(every: Sequence[Locality], wanted: str) -> str:
    plain = wanted.strip().casefold()
    keys = {one.key for one in every if plain in {one.key, one.name.casefold()}}
    if len(keys) == 1:
        return keys.pop()
    if keys:
        listed = ", ".join(sorted(keys))
        raise UsageError(f"--locality {wanted}: several localities have this name: {listed}")
    names = sorted({one.key for one in every} | {one.name for one in every})
    raise UsageError(
        f"--locality {wanted}: no such locality on file{did_you_mean(wanted, names)}; expected "
        f"contractor and number, as 10112-00, or the name in CMS's GPCI file"
    )


def _entries(
    values: Sequence[RelativeValues], own: Sequence[Locality]
) -> Iterator[tuple[str, DatedValue]]:
    """The fee of each code from each day on which the relative values or the indices change."""
    days = {one.first_day for one in values} | {one.first_day for one in own}
    for day in sorted(days):
        schedule = next((v for v in reversed(values) if v.first_day <= day <= v.last_day), None)
        locality = next((o for o in reversed(own) if o.first_day <= day <= o.last_day), None)
        if schedule is not None and locality is not None:
            for code in sorted({code for code, _ in schedule.by_code}):
                yield code, _entry(code, day, schedule, locality)


def _entry(code: str, day: date, schedule: RelativeValues, locality: Locality) -> DatedValue:
    amounts = {
        part: payment(
            schedule.by_code[code, modifier], locality.indices, schedule.conversion_factor
        )
        for modifier, part in _PARTS.items()
        if (code, modifier) in schedule.by_code
    }
    work, practice_expense, malpractice = locality.indices
    source = replace(
        schedule.source,
        at=f"{_AT}{locality.key} {locality.name}: GPCI of work {work:.3f}, practice expense "
        f"{practice_expense:.3f}, malpractice {malpractice:.3f}; conversion factor "
        f"{schedule.conversion_factor}; {schedule.source.at}",
        until=min(schedule.last_day, locality.last_day),
    )
    value: Decimal | ByPart = ByPart(**amounts) if len(amounts) > 1 else amounts["whole"]
    return DatedValue(first_day=day, kind=EntryKind.VALUE, value=value, source=source)
