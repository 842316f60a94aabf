"""What the words of a payer's name can mean: a payer's brand or product, a state, or nothing.

The words are data: `matches` in the policy files. Here a name becomes words, and words become
phrases with their meanings; `payer_names` decides what the phrases say together.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import cached_property
from itertools import takewhile

from cpt77092.frozen import frozen
from cpt77092.policies.policy import DEFAULT, Matches, PolicySet


class Role(Enum):
    """What a phrase does in a name, by the list of `Matches` that has it."""

    BRAND = "brands"
    FAMILY = "family"
    JOINS = "joins"
    WORD = "words"
    UNLESS = "unless"
    PLAN_WORD = "plan_words"
    REGION = "states"


Meaning = tuple[Role, str]
"""A role, and whose: a policy's key, a kind of payer without one, or for a region the state."""
Phrase = tuple[str, ...]

EVERYONE = DEFAULT
"""Whose words say nothing in any payer's name (`insurance company`)."""
SHORTEST_PART = 3
"""Letters of a word that may be written together with the next one (`bluecross`)."""
LONGEST_INITIALS = 6
SHORTEST_FIELD, SHORTEST_CUT = 20, 5
"""Letters of a name that a field may have cut off, and those left of its last word."""
SHORTEST_BRAND = 5
"""Letters of a brand that is looked for with one letter wrong."""
_DIGITS = "0123456789"
_DOTTED = re.compile(r"\b(\w)\.(?=\w\b)")
_REMARK = re.compile(r"\bp\.? ?o\.? ?box\b.*|\(?\b(?:formerly|fka)\b[^)]*\)?")
"""An address, and what a plan was called once."""
_ESCAPED = re.compile(r"\\t\\|&amp;|&")
"""The `&` of HL7, HTML, and everybody else."""
_WRITTEN_APART = re.compile(r"(health|blue)(?=care|cross|shield)")
_MARKS = re.compile(r"[^\w]+|_")
_NORMAL = re.compile(r"(?!.*(?:health|blue)(?:care|cross|shield))[a-z0-9]+(?: [a-z0-9]+)*")


def normal_name(name: str) -> str:
    """A payer's name in the form that is compared: lowercase letters, digits, single spaces."""
    if _NORMAL.fullmatch(name):  # as nearly all names and words of policy files are
        return name
    text = _ESCAPED.sub(" and ", name.casefold().replace("'", "").replace("\u2019", ""))
    text = _WRITTEN_APART.sub(r"\1 ", _DOTTED.sub(r"\1", text))
    return " ".join(_MARKS.sub(" ", text).split())


@frozen
class Hit:
    """A phrase of a name and what it can mean; nothing where no file has the word."""

    text: str
    meanings: frozenset[Meaning] = frozenset()


@frozen(slots=False)
class Vocabulary:
    """All phrases of a policy set."""

    phrases: Mapping[Phrase, frozenset[Meaning]]
    states: frozenset[str]
    """Two-letter codes, lowercase."""

    @classmethod
    def of(cls, policies: PolicySet) -> Vocabulary:
        """The phrases of all policies and of the kinds of payers that have none."""
        phrases: defaultdict[Phrase, set[Meaning]] = defaultdict(set)
        for key, matches in matchers(policies).items():
            for role in Role:
                for text in getattr(matches, role.value) if role is not Role.REGION else ():
                    phrases[_phrase(text)].add((role, key))
        states = common(policies).states
        for code, texts in states.items():
            for text in (code, *texts):
                phrases[_phrase(text)].add((Role.REGION, code))
        of_all = {phrase: frozenset(meanings) for phrase, meanings in phrases.items() if phrase}
        return cls(of_all, frozenset(code.casefold() for code in states))

    def read(self, *names: str) -> list[Hit]:
        """The phrases of a name, the longest first where they overlap; of several, as of one."""
        every: list[str] = []
        for name in names:
            text = normal_name(_REMARK.sub(" ", name.casefold()))
            words = [part for word in _words(text) for part in self._parts(word)]
            if words and len(name.strip()) >= SHORTEST_FIELD:
                words[-1] = self._uncut(words[-1])
            together = every + words
            every += [word for word in words if not self._is_abbreviation(word, together)]
        return self._hits(every)

    def _hits(self, words: Sequence[str]) -> list[Hit]:
        hits, at = [], 0
        while at < len(words):
            longest = self._longest.get(words[at], 1)
            for end in range(min(at + longest, len(words)), at, -1):
                phrase = tuple(words[at:end])
                if (meanings := self.phrases.get(phrase)) is not None:
                    hits.append(Hit(" ".join(phrase), meanings))
                    at = end
                    break
            else:
                hits.append(Hit(words[at]))
                at += 1
        return hits

    def words(self, hit: Hit) -> list[Hit]:
        """The words of a phrase, each by itself."""
        return [Hit(word, self.phrases.get((word,), frozenset())) for word in hit.text.split()]

    def nearest(self, hits: Iterable[Hit]) -> str | None:
        """The payer whose brand an unknown word is, but for one letter."""
        for hit in hits:
            if not hit.meanings and len(hit.text) >= SHORTEST_BRAND:
                owners = {self._misspelt[v] for v in _shortened(hit.text) if v in self._misspelt}
                if len(owners) == 1:
                    return owners.pop()
        return None

    def _is_abbreviation(self, word: str, words: Sequence[str]) -> bool:
        """Whether an unknown word is made of beginnings of others: `(HNS)`, `- ANTHCO`, `- BCB16`.

        Systems write their own short name of a payer behind its name; a state's code stands for
        its name, too.
        """
        letters = word.rstrip(_DIGITS)
        if word in self._known_words or not SHORTEST_PART <= len(letters) <= LONGEST_INITIALS:
            return False
        others = [w for one in words if one != word for w in self._of_state.get(one, (one,))]
        return _is_made_of(letters, others)

    def _uncut(self, word: str) -> str:
        """A word, or the only known one that it begins, where a field was too short for it."""
        if word in self._known_words or len(word) < SHORTEST_CUT:
            return word
        whole = [known for known in self._known_words if known.startswith(word)]
        return whole[0] if len(whole) == 1 else word

    @cached_property
    def _of_state(self) -> dict[str, tuple[str, ...]]:
        """Each word for a state, lowercase, to all of them: `ky` to `kentucky`, `kent`, `ky`."""
        named: defaultdict[str, list[str]] = defaultdict(list)
        for phrase, meanings in self.phrases.items():
            for role, code in meanings if len(phrase) == 1 else ():
                if role is Role.REGION:
                    named[code].append(phrase[0])
        return {word: tuple(words) for words in named.values() for word in words}

    @cached_property
    def _longest(self) -> dict[str, int]:
        """The number of words of the longest phrase that begins with each word."""
        longest: dict[str, int] = {}
        for phrase in self.phrases:
            longest[phrase[0]] = max(longest.get(phrase[0], 1), len(phrase))
        return longest

    @cached_property
    def _known_words(self) -> frozenset[str]:
        return frozenset(word for phrase in self.phrases for word in phrase)

    @cached_property
    def _misspelt(self) -> dict[str, str]:
        """Brands of one word, whole and with each letter left out, to whose they are."""
        owners: dict[str, set[str]] = defaultdict(set)
        for phrase, meanings in self.phrases.items():
            keys = {key for role, key in meanings if role in (Role.BRAND, Role.FAMILY)}
            if len(phrase) == 1 and len(phrase[0]) >= SHORTEST_BRAND and len(keys) == 1:
                for variant in _shortened(phrase[0]):
                    owners[variant] |= keys
        return {variant: keys.pop() for variant, keys in owners.items() if len(keys) == 1}

    def _parts(self, word: str) -> list[str]:
        """The words that were written as one (`unitedhealthcare`, `bcbsnc`), or the word."""
        if word in self._known_words:
            return [word]
        if (letters := word.rstrip(_DIGITS)) in self._known_words:  # MCR01, a number in a list
            return [letters]
        stem, state = word[:-2], word[-2:]
        is_brand = any(
            role in (Role.BRAND, Role.FAMILY) for role, _ in self.phrases.get((stem,), ())
        )
        is_stem = stem in self._known_words and (len(stem) > SHORTEST_PART or is_brand)
        if is_stem and len(stem) >= SHORTEST_PART and state in self.states:
            return [stem, "of", state]
        return self._split(word) or [word]

    def _split(self, word: str) -> list[str] | None:
        for end in range(len(word) - SHORTEST_PART, SHORTEST_PART - 1, -1):
            if word[:end] in self._known_words:
                rest = word[end:]
                more = [rest] if rest in self._known_words else self._split(rest)
                if more:
                    return [word[:end], *more]
        return None


def matchers(policies: PolicySet) -> dict[str, Matches]:
    """How claims name each payer: those with a policy, and the kinds of payers without one."""
    named = {key: policy.matches for key, policy in policies.policies.items()}
    return {**common(policies).others, **named}


def common(policies: PolicySet) -> Matches:
    """The states and the kinds of payers, which the default policy lists."""
    default = policies.policies.get(DEFAULT)
    return Matches() if default is None else default.matches


def _phrase(text: str) -> Phrase:
    return tuple(_words(normal_name(text)))


def _words(name: str) -> list[str]:
    """The words of a normal name, without those that only join others and without codes."""
    return [word for word in name.split() if word not in _EMPTY and not _is_code(word)]


_EMPTY = frozenset({"and", "the"})


def _is_made_of(letters: str, words: Sequence[str]) -> bool:
    """Whether letters are beginnings of some of the words, in their order."""
    if not letters or not words:
        return not letters
    shared = takewhile(lambda at: words[0].startswith(letters[:at]), range(1, len(letters) + 1))
    return any(_is_made_of(letters[at:], words[1:]) for at in (0, *shared))


def _is_code(word: str) -> bool:
    """A payer's number in somebody's list, as in `CIGNA [102]`."""
    return len(word) >= SHORTEST_PART and word.isdecimal()


def _shortened(word: str) -> list[str]:
    """A word, and the word with each of its letters left out."""
    return [word, *(word[:at] + word[at + 1 :] for at in range(len(word)))]
