"""Findings at a terminal, claim by claim, laid out by hand.

A table of Rich for every claim takes twice as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import polars as pl
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.text import Text

from cpt77092.engine import Result
from cpt77092.frozen import frozen
from cpt77092.reports.console import STYLES
from cpt77092.text import dollars, gathered, payer_text, safe

LINES_OF_CLAIM = 6
"""Lines that a claim takes on the screen, the blank one before it included, unless all is shown."""
LINES_NAMED = 2
"""More lines with the same finding as the first are counted, unless all is shown."""
CITED = ("source", "denial", "", "joined")
"""What is cited, at most first: the denial with its source, the denial, or nothing; last nothing,
and what to do in one paragraph with what is wrong."""
_RULE = 7
"""Width of the column of severities and rules."""
_FIX_LABELS = {
    "safe": ("Fix: ", "green"),
    "unsafe": ("Verify first: ", "color(166)"),
    "none": ("To do: ", ""),
}


@frozen
class Problem:
    """Findings of a claim that differ in the line alone."""

    row: dict[str, Any]
    """The first of them."""
    lines: list[tuple[str, str]]
    """Number and code of each line, as `_line` names it."""


def print_claims(
    console: Console, findings: pl.DataFrame, result: Result, *, whole: bool = False
) -> None:
    """Print what `rollup.grouped` gives with `payer_label`, under a heading for each claim.

    Unless `whole`, a claim takes at most `LINES_OF_CLAIM` lines: first the sources give way, then
    the denials, then the least of its problems, which are counted.
    """
    # In an X12 file a claim and line number are no help in finding a line: its segment is shown.
    x12 = frozenset(scan.path for scan in result.batch.scans if scan.opened.kind.startswith("X12"))
    has_files = len(result.batch.scans) > 1
    rows = findings.iter_rows(named=True)
    for _, group in groupby(rows, key=lambda row: (row["claim"], row["source_file"])):
        claim = list(group)
        heading = _heading(claim, console, has_files=has_files).wrap(console, console.width)
        problems = _problems(claim, x12)
        if whole:
            blocks = [_block(console, problem, whole=True) for problem in problems]
        else:
            room = LINES_OF_CLAIM - len(heading)
            blocks = _fitted(console, problems, claim[0]["claim_findings"], room)
        segments = [*_lines(console, heading), *_with_rules(console, problems, blocks)]
        # Laid out already; Rich would lay out a text again.
        console.print(Segments(segments), end="", soft_wrap=True)
    if findings.height:
        console.print()


def _heading(
    claim: Sequence[dict[str, Any]],
    console: Console,
    *,
    has_files: bool,
    with_policy: bool = True,
) -> Text:
    """Claim, payer, dates and money over the claim's findings; on one line where it fits."""
    first = claim[0]
    payer = payer_text(first if with_policy else first | {"payer_label": first["payer_name"]})
    days = sorted({row["claim_line_start_date"] for row in claim} - {None})
    text = Text.assemble(
        (safe(first["claim_id"] or "no claim id"), "bold"),
        f"  {payer}  ",
        " to ".join(str(day) for day in dict.fromkeys(days[:1] + days[-1:])) or "no date",
    )
    if first.get("person_id"):
        text.append(f"  person {safe(first['person_id'])}")
    if has_files:
        text.append(f"  {safe(first['source_file'])}", style="dim")
    money = Text()
    if first["claim_at_risk"] is not None:
        money = Text(f"{dollars(first['claim_at_risk'])} at risk", style="bold red")
    elif first["claim_charged"] is not None:
        money = Text(f"{dollars(first['claim_charged'])} charged")
    rule = "-" if console.options.ascii_only else "\u2500"
    gap = console.width - cell_len(text.plain) - cell_len(money.plain) - 2
    if gap < 1 and with_policy:
        return _heading(claim, console, has_files=has_files, with_policy=False)
    if gap < 1:
        return Text.assemble("\n", text, "  ", money)
    return Text.assemble("\n", text, " ", (rule * gap, "dim"), " ", money)


def _problems(claim: Iterable[dict[str, Any]], x12: frozenset[str]) -> list[Problem]:
    """The findings of a claim; those that differ in the line alone are one problem."""

    def words(row: dict[str, Any]) -> tuple[str | None, ...]:
        message = row["message"].replace(row["hcpcs_code"] or " ", "")
        return row["rule"], row["severity"], message, row["fix"], row["since"]

    alike = gathered((words(row), row) for row in claim).values()
    return [Problem(rows[0], [_line(row, x12) for row in rows]) for rows in alike]


def _line(row: dict[str, Any], x12: frozenset[str]) -> tuple[str, str]:
    """`line 1` (with its segment in an X12 file) and `77092-26`."""
    number = row["claim_line_number"]
    name = f"row {row['source_row']}" if number is None else f"line {number}"
    segment = f" (segment {row['source_row']})" if row["source_file"] in x12 else ""
    billed = " ".join([row["hcpcs_code"], *filter(None, [row["modifiers"]])])
    return f"{name}{segment}", safe(billed).replace(" ", "-")


def _fitted(
    console: Console, problems: Sequence[Problem], findings: int, room: int
) -> list[list[Text]]:
    """Each problem as lines that fit the room together; the last ones may be counted instead."""
    named, kept = sum(len(problem.lines) for problem in problems), len(problems)
    for cited in CITED:
        blocks = [_block(console, problem, cited=cited) for problem in problems]
        if sum(map(len, blocks)) <= room and findings == named:
            return blocks
    while kept > 1 and sum(map(len, blocks[:kept])) >= room:
        kept -= 1
    for cited in CITED:
        blocks = [_block(console, problem, cited=cited) for problem in problems[:kept]]
        if sum(map(len, blocks)) < room:
            break
    left = findings - sum(len(problem.lines) for problem in problems[:kept])
    if left:
        rest = [
            f"{each.row['severity']} {each.row['rule']} {', '.join(map(' '.join, each.lines))}"
            for each in problems[kept:]
        ]
        more = Text(f"-v shows {left:,} more: {'; '.join(rest)}", style="bold")
        more.truncate(_room(console), overflow="ellipsis")
        blocks[-1].append(more)
    return blocks


def _block(
    console: Console, problem: Problem, *, whole: bool = False, cited: str = "source"
) -> list[Text]:
    """What is wrong, what to do, and what of `CITED` is asked for."""
    row = problem.row
    (first, billed), *others = problem.lines
    name = first if row["hcpcs_code"] in row["message"] else f"{first} {billed}"
    name += " (new)" if row["since"] == "new" else ""
    text = Text.assemble((name[:1].upper() + name[1:], "bold"), f": {safe(row['message'])}")
    if others:
        is_short = whole or len(others) <= LINES_NAMED
        named = ", ".join(map(" ".join, others)) if is_short else f"{len(others):,} more lines"
        text.append(f" Same on {named}.")
    denial = " ".join(filter(None, (row["group_code"], row["carc"], row["rarc"])))
    parts = {"source": (denial, _source(row, whole=whole)), "denial": (denial,)}.get(cited, ())
    last = ". ".join(filter(None, parts))
    text.append(" " if cited == "joined" else "\n")
    if row["fix"]:
        label, style = _FIX_LABELS[row["fix_kind"]]
        text.append(label, style=style).append(safe(row["fix"]))
        text.append("\n" if whole else " ")
    if last:
        text.append(last if whole else f"[{last}]", style="dim")
    text.rstrip()
    lines = list(text.wrap(console, _room(console), overflow="fold"))
    # Severity and rule take two lines.
    return [*lines, *(Text() for _ in range(2 - len(lines)))]


def _source(row: dict[str, Any], *, whole: bool) -> str:
    # The place in the document is long: `scrub explain` and the files have it.
    since = f", effective {row['in_force_from']}" if whole and row["in_force_from"] else ""
    doubt = "" if row["confidence"] in {"", "primary"} else f" ({row['confidence']})"
    return f"{safe(row['source_title'])}{since}{doubt}"


def _room(console: Console) -> int:
    return max(console.width - _RULE - 4, 10)


def _with_rules(
    console: Console, problems: Sequence[Problem], blocks: Iterable[list[Text]]
) -> Iterator[Segment]:
    """The lines of each problem beside its severity and rule."""
    for problem, block in zip(problems, blocks, strict=False):
        severity = problem.row["severity"]
        names = [Text.assemble((severity, STYLES[severity])), Text(problem.row["rule"])]
        for number, line in enumerate(block):
            name = names[number] if number < len(names) else Text()
            line.rstrip()
            yield Segment("  ")
            yield from name.render(console)
            yield Segment(" " * (_RULE + 2 - name.cell_len) if line else "")
            yield from line.render(console)
            yield Segment.line()


def _lines(console: Console, lines: Iterable[Text]) -> Iterator[Segment]:
    for line in lines:
        yield from line.render(console)
        yield Segment.line()
