"""Reads a policy file in which everything is as it must be, without Pydantic.

Every run reads the packaged policies, and loading Pydantic with their model takes longer than all
that a short check does with them. So a file is read here first. What is not plainly right is not
judged here: Pydantic reads the file then, and its errors say what to mend.

A test holds that what is read here is what Pydantic reads, and that nothing is that it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from cpt77092.policies import parameters
from cpt77092.policies.code_groups import GROUPS
from cpt77092.policies.parameters import PARAMETERS, SUBJECTS, ByPart, Kind, Pair, Use
from cpt77092.reference.codes import CHECKED
from cpt77092.reference.sources import Confidence


class _NotPlain(Exception):  # noqa: N818 - no error, as Pydantic may take it
    """Something is wrong, or needs a closer look."""


def read_sound(tree: dict[str, Any]) -> SimpleNamespace | None:
    """The file as a record with the fields of `schema.PolicyFile`; None where Pydantic must look.

    Args:
        tree: the file as dicts, lists and text.
    """
    try:
        return _file(tree)
    except (_NotPlain, ValueError):  # no member of a choice, no day
        return None


def _file(tree: dict[str, Any]) -> SimpleNamespace:
    _known(
        tree, ("payer", "label", "matches", "follows", "checked_on", "sources", "codes", "brief")
    )
    codes = _dict(tree.get("codes", {}))
    _known(codes, _CODES)
    brief = _dict(tree.get("brief", {}))
    _known(brief, SUBJECTS)
    return SimpleNamespace(
        payer=_key(tree.get("payer")),
        label=_optional(tree, "label", _text),
        matches=_matches(tree.get("matches", {})),
        follows=_optional(tree, "follows", _key),
        checked_on=_optional(tree, "checked_on", parameters.read_day),
        sources=_sources(tree.get("sources", {})),
        codes={code: _of_code(given) for code, given in codes.items()},
        brief={subject: _statements(given) for subject, given in brief.items()},
    )


def _matches(given: Any) -> SimpleNamespace:
    record = _dict(given)
    _known(record, ("names", "payer_ids", "unless"))
    return SimpleNamespace(
        names=tuple(map(_text, _list(record.get("names", [])))),
        payer_ids=tuple(map(_text, _list(record.get("payer_ids", [])))),
        unless=tuple(map(_text, _list(record.get("unless", [])))),
    )


def _sources(given: Any) -> str | dict[str, Any]:
    if isinstance(given, str):
        return _text(given)
    return {_key(key): _source(entry) for key, entry in _dict(given).items()}


def _source(given: Any) -> str | SimpleNamespace:
    if isinstance(given, str):
        return _text(given)
    record = _dict(given)
    _known(record, ("title", "at", "url", "retrieved", "confidence"))
    return SimpleNamespace(
        title=_text(record.get("title")),
        at=_str(record.get("at", "")),
        url=_str(record.get("url", "")),
        retrieved=_optional(record, "retrieved", parameters.read_day),
        confidence=Confidence(_str(record.get("confidence"))),
    )


def _of_code(given: Any) -> SimpleNamespace:
    record = _dict(given)
    _known(record, PARAMETERS)
    stated = {name: _dated(name, entries) for name, entries in record.items()}
    return SimpleNamespace(**(dict.fromkeys(PARAMETERS) | stated))


def _dated(name: str, given: Any) -> dict[Any, SimpleNamespace]:
    return {parameters.read_day(day): _entry(name, entry) for day, entry in _dict(given).items()}


def _entry(name: str, given: Any) -> SimpleNamespace:
    record = _dict(given)
    _known(record, ("value", "ended", "not_available", "source", "note", "contradicted_by"))
    if len(record.keys() & {"value", "ended", "not_available"}) != 1:
        raise _NotPlain
    if record.get("ended", "true") != "true":
        raise _NotPlain
    return SimpleNamespace(
        value=_value(name, record["value"]) if "value" in record else None,
        ended=record.get("ended"),
        not_available=_optional(record, "not_available", _text),
        source=_optional(record, "source", _str),
        note=_str(record.get("note", "")),
        contradicted_by=_optional(record, "contradicted_by", _str),
    )


def _statements(given: Any) -> SimpleNamespace | tuple[SimpleNamespace, ...]:
    if not isinstance(given, list):
        return _statement(given)
    if not given:
        raise _NotPlain
    return tuple(map(_statement, given))


def _statement(given: Any) -> SimpleNamespace:
    record = _dict(given)
    _known(record, ("text", "source"))
    return SimpleNamespace(text=_text(record.get("text")), source=_optional(record, "source", _str))


# Values


def _value(name: str, given: Any) -> Any:
    parameter = PARAMETERS[name]
    if parameter.kind is Kind.CHOICE:
        return _one_of(parameter.choices, given)
    return _READERS[parameter.kind](given)


def _flag(given: Any) -> bool:
    return _one_of(("false", "true"), given) == "true"


def _count(given: Any) -> int:
    count = int(_fitting(r"0|[1-9]\d{0,4}", given))
    if count > parameters.MOST:
        raise _NotPlain
    return count


def _dollars(given: Any) -> Decimal:
    return Decimal(_fitting(r"(?:0|[1-9]\d{0,6})(?:\.\d{1,2})?", given))


def _units(given: Any) -> Decimal:
    return Decimal(_fitting(r"(?:0|[1-9]\d{0,4})(?:\.\d{1,2})?", given))


def _amount(whole: Callable[[Any], Decimal]) -> Callable[[Any], Decimal | ByPart]:
    """The reader of an amount that may be told by part."""

    def read(given: Any) -> Decimal | ByPart:
        if not isinstance(given, dict):
            return whole(given)
        _known(given, ("whole", "professional", "technical"))
        return ByPart(
            whole=_units(given.get("whole")),
            professional=_optional(given, "professional", _units),
            technical=_optional(given, "technical", _units),
        )

    return read


def _list_of(pattern: str) -> Callable[[Any], tuple[str, ...]]:
    """The reader of a list of texts of one form."""
    return lambda given: tuple(_fitting(pattern, text) for text in _list(given))


def _couples(given: Any) -> tuple[tuple[str, ...], ...]:
    couples = tuple(map(_list_of(parameters.MODIFIER), _list(given)))
    if any(len(couple) != 2 for couple in couples):
        raise _NotPlain
    return couples


def _pairs(given: Any) -> tuple[Pair, ...]:
    pairs = tuple(map(_pair, _list(given)))
    if len({pair.with_ for pair in pairs}) != len(pairs):
        raise _NotPlain
    return pairs


def _pair(given: Any) -> Pair:
    record = _dict(given)
    _known(record, ("with", "denied", "bypass"))
    return Pair(
        with_=_fitting(parameters.PROCEDURE, record.get("with")),
        denied=_fitting(parameters.PROCEDURE, record.get("denied")),
        bypass=_flag(record.get("bypass")),
    )


_READERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.FLAG: _flag,
    Kind.USE: lambda given: Use(_str(given)),
    Kind.COUNT: _count,
    Kind.PERIOD: lambda given: _fitting(parameters.PERIOD, given),
    Kind.PAYMENT: _amount(_dollars),
    Kind.RELATIVE_VALUE: _amount(_units),
    Kind.MODIFIERS: _list_of(parameters.MODIFIER),
    Kind.MODIFIER_COUPLES: _couples,
    Kind.PLACES: _list_of(parameters.PLACE),
    Kind.DIAGNOSES: _list_of(parameters.DIAGNOSIS),
    Kind.FREQUENCIES: _list_of(parameters.FREQUENCY),
    Kind.PAIRS: _pairs,
}
_CODES = frozenset({*GROUPS, *CHECKED})


# Shapes


def _known(record: dict[str, Any], keys: Any) -> None:
    if not all(key in keys for key in record):
        raise _NotPlain


def _dict(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _NotPlain
    return given


def _list(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise _NotPlain
    return given


def _str(given: Any) -> str:
    if not isinstance(given, str):
        raise _NotPlain
    return given


def _text(given: Any) -> str:
    text = _str(given).strip()
    if not text:
        raise _NotPlain
    return text


def _key(given: Any) -> str:
    return _fitting(parameters.KEY, given)


def _fitting(pattern: str, given: Any) -> str:
    text = _str(given)
    if not re.fullmatch(pattern, text, re.ASCII):
        raise _NotPlain
    return text


def _one_of(choices: tuple[str, ...], given: Any) -> str:
    if _str(given) not in choices:
        raise _NotPlain
    return str(given)


def _optional(record: dict[str, Any], key: str, read: Callable[[Any], Any]) -> Any:
    return read(record[key]) if key in record else None
