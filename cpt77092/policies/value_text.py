"""A policy's values and codes as a person reads them, and values as JSON has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from decimal import Decimal
from enum import Enum
from typing import Any

from cpt77092.policies.parameters import PARAMETERS, ByPart, Kind, Pair
from cpt77092.policies.resolve import Decision, Status
from cpt77092.reference.codes import CHECKED, COMPANIONS, FAMILY
from cpt77092.reference.sources import Source
from cpt77092.text import dollars


def value_text(decision: Decision) -> str:
    """A decision's value as a person reads it, or why there is none."""
    if decision.status is Status.ENDED:
        return f"ended on {decision.first_day}"
    if decision.status is Status.NOT_YET:
        return f"no published rule found before {decision.first_day}"
    if decision.status is Status.NOT_AVAILABLE:
        return "no published rule found"
    return text_of_value(decision.parameter, decision.value)


def text_of_value(parameter: str, value: Any) -> str:
    """A value of a parameter as a person reads it."""
    return _text(value, is_money=PARAMETERS[parameter].kind is Kind.PAYMENT)


def value_with_unit(decision: Decision) -> str:
    """The same with what its number counts: `1 unit`, `$10.02 per unit`."""
    if decision.status is not Status.VALUE:
        return value_text(decision)
    unit = PARAMETERS[decision.parameter].unit.removeprefix("dollars ")
    if decision.value == 1:
        unit = unit.removesuffix("s")
    return f"{value_text(decision)} {unit}".rstrip()


def position_text(decision: Decision) -> str:
    """`modifier 26: accepted since 2026-01-01`, on one line."""
    since = f" since {decision.first_day}" if decision.status is Status.VALUE else ""
    return f"{subject_of(decision.parameter)}: {short_value(decision)}{since}"


def subject_of(parameter: str) -> str:
    """What a parameter is about, without the remark in brackets that follows some of them."""
    return PARAMETERS[parameter].description.partition(" (")[0]


_SHORT = 30
"""Characters of a list that is shown whole on one line."""


def short_value(decision: Decision) -> str:
    """The same on one line: of pairs the other codes, of a long list the first three members."""
    members = decision.value
    if not isinstance(members, tuple):
        return value_with_unit(decision)
    short = tuple(one.with_ if isinstance(one, Pair) else one for one in members)
    text = _text(short, is_money=False)
    if len(text) <= _SHORT:
        return text
    return f"{_text(short[:3], is_money=False)}, ... ({len(short)})"


def _text(value: Any, *, is_money: bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Pair):
        bypass = "may be bypassed" if value.bypass else "no bypass"
        return f"{value.with_} ({value.denied} denied, {bypass})"
    if isinstance(value, ByPart):
        components = (("26", value.professional), ("TC", value.technical))
        amounts = [(modifier, amount) for modifier, amount in components if amount is not None]
        texts = [f"{modifier} {_text(amount, is_money=is_money)}" for modifier, amount in amounts]
        total = _text(value.whole, is_money=is_money)
        return f"{total} ({', '.join(texts)})" if texts else total
    if isinstance(value, tuple):
        return ", ".join(
            " with ".join(member) if isinstance(member, tuple) else _text(member, is_money=False)
            for member in value
        )
    if isinstance(value, Decimal) and is_money:
        return dollars(value)
    return str(value).replace("_", " ")


def codes_text(codes: Iterable[str]) -> str:
    """Codes as a person names them."""
    groups = {CHECKED: "all codes", FAMILY: "the four TBS codes", COMPANIONS: "bone-density codes"}
    return groups.get(frozenset(codes), ", ".join(codes))


def cited(decision: Decision) -> tuple[Source, ...]:
    """The source of a decision and the one that contradicts it, as far as there are any."""
    return tuple(filter(None, (decision.source, decision.contradicted_by)))


def plain(value: Any) -> Any:
    """A policy value as JSON has it; amounts are text, so that no cent is lost."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Pair):
        return {"with": value.with_, "denied": value.denied, "bypass": value.bypass}
    if isinstance(value, ByPart):
        return {key: str(part) for key, part in asdict(value).items() if part is not None}
    if isinstance(value, tuple):
        return [plain(member) for member in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def members_text(members: Iterable[Any]) -> str:
    """Members of a list as a person reads them: `M81.0, M80.-`."""
    return _text(tuple(members), is_money=False)
