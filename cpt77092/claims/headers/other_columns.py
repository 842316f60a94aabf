"""Which headers mean what the claim contract has not: a remittance's payment, a bill type.

The concepts are in a file of their own (`remittance.yaml`, `institutional.yaml`), whose words are
read as those of claim files are. `match_headers` reads the headers that are left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files

import yaml

from cpt77092.claims.headers.grammar import Concept, concept_of
from cpt77092.claims.headers.words import Words, compact, read_words
from cpt77092.frozen import frozen


@frozen
class Grammar:
    """The concepts of one file."""

    same: Mapping[str, str]
    """Spelling to the word that it stands for here."""
    never: frozenset[str]
    sets: frozenset[str]
    concepts: tuple[Concept, ...]

    def words(self, header: str) -> Words:
        """What a header means, with words that claim files do not have."""
        read = read_words(header)
        words = {*read.known, *(word for word in read.strange if word.isalpha())}
        return replace(read, known=frozenset(self.same.get(word, word) for word in words))


@cache
def _grammar(name: str) -> Grammar:
    """Read a file, once."""
    folder = files("cpt77092.claims.headers")
    text = folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    tree = yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 - builds text only
    same = {other: word for word, others in tree["same"].items() for other in others.split()}
    return Grammar(
        same,
        frozenset(word for line in tree["never"] for word in line.split()),
        frozenset(tree["sets"].split()),
        tuple(concept_of(name, entry) for name, entry in tree["columns"].items()),
    )


def other_columns(grammar: str, headers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The headers of each column that a grammar has, in the order of the file.

    Args:
        grammar: the name of its file: `remittance` or `institutional`.
        headers: a name for each column in order, and its header as it is written.

    Returns:
        Column to the names of its headers: one, or several of a column of `sets`.
    """
    known = _grammar(grammar)
    words = {name: known.words(header) for name, header in headers.items()}
    taken: set[str] = set()
    chosen: dict[str, tuple[str, ...]] = {}
    for concept in known.concepts:
        ranked = [
            (rank, name)
            for name, read in words.items()
            if name not in taken
            and not read.known & known.never
            and (rank := _rank(concept, headers[name], read)) is not None
        ]
        if not ranked:
            continue
        best = min(rank for rank, _ in ranked)
        names = [name for rank, name in ranked if rank == best or concept.name in known.sets]
        chosen[concept.name] = tuple(names if concept.name in known.sets else names[:1])
        taken.update(chosen[concept.name])
    return chosen


def _rank(concept: Concept, header: str, words: Words) -> int | None:
    """How well a header means a column, less being better; None where it does not."""
    if compact(header) == compact(concept.name):
        return -1
    wording = concept.wording(words)
    return None if wording is None else wording.rank
