"""The words of a header: spellings, glued words, missing vowels, ordinals and line numbers.

The vocabulary is in `headers.yaml`; this module knows no word of claims but those for numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any
from unicodedata import combining, normalize

import yaml

from cpt77092.frozen import frozen
from cpt77092.text import gathered

LONGEST = 120
"""Longer texts are cells, not headers."""
_TOKEN = re.compile(
    r"\d+(?:[sS][tT]|[nN][dD]|[rR][dD]|[tT][hH])(?![^\W\d_])"  # 1st
    r"|[#$]"
    r"|CodeableConcept"  # a wrapping of FHIR
    r"|[Ii]nsCo(?![a-z])"  # the company of InsCoName, no coinsurance
    r"|\b[iI](?:10|9)(?=_|[A-Z])"  # the ICD of I10_DX1
    r"|\d{2}[a-lA-L](?![^\W\d_])"  # 24D, a box of the CMS-1500
    r"|\d+"
    r"|[A-Z]+s\b"  # CPTs
    r"|[A-Z]+(?=[A-Z][a-z])"  # the DOS of DOSFrom
    r"|[A-Z]?[^\W\dA-Z_]+"
    r"|[A-Z]+"
)
_COUNTED = {
    word: number
    for number, words in enumerate(
        (
            "one first fst",
            "two second ii",
            "three third iii",
            "four fourth iv",
            "five fifth",
            "six sixth",
            "seven seventh",
            "eight eighth",
            "nine ninth",
            "ten tenth",
            "eleven eleventh",
            "twelve twelfth",
        ),
        start=1,
    )
    for word in words.split()
}
_RANKED = {"primary": 1, "principal": 1, "secondary": 2, "tertiary": 3}
"""Words that count the members of a set, and are plain words elsewhere."""
_LATER = ("secondary", "additional")
"""The first secondary diagnosis is the second diagnosis."""
_REMARK = re.compile(r"(?P<outside>.+?)\s*[(\[](?P<inside>[^()\[\]]+)[)\]]\W*")
_LOOP = re.compile(r"^loop[ _-]?\d{4}[a-z]{0,2}[ _.-]*", re.IGNORECASE)
"""Where in an 837 an element stands: its name says that too."""
_ELEMENT = re.compile(
    r"(?:(?:loop[ _-]?)?(?P<loop>\d{4}[a-z]{0,2})[ _.-]+)?"
    r"(?P<segment>clm|sv1|nm1|hi|dtp|lx|dmg|ref|sbr)[ _*-]?(?P<element>\d\d)"
    r"(?:[ _.:-]?0?(?P<part>[1-9]))?(?:[ _.*-]+(?P<qualifier>[a-z0-9]{2,3}))?\W*",
    re.IGNORECASE,
)
"""An element of the 837P: SV101-3, NM109_85, 2010BB_NM103."""
_CAST = re.compile(r"::\s*\w+\s*(?:\([\d, ]*\))?$")
"""The type that a query gives a column: "V:line:units"::NUMBER."""
_BOX = re.compile(r"\bbox ?(\d{1,2}[a-z]?)\b", re.IGNORECASE)
_ABBREVIATION = re.compile(r"\b(?:[A-Za-z]\.){2,}(?:[A-Za-z]\b)?")
"""D.O.S., a word."""
_NUMBER_OF_BOX = re.compile(r"^(?:\d{1,2}[A-Za-z]\.|(?:1[3-9]|2\d|3[0-3])[._]) *(?=[^\W\d])")
"""26. or 26_ of a heading of the form; smaller numbers may be ordinals."""
_LETTERS = "abcdefghijkl"
_VERSIONS = {"cpt": (4,), "icd": (9, 10)}
"""Numbers that belong to the word before them: CPT-4, ICD-10."""
_LINE_WORDS = frozenset({"line", "service", "procedure", "hcpcs", "cpt", "charge", "detail"})


@frozen
class Words:
    """What a header says."""

    known: frozenset[str] = frozenset()
    """Words of the vocabulary, in its spelling."""
    strange: tuple[str, ...] = ()
    """Words that are not in the vocabulary."""
    ordinal: int | None = None
    """Its place in a numbered set."""
    line: int | None = None
    """The line of the row it is about, where it has a number for that too."""
    version: int | None = None
    """The 4 of CPT-4: an ordinal where its neighbors are numbered."""
    letter: int | None = None
    """Place of a single letter at its end: Dx A."""
    is_copy: bool = False
    """One of several equal headers, whose ordinal is its place among them."""
    guesses: tuple[str, ...] = ()
    """What was guessed: `modifer read as modifier`."""

    @property
    def rank(self) -> int | None:
        """Its place in a set by a word, such as primary: 1."""
        return next((n for word, n in _RANKED.items() if word in self.known), None)

    @property
    def place(self) -> int | None:
        """Its place in a numbered set, however it is written."""
        if self.ordinal is not None:
            return self.ordinal + any(word in self.known for word in _LATER)
        return self.letter or self.rank


@frozen
class Vocabulary:
    """The words of `headers.yaml`."""

    spellings: dict[str, tuple[str, ...]]
    """Spelling to the words it stands for."""
    whole: dict[str, str]
    elements: dict[str, str]
    """Element of the 837P, with its qualifier where it has one, to what it holds."""
    loops: dict[str, str]
    """Loop of the 837P to the qualifier of whom it is about."""
    dropped: frozenset[str]
    never: frozenset[str]
    despite: frozenset[str]
    tree: dict[str, Any] = field(repr=False)
    """The file's section `columns`."""


@cache
def vocabulary() -> Vocabulary:
    """Read the vocabulary, once."""
    text = files("cpt77092.claims.headers").joinpath("headers.yaml").read_text(encoding="utf-8")
    tree = yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 - builds text only
    spellings: dict[str, tuple[str, ...]] = {}
    never = frozenset(word for line in tree["never"] for word in line.split())
    despite = frozenset(tree["despite"].split())
    spellings |= {word: (word,) for word in never | despite}
    for word, others in tree["words"].items():
        spellings |= dict.fromkeys((word, *(others.split() if others else ())), (word,))
    for spelling, words in tree["means"].items():
        spellings[spelling] = tuple(words.split())
    return Vocabulary(
        spellings,
        tree["whole"],
        tree["elements"],
        tree["loops"],
        frozenset(tree["dropped"].split()),
        never,
        despite,
        tree["columns"],
    )


@lru_cache(maxsize=8192)
def compact(header: str) -> str:
    """A header without case, spaces and punctuation."""
    return "".join(character for character in header.casefold() if character.isalnum())


def tokens(header: str) -> tuple[str, ...]:
    """A header cut at punctuation, camel case and digits, in lower case."""
    bare = _CAST.sub("", header.strip()).removeprefix("$.")  # the root of a JSON path
    text = "".join(one for one in normalize("NFKD", bare) if not combining(one))
    text = _ABBREVIATION.sub(lambda word: word[0].replace(".", ""), text)
    text = _BOX.sub(_box_of_form, _LOOP.sub("", _NUMBER_OF_BOX.sub("", text)))
    return tuple(token.casefold() for token in _TOKEN.findall(text))


def element_of_claim(header: str) -> str:
    """What an element of the 837P holds that is named by its place; blank for another header."""
    match = _ELEMENT.fullmatch(header.strip())
    if match is None:
        return ""
    loop, segment, element, part, own = (text and text.upper() for text in match.groups())
    qualifier = own or vocabulary().loops.get(loop or "", "")
    name = (segment if segment == "HI" else segment + element) + (f"-{part}" if part else "")
    elements = vocabulary().elements
    meaning = elements.get(f"{name} {qualifier}") or elements.get(name, "")
    return meaning.format(int(element))


def _box_of_form(box: re.Match[str]) -> str:
    """A box of the CMS-1500 that means something by itself; else its number says nothing."""
    return box[1] if box[1].casefold() in vocabulary().spellings else ""


def read_words(header: str) -> Words:
    """What a header says, from its text."""
    return _read_words(header[: LONGEST + 1])


@lru_cache(maxsize=8192)  # files of one folder have the same headers
def _read_words(header: str) -> Words:
    if len(header) > LONGEST:
        return Words(strange=(header[:LONGEST],))
    header = _LOOP.sub("", element_of_claim(header) or header)
    if whole := vocabulary().whole.get(compact(header)):
        return read_tokens(tokens(whole))
    if remark := _REMARK.fullmatch(header):  # Modifier (if any), DOS (MM/DD/YYYY)
        inside, outside = (read_tokens(tokens(remark[part])) for part in ("inside", "outside"))
        if inside.strange and not inside.known and outside.known:
            guess = f"({remark['inside']}) is left out"
            return replace(outside, guesses=(*outside.guesses, guess))
    return read_tokens(tokens(header))


@lru_cache(maxsize=8192)
def read_tokens(parts: tuple[str, ...]) -> Words:
    """What the tokens of a header say together."""
    known: list[str] = []
    strange: list[str] = []
    numbers: list[tuple[str, int]] = []
    guesses: list[str] = []
    letter = None
    items = list(_items(parts))
    last = len(items) - 1 - (len(items) > 1 and items[-1][0].isdigit())
    for at, (token, words) in enumerate(items):
        number = _number(token)
        if number is not None:
            before = items[at - 1][1][-1] if at and items[at - 1][1] else ""
            numbers.append((before, number))
        elif words:
            known += [word for word in words if not word.isdigit()]
            numbers += [(known[-1], int(word)) for word in words if word.isdigit()]
            if token not in vocabulary().spellings and _near(token) == words[0]:
                guesses.append(f"{token} read as {words[0]}")
        elif len(token) == 1 and token in _LETTERS and at == last:
            letter = _LETTERS.index(token) + 1
        else:
            strange.append(token)
    ordinal, line, version, leftover = _sorted_numbers(numbers)
    if letter and ordinal is not None and line is None:  # the first modifier of line 3: ModA3
        ordinal, line = letter, ordinal
    return Words(
        frozenset(known),
        (*strange, *leftover),
        ordinal,
        line,
        version,
        letter if ordinal is None else None,
        guesses=tuple(guesses),
    )


def _items(parts: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each token with the words it stands for; a token of several glued words gives them all."""
    dropped = vocabulary().dropped
    for token in parts:
        if token in dropped:
            continue
        words = word_of(token)
        if words or not (token[:1].isdigit() and token[-1:].isalpha()) or _number(token):
            yield token, words
        else:  # no box of a form: 21m is 21 and m
            yield token[:-1], ()
            yield token[-1], ()


def _number(token: str) -> int | None:
    if token in _COUNTED:
        return _COUNTED[token]
    digits = re.match(r"(\d+)(?:st|nd|rd|th)?$", token)
    return int(digits[1]) if digits else None


def _sorted_numbers(
    numbers: Sequence[tuple[str, int]],
) -> tuple[int | None, int | None, int | None, list[str]]:
    """Ordinal, line, version and what is none of them, from numbers and the words before them."""
    version = None
    places: list[tuple[str, int]] = []
    for before, number in numbers:
        if version is None and number in _VERSIONS.get(before, ()):
            version = number
        else:
            places.append((before, number))
    if not places:
        return None, None, version, []
    if len(places) == 1:
        return places[0][1], None, version, []
    if len(places) == 2:
        of_line = [place for place in places if place[0] in _LINE_WORDS]
        if len(of_line) == 1:
            other = next(place for place in places if place is not of_line[0])
            return other[1], of_line[0][1], version, []
    return None, None, version, [str(number) for _, number in places]


@lru_cache(maxsize=8192)
def word_of(token: str) -> tuple[str, ...]:
    """The words that a token stands for; nothing where it is strange."""
    spellings = vocabulary().spellings
    if token in spellings:
        return spellings[token]
    if len(token) < 4 or len(token) > 30 or not token.isalpha():
        return ()
    one = token[:-1]
    if token[-1] == "s" and spellings.get(one, (one,)) != (one,):  # of an abbreviation: Mdfrs
        return spellings[one]
    if bare := _skeletons().get(_skeleton(token)):
        letters = iter(bare)
        if all(letter in letters for letter in token):  # only vowels are left out
            return (bare,)
    if glued := _glued(token, 4):
        return glued
    near = _near(token)
    return (near,) if near else ()


def _skeleton(word: str) -> str:
    return word[0] + re.sub("[aeiou]", "", word[1:])


@cache
def _skeletons() -> dict[str, str]:
    words = [w for w in vocabulary().spellings if len(w) > 4 and w.isalpha()]
    by_skeleton = {_skeleton(word): vocabulary().spellings[word][0] for word in reversed(words)}
    return {bare: word for bare, word in by_skeleton.items() if len(bare) > 3}


def _near(token: str) -> str | None:
    """The long word of which a token is one wrong, missing, doubled or swapped letter away."""
    if len(token) < 6:
        return None
    for word in _long_words().get(token[0], ()):
        if abs(len(word) - len(token)) < 2 and _one_slip(token, word):
            return vocabulary().spellings[word][0]
    return None


@cache
def _long_words() -> dict[str, list[str]]:
    """Words in which a wrong letter is no other word, by their first letter."""
    return gathered((word[0], word) for word in vocabulary().spellings if len(word) > 5)


def _one_slip(one: str, other: str) -> bool:
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return one != other
    tails = one[start:], other[start:]
    return (
        tails[0][1:] == tails[1][1:]
        or tails[0][1:] == tails[1]
        or tails[0] == tails[1][1:]
        or (tails[0][:2] == tails[1][1::-1] and tails[0][2:] == tails[1][2:])
    )


def _glued(token: str, most: int) -> tuple[str, ...] | None:
    """The words of which a token is put together, the longest first; None where it is not."""
    if not token:
        return ()
    for length in range(len(token), 1, -1) if most else ():
        head = token[:length]
        words = () if head in vocabulary().dropped else vocabulary().spellings.get(head)
        if words is None and head in _COUNTED:
            continue
        if words is not None and (tail := _glued(token[length:], most - 1)) is not None:
            return (*words, *tail)
    return None
