"""Which header each column of one file is read from, among those whose words name it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from cpt77092.claims.columns import DIAGNOSES, MODIFIERS
from cpt77092.claims.headers.cells import agree, filled_cells, never_is
from cpt77092.claims.headers.grammar import (
    SETS,
    Candidate,
    Concept,
    Wording,
    candidates_of,
    concepts,
)
from cpt77092.claims.headers.one_file import read_headers
from cpt77092.claims.headers.question import Question
from cpt77092.claims.headers.words import Words, compact
from cpt77092.reference.codes import CHECKED

Cells = Mapping[str, Sequence[str]]
"""The first cells of each column, by the column's name."""
MEMBERS = {"modifiers": MODIFIERS, "diagnoses": DIAGNOSES}
Number = Callable[[Words], int | None]


@dataclass(slots=True)
class Choice:
    """What is chosen so far, for the headers of one file."""

    written: Mapping[str, str]
    words: Mapping[str, Words]
    cells: Cells | None
    candidates: Mapping[str, list[Candidate]]
    """Concept to the headers that may mean it."""
    taken: set[str]
    plain: frozenset[str]
    """Headers that name some column without a mark, so that their cells need not say it."""
    columns: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    line_columns: dict[str, tuple[str | None, ...]] = field(default_factory=dict)
    _agreements: dict[tuple[str, str], bool | None] = field(default_factory=dict)
    _cells: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unfit: dict[str, str] = field(default_factory=dict)
    """Header to the column that its words name and its cells do not fit."""

    @classmethod
    def of(
        cls,
        headers: Mapping[str, str],
        *,
        taken: Iterable[str],
        settled: Collection[str],
        cells: Cells | None,
        may_be_wide: bool,
    ) -> Choice:
        """Choose for every column that `--map` and the layout leave open.

        Args:
            headers: name to header as it is written.
            taken: headers that are read already.
            settled: columns that are read already, or never.
            cells: the first cells of each column.
            may_be_wide: whether a row may hold several lines.
        """
        words, taken = read_headers(headers), set(taken)
        candidates: dict[str, list[Candidate]] = {concept.name: [] for concept in concepts()}
        for name in headers:
            for concept, candidate in candidates_of(name, words[name]) if name not in taken else ():
                if concept.name not in settled:
                    candidates[concept.name].append(candidate)
        every = [c for some in candidates.values() for c in some]
        plain = frozenset(c.header for c in every if not c.wording.mark)
        choice = cls(headers, words, cells, candidates, taken, plain)
        if cells:
            named = list(dict.fromkeys(c.header for c in every))
            filled = filled_cells([cells.get(header, ()) for header in named])
            choice._cells.update(zip(named, filled, strict=True))
        if may_be_wide:
            choice._spread()
        for concept in concepts():
            if concept.name in SETS:
                choice._choose_set(concept, settled)
            elif concept.name not in choice.line_columns:
                choice._choose_one(concept)
        return choice

    @property
    def certainty(self) -> dict[str, str]:
        """How certain each column is that is chosen, as `HeaderMatch.match_kind` has it."""
        chosen = (*self.columns, *self.line_columns)
        return {column: "likely" if column in self.doubts else "sure" for column in chosen}

    def holds(self, kind: str, header: str) -> bool:
        """Whether the cells of a header look like those of a kind."""
        (filled,) = filled_cells([(self.cells or {}).get(header, ())])
        return agree(kind, filled) is True

    def has_other_codes(self, header: str, read: Mapping[str, Sequence[str | None]]) -> bool:
        """Whether a claim has a code that is checked below a header, and not where codes are read.

        Args:
            header: one that no column is read from.
            read: each column to the headers that it is read from.
        """
        cells = self.cells or {}
        claims = cells.get(next(iter(read.get("claim_id", ())), None) or "", ())

        def codes(name: str | None) -> Iterator[tuple[str, str]]:
            rows = zip(claims, cells.get(name or "", ()), strict=False)
            return ((claim, cell.strip()[:5]) for claim, cell in rows)

        own = set(chain.from_iterable(map(codes, read.get("hcpcs_code", ()))))
        return any(one[1] in CHECKED and one not in own for one in codes(header))

    def _agrees(self, concept: Concept, candidate: Candidate) -> bool | None:
        key = concept.cells, candidate.header
        if key not in self._agreements:
            self._agreements[key] = agree(concept.cells, self._filled(candidate))
        return self._agreements[key]

    def _filled(self, candidate: Candidate) -> tuple[str, ...]:
        return self._cells.get(candidate.header, ())

    def _usable(self, concept: Concept) -> list[Candidate]:
        """Candidates that neither their cells nor another header of the file rule out."""
        candidates = [c for c in self.candidates[concept.name] if c.header not in self.taken]
        # Of a numbered set, the cells of the first speak for the others, which are often blank.
        shown = {c.wording for c in candidates if self._agrees(concept, c) is True}
        pool = []
        for candidate in candidates:
            wording, agrees = candidate.wording, self._agrees(concept, candidate)
            if concept.name in SETS and agrees is None and wording in shown:
                agrees = True
            is_of_others = self.cells is not None or candidate.header in self.plain
            needs_cells = (wording.mark == "=" and is_of_others) or (
                candidate.words.strange and concept.cells
            )
            is_other = wording.rank >= 0 and never_is(concept.cells, self._filled(candidate))
            if is_other or (wording.mark in ("?", "=") and agrees is False):
                if not concept.is_witness:
                    self.unfit[candidate.header] = concept.name
            elif not (needs_cells and agrees is not True) and not self._another_has(wording):
                pool.append(candidate)
        return pool

    def _another_has(self, wording: Wording) -> bool:
        """Whether a header of the file has the word that rules a wording out."""
        return bool(wording.unless) and any(wording.unless in w.known for w in self.words.values())

    def _is_asked(self, candidate: Candidate) -> bool:
        company = candidate.wording.company
        has_company = company and any(
            company <= words.known and name != candidate.header
            for name, words in self.words.items()
        )
        differs = self._differs_within_claims(candidate)
        is_of_line = differs or (differs is None and bool(has_company))
        return candidate.wording.mark == "!" and not is_of_line

    def _differs_within_claims(self, candidate: Candidate) -> bool | None:
        """Whether lines of one claim have different cells; None where no claim has two lines.

        A cell below nought is no charge, whatever the others are.
        """
        cells = self.cells or {}
        claims, amounts = (
            cells.get(name, ()) for name in (self.columns.get("claim_id", ""), candidate.header)
        )
        if not all(agree("charge", [amount]) for amount in amounts if amount.strip()):
            return False
        rows = [(c, a) for c, a in zip(claims, amounts, strict=False) if c.strip() and a.strip()]
        lines = len({c for c, _ in rows})
        return None if lines == len(rows) else lines < len({*rows})

    def _choose_one(self, concept: Concept) -> None:
        pool = self._usable(concept)
        if concept.is_whole and len({c.words.place for c in pool}) > 1:
            return  # one of several would be taken for all
        pool = [candidate for candidate in pool if _is_alone(candidate.words)]
        of_row = bool(self.line_columns) and concept.cells in ("number", "money")
        asked = [candidate for candidate in pool if of_row or self._is_asked(candidate)]
        if any(map(self._filled, asked)):  # a column that is blank is no answer
            pool = [candidate for candidate in pool if self._filled(candidate)]
        best, tied = self._best(concept, [c for c in pool if c not in asked])
        if best is not None:
            self._take(concept, concept.name, best)
            if concept.is_witness:
                self._name_others(concept.name, best, pool)
        elif tied:
            self._ask_which(concept.name, tied)
        elif asked:
            header = asked[0].header
            reason = f"{self.written[header]!r} may be the {_plain(concept.name)} of the line"
            self.questions.append(Question(concept.name, (header,), reason))

    def _name_others(self, column: str, best: Candidate, pool: Sequence[Candidate]) -> None:
        """Say which headers hold lines of business, too, and are not read."""
        own = self._filled(best)
        others = [c for c in pool if self._filled(c) != own and self._names_business(c)]
        if others:
            quoted = ", ".join(repr(self.written[candidate.header]) for candidate in others)
            why = f"{quoted} may say another and is not read"
            self.doubts[column] = "; ".join(filter(None, [self.doubts.get(column), why]))

    def _names_business(self, candidate: Candidate) -> bool | None:
        """Whether a plan's cells name its line of business."""
        return agree("line of business", self._filled(candidate))

    def _best(
        self, concept: Concept, pool: Sequence[Candidate]
    ) -> tuple[Candidate | None, list[Candidate]]:
        """The candidate that says it best, or those between which nothing decides."""
        if not pool:
            return None, []

        def key(candidate: Candidate) -> tuple[bool, bool, bool, int, bool, int]:
            words = candidate.words
            by_word = words.ordinal is None and words.rank is not None
            more = candidate.more if concept.takes_plainest else len(words.known & concept.despite)
            agrees = self._agrees(concept, candidate)
            is_blank = not "".join(self._filled(candidate)).strip("0")
            is_vague = concept.is_witness and self._names_business(candidate) is not True
            return agrees is False, is_blank, is_vague, candidate.rank, by_word, more

        least = min(map(key, pool))
        tied = [candidate for candidate in pool if key(candidate) == least]
        tied = [c for c in tied if self._agrees(concept, c) is True] or tied
        cells = {self._filled(candidate) for candidate in tied}
        is_same = len(cells) == 1 and cells != {()}
        if len(tied) == 1 or concept.takes_first or is_same:
            return tied[0], []
        return None, tied

    def _take(self, concept: Concept, column: str, candidate: Candidate) -> None:
        self.columns[column] = candidate.header
        self.taken.add(candidate.header)
        agrees, mark = self._agrees(concept, candidate), candidate.wording.mark
        is_own = column == concept.name and not concept.is_witness
        doubts = list(candidate.words.guesses)
        doubts += [f"what is {word!r} in it?" for word in candidate.words.strange]
        if agrees is False:
            doubts.append("its cells look like something else")
        elif mark in ("~", "!"):
            doubts.append("by its words it may be another")
        elif mark in ("?", "=") and agrees is None and is_own:
            doubts.append("by its words it may be another, and no cell shows it")
        if doubts:
            self.doubts[column] = "; ".join(doubts)

    def _ask_which(self, column: str, tied: Sequence[Candidate]) -> None:
        headers = tuple(candidate.header for candidate in tied)
        quoted = ", ".join(repr(header) for header in headers[:12])
        more = f" and {len(headers) - 12} more" if len(headers) > 12 else ""
        self.questions.append(Question(column, headers, f"{quoted}{more} all claim {column}"))

    def _choose_set(self, concept: Concept, settled: Collection[str]) -> None:
        members = MEMBERS[concept.name]
        if any(name in self.line_columns for name in members):
            return
        pool = self._usable(concept)
        of_claim = [c for c in pool if "line" not in c.wording.words]
        places = _places(of_claim or pool, self.written)
        numbers = range(1, len(members) + 1)
        free = [n for n in numbers if n not in places and members[n - 1] not in settled]
        for number in sorted(places.keys() & set(numbers)):
            at = number
            if members[number - 1] in settled:  # one that --map displaced goes where there is room
                if not free:
                    continue
                at = free.pop(0)
            best, tied = self._best(concept, places[number])
            if best is not None:
                self._take(concept, members[at - 1], best)
            else:
                self._ask_which(members[at - 1], tied)

    def _spread(self) -> None:
        """Find the columns of a file whose rows hold several lines each: CPT1, CPT2, ..."""
        code = next(concept for concept in concepts() if concept.name == "hcpcs_code")
        pool = self._usable(code)
        lines = _by_line(pool)
        if len(lines) < 2 or (0 in lines and 1 not in lines):
            return
        best = [candidates[0] for candidates in lines.values()]
        of_lines = {c.header for candidates in lines.values() for c in candidates}
        plain = [c for c in pool if c.header not in of_lines and c.words.version is None]
        cells = {self._filled(candidate) for candidate in best}
        if any(c.rank <= best[0].rank for c in plain) or (len(cells) == 1 and cells != {()}):
            return
        self._line_column("hcpcs_code", lines, lines)
        for concept in concepts():
            pool = [] if concept is code else self._usable(concept)
            if concept.name == "modifiers":
                self._line_modifiers(pool, lines)
            elif concept.name not in SETS:
                numbered = _by_line(pool)
                if len(numbered) > 1 and numbered.keys() <= lines.keys():
                    self._line_column(concept.name, numbered, lines)

    def _line_modifiers(
        self, pool: Sequence[Candidate], lines: Mapping[int, Sequence[Candidate]]
    ) -> None:
        of_line = [candidate for candidate in pool if candidate.words.line is not None]
        if not of_line:
            numbered = _by_line(pool)
            if len(numbered) > 1 and numbered.keys() <= lines.keys():
                self._line_column(MODIFIERS[0], numbered, lines)
            return
        for number, member in enumerate(MODIFIERS, start=1):
            same = [c for c in of_line if (c.words.place or 1) == number]
            if numbered := _numbered(same, lambda words: words.line):
                self._line_column(member, numbered, lines)

    def _line_column(
        self,
        column: str,
        numbered: Mapping[int, Sequence[Candidate]],
        lines: Mapping[int, object],
    ) -> None:
        headers = [numbered[n][0].header if n in numbered else None for n in sorted(lines)]
        self.line_columns[column] = tuple(headers)
        self.taken |= {header for header in headers if header is not None}


def _is_alone(words: Words) -> bool:
    """Whether a header names a column that is no set: without a number, the first, or a copy."""
    return words.is_copy or (words.ordinal in (None, 1) and words.line in (None, 1))


def _line_or_ordinal(words: Words) -> int | None:
    if words.is_copy:
        return None
    return words.line if words.line is not None else words.place


def _by_line(pool: Sequence[Candidate]) -> dict[int, list[Candidate]]:
    """The candidates of each line; CPT is of the first where the second has CPT 2."""
    by_line = _numbered(pool, _line_or_ordinal)
    if 2 in by_line and not by_line.keys() & {0, 1}:
        of_second = by_line[2][0].words.known
        bare = [c for c in pool if _line_or_ordinal(c.words) is None and c.words.known == of_second]
        by_line |= {1: bare} if bare else {}
    return by_line


def _numbered(pool: Sequence[Candidate], number: Number) -> dict[int, list[Candidate]]:
    """The candidates of each number, the best first; CPT4 counts where CPT3 or CPT5 does."""
    by_number: dict[int, list[Candidate]] = {}
    for candidate in sorted(pool, key=lambda c: c.rank):
        at = number(candidate.words)
        if at is not None:
            by_number.setdefault(at, []).append(candidate)
    for candidate in pool:
        version = candidate.words.version
        if number(candidate.words) is None and version is not None and version - 1 in by_number:
            by_number.setdefault(version, []).append(candidate)
    return by_number


def _places(pool: Sequence[Candidate], written: Mapping[str, str]) -> dict[int, list[Candidate]]:
    """The candidates for each member of a set; one without a number is the first."""
    places = _numbered(pool, lambda words: words.place)
    if 0 in places:  # counted from nought
        places = {number + 1: candidates for number, candidates in places.items()}
    numbered = {c.header for candidates in places.values() for c in candidates}
    bare = [candidate for candidate in pool if candidate.header not in numbered]
    if bare and 1 in places:
        first = compact(written[places[1][0].header]).removesuffix("1")
        if len(bare) == 1 and compact(written[bare[0].header]) == first:  # Dx, Dx1, Dx2
            places = {number + 1: candidates for number, candidates in places.items()}
            places[1] = bare
    elif bare:
        places[1] = bare
    return places


def _plain(column: str) -> str:
    return column.removesuffix("_amount").replace("_", " ")
