"""Which header of a file means which canonical column, by what its words say and its cells hold.

The words are in `headers.yaml`. A match is *sure* where words and cells agree, *likely* where it is
used but a person should know why, and else a question. `--map` and layouts always win.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from itertools import chain

from cpt77092.claims.columns import BY_NAME, COLUMNS, OF_HISTORY
from cpt77092.claims.headers.choice import MEMBERS, Cells, Choice
from cpt77092.claims.headers.grammar import SETS, candidates_of, lookalike
from cpt77092.claims.headers.one_file import read_headers
from cpt77092.claims.headers.question import Question
from cpt77092.claims.headers.siblings import SilentColumns, unnamed
from cpt77092.claims.headers.words import LONGEST, compact, read_words
from cpt77092.claims.layouts import Layout, shipped_layouts
from cpt77092.errors import ClaimsError, Problem, UsageError, did_you_mean
from cpt77092.frozen import frozen

__all__ = [
    "NO_HEADER_ROW",
    "SETS",
    "Cells",
    "HeaderMatch",
    "Question",
    "SilentColumns",
    "columns_named",
    "compact",
    "headers_to_read",
    "is_claim",
    "keep_for_other_files",
    "match_headers",
    "names_column",
]


NO_HEADER_ROW = (
    "no header row, a claim stands in its place; put headers above it, one for each column, such "
    "as claim_id,payer,claim_line_start_date,hcpcs_code,hcpcs_modifier_1"
)
_CELL = re.compile(r"\d{5}|\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}|[\"']\s*:(?!:)")
"""In a header it shows that a claim stands there: a code or number, a date, or JSON."""
REPORT_COLUMNS = frozenset({"source_file", "source_row", "claim_id", "severity"})
"""Every table of findings has them: one next to the claims is not read with the next run."""


@frozen
class HeaderMatch:
    """How a file's headers were understood."""

    columns: Mapping[str, str]
    """Canonical column to the header it is read from."""
    match_kind: Mapping[str, str]
    """Canonical column to how certain that is: `--map`, `layout`, `sure` or `likely`."""
    unused: tuple[str, ...]
    """Headers that no column is read from."""
    line_columns: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    """Where a row holds several lines: canonical column to the header for each line."""
    row_filter: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Header to the values it has on claim lines; other rows are not data."""
    layout: str = ""
    """The layout that was used, if any."""
    doubts: Mapping[str, str] = field(default_factory=dict)
    """Column that is likely to why it is not sure."""
    questions: tuple[Question, ...] = ()
    """What only the user knows; the columns are not read."""
    lookalikes: Mapping[str, Question] = field(default_factory=dict)
    """Unused header to the question whether it is the column that it looks like."""
    silent: SilentColumns = field(default_factory=SilentColumns)
    """Columns that may turn out to hold modifiers once all rows are read."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Canonical columns of a batch that no header gives, in the contract's order."""
        return tuple(c.name for c in COLUMNS if c.name not in {*self.columns, *OF_HISTORY})

    @property
    def notes(self) -> tuple[str, ...]:
        """What is used although it is only likely, in one line."""
        likely = [f"{c} from {self.columns[c]!r} ({why})" for c, why in self.doubts.items()]
        return (f"likely, check it: {'; '.join(likely)}",) if likely else ()

    @property
    def asked(self) -> tuple[Question, ...]:
        """All questions: which of several headers is meant, and what looks like a column."""
        return (*self.questions, *self.lookalikes.values())


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeio" or noun.startswith("hcpcs") else f"a {noun}"


def columns_named(header: str) -> frozenset[str]:
    """The canonical columns, or sets of them, that a text may be the header of by its words."""
    return _columns_named(header[: LONGEST + 1])  # a longer text is a header of nothing


@lru_cache(maxsize=8192)  # files of one folder have the same headers
def _columns_named(header: str) -> frozenset[str]:
    named = candidates_of(header, read_words(header))
    return frozenset(concept.name for concept, c in named if c.wording.mark != "!")


def names_column(header: str) -> bool:
    """Whether a text reads as the header of some canonical column."""
    return bool(columns_named(header))


def is_claim(headers: Collection[str]) -> bool:
    """Whether a row that should hold headers holds the cells of a claim."""
    cells = [header for header in headers if _CELL.search(header)]
    known = sum(names_column(header) for header in headers if header not in cells)
    return bool(cells) and len(cells) >= known


def match_headers(
    headers: Mapping[str, str],
    overrides: Mapping[str, str],
    *,
    file: str,
    layout: Layout | None = None,
    cells: Cells | None = None,
    of_history: bool = False,
) -> HeaderMatch:
    """Match the headers of one file to canonical columns.

    Args:
        headers: a name for each column in order, and its header as it is written.
        overrides: canonical column to header, from `--map`.
        file: the file's name, for messages.
        layout: the user's layout; a shipped one is used where its headers are all there.
        cells: the first cells of each column by name; None where they are not at hand.
        of_history: whether the lines are of earlier claims, which may have been paid.

    Returns:
        What each canonical column is read from, how certain that is, and what to ask.

    Raises:
        UsageError: `--map` or the layout names a column or header that does not exist.
        ClaimsError: the file is a report of findings.
    """
    _refuse_report(headers, file)
    chosen, how = _overridden(list(headers), overrides, file=file)
    layout = layout or _recognized(headers) or Layout(name="", columns={})
    wide = _laid_out(layout, list(headers), chosen, how, file=file)
    choice = Choice.of(
        headers,
        taken={*chosen.values(), *layout.unused, *(h for c in wide.values() for h in c if h)},
        settled={*chosen, *wide, *layout.absent, *(() if of_history else OF_HISTORY)},
        cells=cells,
        may_be_wide=not layout.columns and how.get("hcpcs_code") != "--map",
    )
    how |= choice.certainty | dict.fromkeys(wide, "layout")
    wide |= choice.line_columns
    read = {column: (header,) for column, header in (chosen | choice.columns).items()} | wide
    rows = _rows_of(layout, list(headers), file=file)
    used = {*chain(*read.values()), *rows}
    unused = tuple(header for header in headers if header not in used)
    questions, silent = unnamed(unused, choice, read, layout.absent)
    columns = {c.name: next(filter(None, read[c.name])) for c in COLUMNS if c.name in read}
    return HeaderMatch(
        columns,
        {column: how[column] for column in columns},
        unused,
        line_columns=wide,
        row_filter=rows,
        layout=layout.name,
        doubts=choice.doubts,
        questions=questions,
        lookalikes=_lookalikes(unused, choice, questions, read),
        silent=silent,
    )


def headers_to_read(headers: Collection[str]) -> frozenset[str]:
    """The headers of a table that `match_headers` may read, whatever their cells hold.

    Those that say nothing are among them, since their cells may be modifiers.
    """
    layout = _recognized({header: header for header in headers})
    laid_out = [*layout.columns.values(), tuple(layout.rows)] if layout else []
    named = {compact(header) for names in laid_out for header in names}
    words = read_headers({header: header for header in headers})
    return frozenset(
        header
        for header in headers
        if compact(header) in named
        or not words[header].known
        or any(True for _ in candidates_of(header, words[header]))
    )


def _refuse_report(headers: Mapping[str, str], file: str) -> None:
    if set(headers.values()) >= REPORT_COLUMNS:
        raise ClaimsError(f"{file}: a findings report of scrub, not a claim file")


def _lookalikes(
    unused: Sequence[str],
    choice: Choice,
    others: Sequence[Question],
    read: Mapping[str, Sequence[str | None]],
) -> dict[str, Question]:
    """Unused headers that nobody asks about yet, to the question what they are."""
    asked = {header for question in others for header in question.headers}
    named = {*read, *(question.column for question in others)}
    free = {name: [c for c in MEMBERS[name] if c not in named] for name in MEMBERS}
    questions: dict[str, Question] = {}
    for header in unused:
        looks = lookalike(choice.words[header], read)
        codes = None if looks else lookalike(choice.words[header], {*read} - {"hcpcs_code"})
        if codes and choice.has_other_codes(header, read):
            looks = codes
        column, kind = looks or ("", "")
        unfit = choice.unfit.get(header, column)
        if unfit != column and unfit not in read:
            column, kind = unfit, unfit.replace("_", " ")
        if not column or header in asked or header in choice.taken:
            continue
        if column in MEMBERS:  # the next of its set, unless all of them are read
            if not free[column]:
                continue
            column = free[column].pop(0)
        reason = f"{header!r} looks like {_with_article(kind)} column and is not used"
        questions[header] = Question(column, (header,), reason)
    return questions


def _recognized(headers: Mapping[str, str]) -> Layout | None:
    present = {compact(written) for written in headers.values()}
    fitting = [x for x in shipped_layouts() if set(map(compact, x.known_by)) <= present]
    return fitting[0] if fitting else None


def _laid_out(
    layout: Layout,
    headers: Sequence[str],
    chosen: dict[str, str],
    how: dict[str, str],
    *,
    file: str,
) -> dict[str, tuple[str | None, ...]]:
    """Add what a layout says to what is chosen; columns with a header for each line are given."""
    names: dict[str, tuple[str, ...]] = {}
    for column, wanted in layout.columns.items():
        if column in chosen:
            continue
        names[column] = tuple(_only(headers, h, f"layout {layout.name}", file=file) for h in wanted)
    lines = max(map(len, names.values()), default=1)
    for column, matching in names.items():
        if len(matching) not in (1, lines):
            raise UsageError(
                f"layout {layout.name}: {column} has {len(matching)} headers where others have "
                f"{lines}; give one for each line of a row, or one for all"
            )
        how[column] = "layout"
        if lines == 1 or len(matching) == 1:
            chosen[column] = matching[0]
    return {c: matching for c, matching in names.items() if len(matching) == lines > 1}


def _rows_of(layout: Layout, headers: Sequence[str], *, file: str) -> dict[str, tuple[str, ...]]:
    """The header of each column by which a layout tells claim lines, to what it holds there."""
    source = f"layout {layout.name}"
    return {_only(headers, h, source, file=file): values for h, values in layout.rows.items()}


def _only(headers: Sequence[str], wanted: str, source: str, *, file: str) -> str:
    """The header that a layout means."""
    matching = [h for h in headers if h == wanted] or [
        h for h in headers if compact(h) == compact(wanted)
    ]
    if len(matching) != 1:
        problem = "two headers" if matching else "no header"
        raise UsageError(f"{source}: {file} has {problem} {wanted!r}; correct the layout")
    return matching[0]


def _overridden(
    headers: Sequence[str], overrides: Mapping[str, str], *, file: str
) -> tuple[dict[str, str], dict[str, str]]:
    chosen: dict[str, str] = {}
    for column, wanted in overrides.items():
        if column not in BY_NAME:
            raise UsageError(
                _wrong_override(
                    f"there is no column {column}{did_you_mean(column, BY_NAME)}",
                    column,
                    wanted,
                    advice="scrub columns FILE lists them",
                )
            )
        matching = [h for h in headers if h == wanted] or [
            h for h in headers if compact(h) == compact(wanted)
        ]
        if len(matching) != 1:
            if is_claim(headers):  # its cells are nobody's to show
                raise ClaimsError(f"{file}: {NO_HEADER_ROW}")
            is_known = any(map(names_column, headers))
            present = f"it has {_quoted(headers)}" if is_known else "no header of it is known here"
            problem = "two headers" if matching else "no header"
            hint = did_you_mean(wanted, headers) if is_known else ""
            other = "" if hint else keep_for_other_files(column, wanted)
            what = f"{file} has {problem} {wanted!r}{hint}; {present}"
            raise UsageError(_wrong_override(what, column, wanted, advice=other))
        chosen[column] = matching[0]
    return chosen, dict.fromkeys(chosen, "--map")


def _wrong_override(text: str, column: str, header: str, *, advice: str) -> Problem:
    pair = f"{column}={header}"
    return Problem(text=text, argument="columns", value=pair, advice=advice)


def keep_for_other_files(column: str, header: str) -> str:
    """What to type where `--map` fits only some files of a run: a layout is for its headers."""
    pair = shlex.quote(f"{column}={header}")
    return (
        f"if other files have it: scrub columns FILE --map {pair} --save NAME, once for each kind"
    )


def _quoted(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"
