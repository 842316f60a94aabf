"""Findings at a terminal, claim by claim, laid out by hand.

A table of Rich for every claim takes twice as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import Any

import polars as pl
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.text import Text

from cpt77092.engine import Result
from cpt77092.reports.console import STYLES
from cpt77092.text import dollars, payer_text, safe

WIDE = 120
"""From this width on, fix and source have columns of their own."""
_LINE, _SEVERITY, _DENIAL = 10, 7, 9
_FIX_LABELS = {
    "safe": ("Fix: ", "green"),
    "unsafe": ("Verify first: ", "color(166)"),
    "none": ("To do: ", ""),
}

Cells = list[Text]


def print_claims(console: Console, findings: pl.DataFrame, result: Result) -> None:
    """Print what `rollup.grouped` gives with `payer_label`, under a heading for each claim."""
    width = console.width
    # In an X12 file a claim and line number are no help in finding a line: its segment is shown.
    x12 = frozenset(scan.path for scan in result.batch.scans if scan.kind.startswith("X12"))
    has_files = len(result.batch.scans) > 1
    if findings.height and width >= WIDE:
        console.print()
        names = ("Line", "", "What is wrong", "What to do", "Denial", "Source")
        head = [Text.assemble((name, "dim")) for name in names]
        _print_segments(console, _rows(console, [head], width))
    rows = findings.iter_rows(named=True)
    for _, group in groupby(rows, key=lambda row: (row["claim"], row["source_file"])):
        claim = list(group)
        heading = _heading(claim, console, has_files=has_files).wrap(console, width)
        cells = _wide if width >= WIDE else _narrow
        lines = _rows(console, _with_lines(claim, cells, x12), width)
        _print_segments(console, chain(_lines(console, heading), lines))
    if findings.height:
        console.print()


def _print_segments(console: Console, segments: Iterable[Segment]) -> None:
    """Print what is laid out already; Rich would lay out a text again."""
    console.print(Segments(segments), end="", soft_wrap=True)


def _lines(console: Console, lines: Iterable[Text]) -> Iterator[Segment]:
    for line in lines:
        yield from line.render(console)
        yield Segment.line()


def _heading(claim: Sequence[dict[str, Any]], console: Console, *, has_files: bool) -> Text:
    """Claim, payer, dates and money on one line over the claim's findings."""
    first = claim[0]
    days = sorted({row["claim_line_start_date"] for row in claim} - {None})
    text = Text.assemble(
        (safe(first["claim_id"] or "no claim id"), "bold"),
        f"  {payer_text(first)}  ",
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
    if gap < 1:
        return Text.assemble("\n", text, "  ", money)
    return Text.assemble("\n", text, " ", (rule * gap, "dim"), " ", money)


def _with_lines(
    claim: Sequence[dict[str, Any]], cells: Callable[[dict[str, Any]], Cells], x12: frozenset[str]
) -> Iterator[Cells]:
    """The rows of a claim; a line is named at its first finding only."""
    before = None
    for row in claim:
        line = (row["source_file"], row["source_row"])
        yield [_line(row, x12) if line != before else Text(), *cells(row)]
        before = line


def _line(row: dict[str, Any], x12: frozenset[str]) -> Text:
    number = row["claim_line_number"]
    name = f"row {row['source_row']}" if number is None else f"line {number}"
    charge = row["charge_amount"]
    segment = f"segment {row['source_row']}" if row["source_file"] in x12 else ""
    parts = [name, segment, safe(row["hcpcs_code"]), "" if charge is None else dollars(charge)]
    return Text("\n".join(filter(None, parts)))


def _severity(row: dict[str, Any]) -> Text:
    return Text.assemble((row["severity"], STYLES[row["severity"]]), "\n", row["rule"])


def _denial(row: dict[str, Any]) -> str:
    return " ".join(filter(None, (row["group_code"], row["carc"], row["rarc"])))


def _narrow(row: dict[str, Any]) -> Cells:
    text = Text(safe(row["message"]))
    if row["fix"]:
        text.append("\n").append_text(_fix(row))
    denial = f"Denial {_denial(row)}. " if _denial(row) else ""
    text.append(f"\n{denial}")
    text.append_text(_source(row))
    return [_severity(row), text]


def _wide(row: dict[str, Any]) -> Cells:
    message = Text(safe(row["message"]))
    return [_severity(row), message, _fix(row), Text(_denial(row)), _source(row)]


def _fix(row: dict[str, Any]) -> Text:
    if not row["fix"]:
        return Text()
    return Text.assemble(_FIX_LABELS[row["fix_kind"]], safe(row["fix"]))


def _source(row: dict[str, Any]) -> Text:
    # The place in the document is long: `scrub explain` and the files have it.
    since = f", effective {row['in_force_from']}" if row["in_force_from"] else ""
    doubt = "" if row["confidence"] in {"", "primary"} else f" ({row['confidence']})"
    # As a part of a text, since `_rows` renders no style of a whole one.
    return Text.assemble((f"{safe(row['source_title'])}{since}{doubt}", "dim"))


def _rows(console: Console, rows: Iterable[Cells], width: int) -> Iterator[Segment]:
    """Rows of cells as lines, their columns at the same places in every claim."""
    widths = _widths(width)
    for cells in rows:
        columns = [_wrapped(console, cell, room) for cell, room in zip(cells, widths, strict=True)]
        for number in range(max(len(column) for column in columns)):
            at, shown = 0, 2
            for column, room in zip(columns, widths, strict=True):
                if number < len(column):
                    part = column[number]
                    part.rstrip()
                    yield Segment(" " * (shown - at))
                    yield from part.render(console)
                    at = shown + part.cell_len
                shown += room + 2
            yield Segment.line()


def _wrapped(console: Console, cell: Text, width: int) -> list[Text]:
    """The lines of a cell; only those that are too long are wrapped, which is slow."""
    lines: list[Text] = []
    for line in cell.split(allow_blank=True) if cell else ():
        lines += [line] if line.cell_len <= width else line.wrap(console, width, overflow="fold")
    return lines


def _widths(width: int) -> tuple[int, ...]:
    """Line, severity, message; or line, severity, message, fix, denial, source."""
    rest = max(width - 2 - _LINE - _SEVERITY - 4, 10)
    if width < WIDE:
        return (_LINE, _SEVERITY, rest)
    texts = rest - _DENIAL - 6
    message, fix = texts * 2 // 5, texts // 3
    return (_LINE, _SEVERITY, message, fix, _DENIAL, texts - message - fix)
