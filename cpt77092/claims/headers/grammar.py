"""The wordings of `headers.yaml`: which columns a header may mean, by its words alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from functools import cache, lru_cache
from typing import Any

from cpt77092.claims.headers.words import Words, compact, vocabulary
from cpt77092.frozen import frozen

_ALL_RANKED = frozenset({"primary", "principal", "secondary", "tertiary", "additional"})
"""Words that number the members of a set."""
SETS = frozenset({"modifiers", "diagnoses"})
"""Concepts of which a line has several."""
_OF_CHANGES = frozenset({"date", "time"})
"""Words beside which MOD is no modifier, but when a row was changed."""
STRANGE_RANK = 100
"""Added to the rank of a wording where the header has a strange word too."""
_MAY_BE_STRANGE = frozenset({"hcpcs", "modifiers", "diagnoses", "place", "sex", ""})
"""Kinds of cells that no other column has, and columns that only name a claim or a person: there
one strange word does no harm."""
MARKS = "?=~!"


@frozen
class Wording:
    """Words that together name a column."""

    words: frozenset[str]
    rank: int
    mark: str = ""
    """`?` if its cells do not disagree, `=` if they agree, `~` is never sure, `!` is asked for."""
    unless: str = ""
    """Not where another header of the file has this word."""
    company: frozenset[str] = frozenset()
    """An asked wording is used where another header says these words."""


@frozen
class Concept:
    """One canonical column, or one numbered set of them, as headers name it."""

    name: str
    cells: str
    wordings: tuple[Wording, ...]
    extra: frozenset[str]
    looks: frozenset[str]
    takes_first: bool
    takes_plainest: bool
    is_witness: bool
    """It supports or contradicts another column, and each header of several may say more."""
    is_whole: bool
    """Of a numbered set of headers none is used."""
    despite: frozenset[str] = frozenset()
    """Words that rule out other columns, and add nothing here."""

    @property
    def own_name(self) -> Wording:
        """The column's canonical name, which is believed whatever its cells hold."""
        return Wording(frozenset(self.name.split("_")), rank=-1)

    def wording(self, words: Words) -> Wording | None:
        """The wording that covers most of a header, all of whose other words may be there too."""
        known = words.known - self.despite
        known -= _ALL_RANKED if self.name in SETS else frozenset()
        fitting = [
            wording
            for wording in self.wordings
            if wording.words <= known and known - wording.words <= self.extra
        ]
        return max(fitting, key=lambda w: (len(w.words), -w.rank), default=None)


@frozen
class Candidate:
    """A header that may mean a column."""

    header: str
    words: Words
    wording: Wording = field(repr=False)

    @property
    def rank(self) -> int:
        """How well it says so; less is better."""
        return self.wording.rank + STRANGE_RANK * bool(self.words.strange)

    @property
    def more(self) -> int:
        """How many words it has besides."""
        return len(self.words.known - self.wording.words)


@cache
def concepts() -> tuple[Concept, ...]:
    """Every column and set, in the order in which they choose their headers."""
    return tuple(concept_of(name, entry) for name, entry in vocabulary().tree.items())


def concept_of(name: str, entry: Mapping[str, Any]) -> Concept:
    """A concept from its entry in a file of headers."""
    unless, company = entry.get("unless", {}), entry.get("company", {})
    wordings = []
    for rank, group in enumerate(entry["wordings"].split(",")):
        for text in map(str.strip, group.split("|")):
            words = text.lstrip(MARKS)
            mark = text[: len(text) - len(words)]
            others = frozenset(company.get(words, "").split())
            wordings.append(
                Wording(frozenset(words.split()), rank, mark, unless.get(words, ""), others)
            )
    return Concept(
        name,
        entry.get("cells", ""),
        tuple(wordings),
        frozenset(entry["with"].split()),
        frozenset(entry.get("looks", "").split()),
        takes_first="first" in entry,
        takes_plainest="plainest" in entry,
        is_witness="witness" in entry,
        is_whole="whole" in entry,
        despite=vocabulary().despite.union(entry.get("despite", "").split()),
    )


def candidates_of(header: str, words: Words) -> Iterator[tuple[Concept, Candidate]]:
    """Each concept that a header may mean."""
    plain = compact(header)
    for concept, wording in _wordings_of(words):
        is_its_name = not words.is_copy and plain == concept.name.replace("_", "")
        yield concept, Candidate(header, words, concept.own_name if is_its_name else wording)


@lru_cache(maxsize=4096)
def _wordings_of(words: Words) -> tuple[tuple[Concept, Wording], ...]:
    never = words.known & vocabulary().never
    if not words.known or len(words.strange) > 1:
        return ()
    allowed = (concept for concept in concepts() if never <= concept.despite)
    wordings = ((concept, concept.wording(words)) for concept in allowed)
    return tuple(
        (concept, wording)
        for concept, wording in wordings
        if wording and (not words.strange or concept.cells in _MAY_BE_STRANGE)
    )


def lookalike(words: Words, read: Collection[str]) -> tuple[str, str] | None:
    """What an unused header looks like: its column or set and the word for it, or nothing.

    Args:
        words: what it says.
        read: columns that are read from other headers: nothing more is looked for there.
    """
    if words.known & vocabulary().never:
        return None
    for concept in concepts():
        looks = words.known & concept.looks
        is_modifier = concept.name == "modifiers" and not words.known & _OF_CHANGES
        if not looks or (concept.name in read and not is_modifier):
            continue
        if is_modifier or words.known <= concept.extra.union(*(w.words for w in concept.wordings)):
            return concept.name, min(looks)
    return None
