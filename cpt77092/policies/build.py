"""Builds a `Policy` from the parsed tree of a valid policy file.

Packaged files are valid, which a test proves; the files of users are checked before they come here.
The values built here are those that the models of `schema` read, which a test proves too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from cpt77092.policies.parameters import PARAMETERS, ByPart, Kind, Pair, Use, expand, specificity
from cpt77092.policies.policy import (
    DatedValue,
    EntryKind,
    Matches,
    Overridden,
    Policy,
    Where,
)
from cpt77092.policies.yaml_lines import Lines
from cpt77092.reference.sources import Confidence, Source

PLAIN_SOURCE = "this file"
"""Key of the only source of a file whose `sources` is a plain sentence."""
TRUE_WORDS = frozenset({"true", "yes", "on", "y", "t", "1"})
"""What Pydantic, too, reads as true."""


Entry = dict[str, Any]
"""What is under one date of a parameter; all but `value` is text."""
Values = dict[tuple[str, str], tuple[DatedValue, ...]]
"""Entries by code and parameter."""
Statement = dict[str, str]
"""One statement under a subject of `brief`: `text`, and `source` where it has one."""


def build_policy(tree: Mapping[str, Any], lines: Lines, file: str) -> Policy:
    """The policy of one file, from its valid tree; lines and path are for messages.

    The tree is the file as parsed: mappings, lists and text. `schema.PolicyFile` has its keys.
    """
    return _Builder(tree, lines, file).policy()


class _Builder:
    def __init__(self, tree: Mapping[str, Any], lines: Lines, file: str) -> None:
        self.tree = tree
        self.lines = lines
        self.file = file
        self.sources = _sources(tree.get("sources", {}))

    def policy(self) -> Policy:
        tree = self.tree
        values, overridden = self._values()
        heads = [("payer",), ("checked_on",), *(("sources", key) for key in self.sources)]
        return Policy(
            payer=tree["payer"],
            label=tree.get("label", tree["payer"]).strip(),
            matches=_matches(tree.get("matches", {})),
            follows=tree.get("follows"),
            checked_on=date.fromisoformat(tree["checked_on"]) if "checked_on" in tree else None,
            values=values,
            brief={key: self._statements(stated) for key, stated in tree.get("brief", {}).items()},
            sources=self.sources,
            where={path: self._where(path) for path in heads},
            overridden=overridden,
        )

    def _where(self, path: tuple[str, ...]) -> Where:
        return Where(self.file, self.lines.at(path))

    def _statements(
        self, stated: Statement | list[Statement]
    ) -> tuple[tuple[str, Source | None], ...]:
        statements = stated if isinstance(stated, list) else [stated]
        return tuple((one["text"].strip(), self._source(one.get("source"))) for one in statements)

    def _values(self) -> tuple[Values, tuple[Overridden, ...]]:
        """Entries by code and parameter, and what a more specific key overrides."""
        values: Values = {}
        key_of: dict[tuple[str, str], str] = {}
        overridden: list[Overridden] = []
        for code_key, parameter, dated in self._stated():
            cells = [(code, parameter) for code in sorted(expand(code_key))]
            entries = tuple(self._entry(code_key, parameter, *entry) for entry in dated.items())
            for less_specific in sorted({key_of[cell] for cell in cells if cell in key_of}):
                hidden = [cell for cell in cells if key_of.get(cell) == less_specific]
                overridden.append(
                    Overridden(
                        parameter=parameter,
                        codes=frozenset(code for code, _ in hidden),
                        key=less_specific,
                        by_key=code_key,
                        entries=values[hidden[0]],
                        by=entries,
                    )
                )
            values |= dict.fromkeys(cells, entries)
            key_of |= dict.fromkeys(cells, code_key)
        return values, tuple(overridden)

    def _stated(self) -> Iterator[tuple[str, str, dict[str, Entry]]]:
        """Each key of `codes`, a parameter under it and its entries; the most specific last."""
        codes: dict[str, dict[str, dict[str, Entry]]] = self.tree.get("codes", {})
        for code_key in sorted(codes, key=specificity):
            for parameter in PARAMETERS:
                if parameter in codes[code_key]:
                    yield code_key, parameter, codes[code_key][parameter]

    def _entry(self, code_key: str, parameter: str, day: str, entry: Entry) -> DatedValue:
        states = next((one for one in EntryKind if one.value in entry), EntryKind.VALUE)
        other = entry.get("contradicted_by")
        return DatedValue(
            first_day=date.fromisoformat(day),
            kind=states,
            value=read_value(parameter, entry["value"]) if states is EntryKind.VALUE else None,
            source=self._source(entry.get("source")),
            note=entry.get("not_available", "").strip() or entry.get("note", ""),
            contradicted_by=self.sources[other] if other else None,
            where=self._where(("codes", code_key, parameter, day)),
        )

    def _source(self, key: str | None) -> Source | None:
        return self.sources.get(PLAIN_SOURCE if key is None else key)


def _sources(stated: str | Mapping[str, str | dict[str, str]]) -> dict[str, Source]:
    if isinstance(stated, str):
        return {PLAIN_SOURCE: _source(stated)}
    return {key: _source(entry) for key, entry in stated.items()}


def _source(entry: str | dict[str, str]) -> Source:
    # A plain sentence does not say that anybody read the text, so it is no primary source.
    if isinstance(entry, str):
        return Source(title=entry.strip(), confidence=Confidence.SECONDARY)
    return Source(
        title=entry["title"].strip(),
        at=entry.get("at", ""),
        url=entry.get("url", ""),
        retrieved=entry.get("retrieved", ""),
        confidence=Confidence(entry["confidence"]),
        until=date.fromisoformat(entry["until"]) if "until" in entry else None,
        sha256=entry.get("sha256", ""),
    )


def _matches(tree: Mapping[str, Any]) -> Matches:
    lists = {key: _stripped(texts) for key, texts in tree.items() if isinstance(texts, list)}
    return Matches(
        **lists,
        part_of=tree.get("part_of"),
        any_words=_flag(tree.get("any_words", "false")),
        states={code: _stripped(texts) for code, texts in tree.get("states", {}).items()},
        others={kind: _matches(one) for kind, one in tree.get("others", {}).items()},
    )


def _stripped(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts)


def _amount(value: str | dict[str, str]) -> Decimal | ByPart:
    if isinstance(value, str):
        return Decimal(value)
    return ByPart(**{part: Decimal(amount) for part, amount in value.items()})


def _pairs(value: list[dict[str, str]]) -> tuple[Pair, ...]:
    return tuple(
        Pair(with_=pair["with"], denied=pair["denied"], bypass=_flag(pair["bypass"]))
        for pair in value
    )


def _flag(value: str) -> bool:
    return value.lower() in TRUE_WORDS


def read_value(parameter: str, value: Any) -> Any:
    """A value of a parameter as the program holds it, from its valid text, lists and mappings."""
    return _READERS[PARAMETERS[parameter].kind](value)


_READERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.FLAG: _flag,
    Kind.USE: Use,
    Kind.CHOICE: str,
    Kind.COUNT: int,
    Kind.PERIOD: str,
    Kind.PAYMENT: _amount,
    Kind.RELATIVE_VALUE: _amount,
    Kind.MODIFIERS: tuple,
    Kind.MODIFIER_COUPLES: lambda couples: tuple(map(tuple, couples)),
    Kind.PLACES: tuple,
    Kind.DIAGNOSES: tuple,
    Kind.FREQUENCIES: tuple,
    Kind.PAIRS: _pairs,
}
