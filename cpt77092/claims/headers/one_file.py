"""The headers of one file together: what all of them share, and which are copies of one another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from cpt77092.claims.headers.grammar import candidates_of
from cpt77092.claims.headers.words import (
    Words,
    compact,
    element_of_claim,
    read_tokens,
    read_words,
    tokens,
    word_of,
)
from cpt77092.text import gathered

_TYPED = re.compile(r"[a-z]{1,3}(?=[A-Z])")
LEAST_SHARED = 4
"""Fewer headers than these share a prefix by chance."""
_COPY = re.compile(r"^(?P<base>.+?)(?:\.(?P<pandas>\d+)|_duplicated_(?P<polars>\d+))$")
_OF_LINES = frozenset(
    {
        "charge_amount",
        "claim_line_start_date",
        "modifiers",
        "place_of_service_code",
        "rendering_npi",
        "service_unit_quantity",
    }
)
"""What lines of a row may have, each of its own, besides a code."""
_INDEX = re.compile(r"\[(\d+)\]|\.(\d+)(?=\.)")
_OF_TABLE = re.compile(r"\W*([^\W\d_]+)[.\[](?=\w)")
_POSITION = re.compile(r"^(?P<base>.*?)\.\.\.(?P<at>\d+)$")


def read_headers(headers: Mapping[str, str]) -> dict[str, Words]:
    """What each header of a file says, by its name.

    Args:
        headers: a name for each column in order, and its header as it is written.
    """
    copies = _without_copies(_without_constant_indexes(headers))
    bases = {n: (element_of_claim(base) or base, place) for n, (base, place) in copies.items()}
    cut = {name: tokens(base) for name, (base, _) in bases.items()}
    if any("ii" in parts for parts in cut.values()):
        cut = {name: tuple("1" if p == "i" else p for p in parts) for name, parts in cut.items()}
    of_lines = [parts for parts in cut.values() if _begins_with_line(parts)]
    if len(of_lines) >= LEAST_SHARED and len({parts[1] for parts in of_lines}) > 1:
        cut = {n: _with_line(parts) if parts in of_lines else parts for n, parts in cut.items()}
    if _are_typed(headers.values()):
        cut = {name: parts[1:] for name, parts in cut.items()}
    shared = _shared_prefix([*cut.values()])
    tables = _table_names([*cut.values()], headers.values())
    numbers = _are_numbered([parts[_common(parts, shared) :] for parts in cut.values()])
    words: dict[str, Words] = {}
    for name, (base, place) in bases.items():
        parts = cut[name]
        rest = parts[_common(parts, shared) :]
        rest = rest[1:] if numbers and len(rest) > 1 and rest[0].isdigit() else rest
        read = read_words(base) if rest == tokens(base) else read_tokens(rest)
        of_table = len(rest) > 1 and (
            rest[0] in tables or (word_of(rest[0]) == ("detail",) and not _names_column(read))
        )
        if of_table:
            read = replace(read_tokens(rest[1:]), guesses=(f"{rest[0]} is left out",))
        if rest != parts and not _names_column(read):
            whole = read_words(base)
            read = whole if not read.known or _names_column(whole) else read
        words[name] = read if place is None else replace(read, ordinal=place, is_copy=True)
    return words | _of_blocks(words)


def _of_blocks(words: Mapping[str, Words]) -> dict[str, Words]:
    """Copies that are of several lines of a row: CPT, Mod, Units, CPT, Mod, Units.

    Where the claim's number has copies too, they are two tables side by side.
    """
    alike = gathered(
        (frozenset(concept.name for concept, _ in candidates_of("", read)), name)
        for name, read in words.items()
        if read.is_copy
    )
    codes = alike.get(frozenset({"hcpcs_code"}), [])
    blocks = [
        names
        for columns, names in alike.items()
        if codes and columns & _OF_LINES and not len(names) % len(codes)
    ]
    if not blocks or any("claim_id" in columns for columns in alike):
        return {}
    of_lines: dict[str, Words] = {}
    for names in (codes, *blocks):
        for at, name in enumerate(names):
            line, place = divmod(at, len(names) // len(codes))
            read = replace(words[name], line=line + 1, ordinal=place + 1, is_copy=False)
            of_lines[name] = read
    return of_lines


def _without_constant_indexes(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that are JSON paths, without the indexes in which none differs from another."""
    counted: dict[str, set[str]] = {}
    for header in headers.values():
        for index in _INDEX.finditer(header):
            counted.setdefault(_INDEX.sub("[]", header[: index.start()]), set()).add(index[0])

    def kept(index: re.Match[str]) -> str:
        path = _INDEX.sub("[]", index.string[: index.start()])
        return index[0] if len(counted[path]) > 1 else ""

    return {name: _INDEX.sub(kept, header) for name, header in headers.items()}


def _names_column(words: Words) -> bool:
    return any(candidate.wording.mark != "!" for _, candidate in candidates_of("", words))


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
    alike = gathered((base.strip().casefold(), name) for name, base in bases.items())
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


def _table_names(cut: Sequence[tuple[str, ...]], headers: Collection[str]) -> frozenset[str]:
    """Words that we do not know and that name a table: ins.Payer_ID, Claims[Payer].

    Without such a mark they are short, and several headers begin with them: MI_Person_key.
    """
    firsts = Counter(parts[0] for parts in cut if len(parts) > 1)
    short = {token for token, count in firsts.items() if count > 1 and 1 < len(token) < 5}
    marked = {match[1].casefold() for match in map(_OF_TABLE.match, headers) if match}
    return frozenset(t for t in short | marked if t.isalpha() and not word_of(t))


def _begins_with_line(parts: Sequence[str]) -> bool:
    return len(parts) > 1 and parts[0] == "l" and parts[1].isdigit()


def _with_line(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The words of L2_M1, in a file whose rows hold several lines."""
    return tuple({"l": "line", "m": "modifier"}.get(part, part) for part in parts)


def _are_typed(headers: Collection[str]) -> bool:
    """Whether nearly every header begins with letters for its type: sClaim, dtFrom, curCharge."""
    typed = [match[0] for match in map(_TYPED.match, headers) if match]
    strange = sum(not word_of(letters) for letters in typed)
    return len(typed) >= max(0.9 * len(headers), LEAST_SHARED) and strange * 2 > len(typed)


def _are_numbered(headers: Sequence[tuple[str, ...]]) -> bool:
    """Whether nearly every header begins with a number of its own, that of its field."""
    firsts = [parts[0] for parts in headers if parts and parts[0].isdigit()]
    is_most = len(firsts) >= max(0.8 * len(headers), LEAST_SHARED)
    return is_most and len(set(firsts)) == len(firsts)


def _common(parts: Sequence[str], shared: Sequence[str]) -> int:
    """How many tokens a header has in common with the shared prefix."""
    differ = (n for n, (a, b) in enumerate(zip(parts, shared, strict=False)) if a != b)
    return next(differ, min(len(parts), len(shared)))
