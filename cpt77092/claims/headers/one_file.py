"""The headers of one file together: what all of them share, and which are copies of one another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cpt77092.claims.headers.words import Words, compact, read_tokens, read_words, tokens, word_of

LEAST_SHARED = 4
"""Fewer headers than these share a prefix by chance."""
_COPY = re.compile(r"^(?P<base>.+?)(?:\.(?P<pandas>\d+)|_duplicated_(?P<polars>\d+))$")
_POSITION = re.compile(r"^(?P<base>.*?)\.\.\.(?P<at>\d+)$")


def read_headers(headers: Mapping[str, str]) -> dict[str, Words]:
    """What each header of a file says, by its name.

    Args:
        headers: a name for each column in order, and its header as it is written.
    """
    bases = _without_copies(headers)
    shared = _shared_prefix([tokens(base) for base, _ in bases.values()])
    tables = _table_names([tokens(base) for base, _ in bases.values()])
    words: dict[str, Words] = {}
    for name, (base, place) in bases.items():
        parts = tokens(base)
        rest = parts[_common(parts, shared) :]
        read = read_tokens(rest) if rest != parts else read_words(base)
        if rest[:1] and rest[0] in tables and len(rest) > 1:
            read = replace(read_tokens(rest[1:]), guesses=(f"{rest[0]} is left out",))
        if not read.known:
            read = read_words(base)
        words[name] = read if place is None else replace(read, ordinal=place, is_copy=True)
    return words


def _without_copies(headers: Mapping[str, str]) -> dict[str, tuple[str, int | None]]:
    """Each header without the mark of a copy, and its place among headers that are alike.

    Equal headers are told apart by their place, as are those that a program made unlike:
    Modifier, Modifier.1 (pandas), Modifier_duplicated_0 (Polars), Modifier...6 (readr).
    """
    written = {compact(header) for header in headers.values()}
    bases: dict[str, str] = {}
    for name, header in headers.items():
        copy, position = _COPY.match(header), _POSITION.match(header)
        is_copy = copy is not None and compact(copy["base"]) in written
        match = copy if is_copy else position
        bases[name] = match["base"] if match else header
    alike: dict[str, list[str]] = {}
    for name, base in bases.items():
        alike.setdefault(base.strip().casefold(), []).append(name)
    places = {
        name: at
        for names in alike.values()
        if len(names) > 1
        for at, name in enumerate(names, start=1)
    }
    return {name: (base, places.get(name)) for name, base in bases.items()}


def _shared_prefix(headers: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The tokens with which the headers of a file begin: those of its table or report.

    Nearly all headers must begin with a word that we know, and half of them with one we do not.
    """
    shared: tuple[str, ...] = ()
    filled = [parts for parts in headers if parts]
    while len(filled) >= LEAST_SHARED:
        first, count = Counter(parts[0] for parts in filled).most_common(1)[0]
        share = 0.5 if not word_of(first) and not first.isdigit() else 0.95
        if count < max(share * len(filled), LEAST_SHARED):
            break
        shared += (first,)
        filled = [parts[1:] for parts in filled if parts[0] == first and len(parts) > 1]
    return shared


def _table_names(headers: Sequence[tuple[str, ...]]) -> frozenset[str]:
    """Short words that we do not know and with which several headers begin: MI_Person_key."""
    firsts = Counter(parts[0] for parts in headers if len(parts) > 1)
    return frozenset(
        token
        for token, count in firsts.items()
        if count > 1 and 1 < len(token) < 5 and token.isalpha() and not word_of(token)
    )


def _common(parts: Sequence[str], shared: Sequence[str]) -> int:
    """How many tokens a header has in common with the shared prefix."""
    differ = (n for n, (a, b) in enumerate(zip(parts, shared, strict=False)) if a != b)
    return next(differ, min(len(parts), len(shared)))
