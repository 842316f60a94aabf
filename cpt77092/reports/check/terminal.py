"""What a coder sees at a terminal: the answer, then the findings claim by claim, worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, groupby
from typing import Any

import polars as pl
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from cpt77092.choices import By, Sort
from cpt77092.engine import Result
from cpt77092.findings import Totals, rollup
from cpt77092.reports.check import summary
from cpt77092.rule import Severity
from cpt77092.text import count, dollars, safe

# Colours that stand out on a dark screen and on a light one; yellow and cyan vanish on white.
STYLES = {"error": "bold red", "warning": "bold color(166)", "info": "bold color(31)"}
_WARNING = STYLES["warning"]
WIDE = 120
"""From this width on, what to do and who says so stand beside what is wrong, not under it."""
ROOMY = 100
_LINE, _SEVERITY, _DENIAL = 10, 7, 9
_NARROW = 64
"""Less wide the amounts by payer leave no room for names."""
_PAYERS = 8
_USUAL_HEIGHT = 4
"""Lines on the screen that a row takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What of a run is shown, and in which order."""

    by: By = By.FINDING
    """What a row is; findings are grouped by claim."""
    sort: Sort = Sort.SEVERITY
    limit: int | None = None
    """At most so many rows, all where None; counts are always of everything."""
    quiet: bool = False
    """Only the findings."""
    verbose: bool = False
    """Infos one by one, and every reason why something was not checked."""
    extra: tuple[str, ...] = ()
    """`person_id`, where the user asked for it."""


def show(console: Console, result: Result, totals: Totals, view: View) -> None:
    """Print the answer, the findings and what else there is to know."""
    if not view.quiet:
        console.print(_answer(totals, console.width))
    by, infos, extra = view.by, view.verbose, ("payer_label", *view.extra)
    if by is By.FINDING:
        shown = rollup.grouped(result, sort=view.sort, limit=view.limit, infos=infos, extra=extra)
        has_files = len(result.batch.scans) > 1
        _print_claims(console, shown, _by_segment(result), has_files=has_files)
    else:
        shown = rollup.as_table(
            result, by=by, sort=view.sort, limit=view.limit, infos=infos, extra=extra
        )
        if shown.height:
            console.print(_rolled_up(shown, by, result, console.width))
    if not (shown.height or view.quiet):
        console.print()
    total = rollup.count(result, by, infos=infos)
    if shown.height < total:
        what = f"{by}s" if infos else "errors and warnings"
        if by is not By.FINDING and not infos:
            what = f"{by}s with an error or warning"
        note = f"showing {shown.height:,} of {total:,} {what}; --limit 0 shows all"
        console.print(Text(note, style="bold"))
        console.print()
    if not view.quiet:
        _print_rest(console, result, totals, verbose=view.verbose)
        if console.is_terminal and shown.height * _USUAL_HEIGHT > console.height:
            # By now the panel has left the screen.
            console.print(Text(f"{summary.verdict(totals)}.", style=f"bold {_style(totals)}"))
        for sentence in summary.following(totals):
            console.print(Text(sentence, style="bold"))


def _style(totals: Totals) -> str:
    if totals.error_lines:
        return "red"
    is_fine = not totals.warning_lines and summary.verdict(totals).startswith("Nothing wrong")
    return "green" if is_fine else "color(166)"


def _answer(totals: Totals, width: int) -> Panel:
    """The panel whose first line says whether the batch may be submitted."""
    style = _style(totals)
    answer = Text(summary.verdict(totals), style=f"bold {style}")
    body = Text()
    fits = cell_len(answer.plain) <= width - 6
    if not fits:
        body.append_text(answer).append("\n")
    if told := summary.stakes(totals):
        body.append(f"{told}.\n", style="bold")
        if lost := summary.unread(totals):  # else the answer itself says it
            body.append(f"{lost} could not be read, so there may be more.\n", style=_WARNING)
    body.append_text(_severities(totals)).append("\n")
    body.append(summary.row_counts(totals))
    return Panel(
        body,
        title=answer if fits else None,
        title_align="left",
        box=box.ROUNDED,
        border_style=style,
    )


def _severities(totals: Totals) -> Text:
    """`23 errors, 9 warnings, 60 infos on 42 lines of 41 claims.`, each in its colour."""
    text = Text()
    for severity in Severity:
        number = totals.by_severity[severity]
        style = STYLES[severity] if number else ""
        text.append(count(number, severity.value), style=style)
        text.append("" if severity is Severity.INFO else ", ")
    if totals.flagged_lines:
        lines = count(totals.flagged_lines, "line")
        text.append(f" on {lines} of {count(totals.flagged_claims, 'claim')}")
    return text.append(".")


def _by_segment(result: Result) -> frozenset[str]:
    """The files whose rows are segments: a claim and line number are no help in finding one."""
    return frozenset(scan.path for scan in result.batch.scans if scan.kind.startswith("X12"))


def _print_claims(
    console: Console, shown: pl.DataFrame, by_segment: frozenset[str], *, has_files: bool
) -> None:
    width = console.width
    if shown.height and width >= WIDE:
        console.print()
        names = ("Line", "", "What is wrong", "What to do", "Denial", "Who says so")
        head = [Text.assemble((name, "dim")) for name in names]
        _print_segments(console, _rows(console, [head], width))
    rows = shown.iter_rows(named=True)
    for _, group in groupby(rows, key=lambda row: (row["claim"], row["source_file"])):
        claim = list(group)
        heading = _heading(claim, console, width, has_files=has_files).wrap(console, width)
        cells = _wide if width >= WIDE else _narrow
        laid_out = _rows(console, _with_lines(claim, cells, by_segment), width)
        _print_segments(console, chain(_lines(console, heading), laid_out))
    if shown.height:
        console.print()


def _print_segments(console: Console, segments: Iterable[Segment]) -> None:
    """Print what is laid out already: a text of Rich would be taken apart and laid out again."""
    console.print(Segments(segments), end="", soft_wrap=True)


def _lines(console: Console, lines: Iterable[Text]) -> Iterator[Segment]:
    for line in lines:
        yield from line.render(console)
        yield Segment.line()


def _heading(
    claim: Sequence[dict[str, Any]], console: Console, width: int, *, has_files: bool
) -> Text:
    """Whose claim of when it is, and its money: a line over its findings."""
    first = claim[0]
    days = sorted({row["claim_line_start_date"] for row in claim} - {None})
    text = Text.assemble(
        (safe(first["claim_id"] or "no claim id"), "bold"), "  ", safe(first["payer_label"]), "  "
    )
    text.append(" to ".join(str(day) for day in dict.fromkeys((days[0], days[-1]))) if days else "")
    if not days:
        text.append("no date")
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
    gap = width - cell_len(text.plain) - cell_len(money.plain) - 2
    if gap < 1:
        return Text.assemble("\n", text, "  ", money)
    return Text.assemble("\n", text, " ", (rule * gap, "dim"), " ", money)


Cells = list[Text]


def _with_lines(
    claim: Sequence[dict[str, Any]],
    cells: Callable[[dict[str, Any]], Cells],
    by_segment: frozenset[str],
) -> Iterator[Cells]:
    """The rows of a claim; a line is named at its first finding only."""
    before = None
    for row in claim:
        line = (row["source_file"], row["source_row"])
        yield [_line(row, by_segment) if line != before else Text(), *cells(row)]
        before = line


def _line(row: dict[str, Any], by_segment: frozenset[str]) -> Text:
    number = row["claim_line_number"]
    name = f"row {row['source_row']}" if number is None else f"line {number}"
    charge = row["charge_amount"]
    segment = f"segment {row['source_row']}" if row["source_file"] in by_segment else ""
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
    return [
        _severity(row), Text(safe(row["message"])), _fix(row), Text(_denial(row)), _source(row)
    ]  # fmt: skip


def _fix(row: dict[str, Any]) -> Text:
    if not row["fix"]:
        return Text()
    label, style = {
        "safe": ("Safe fix: ", "green"),
        "unsafe": ("Unsafe fix: ", "color(166)"),
        "none": ("To do: ", ""),
    }[row["fix_kind"]]
    return Text.assemble((label, style), safe(row["fix"]))


def _source(row: dict[str, Any]) -> Text:
    # The place in the document is long: `scrub explain` and the files have it.
    since = f", since {row['in_force_from']}" if row["in_force_from"] else ""
    doubt = "" if row["confidence"] in {"", "primary"} else f" ({row['confidence']})"
    # As a part of a text, since `_rows` renders no style of a whole one.
    return Text.assemble((f"{safe(row['source_title'])}{since}{doubt}", "dim"))


def _rows(console: Console, rows: Iterable[Cells], width: int) -> Iterator[Segment]:
    """Rows under one another, at the same places in every claim.

    Laid out by hand: a table of Rich for every claim takes twice as long.
    """
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
    """The lines of a cell; only those that are too long are looked at word by word."""
    lines: list[Text] = []
    for line in cell.split(allow_blank=True) if cell else ():
        lines += [line] if line.cell_len <= width else line.wrap(console, width, overflow="fold")
    return lines


def _widths(width: int) -> tuple[int, ...]:
    rest = max(width - 2 - _LINE - _SEVERITY - 4, 10)
    if width < WIDE:
        return (_LINE, _SEVERITY, rest)
    texts = rest - _DENIAL - 6
    wrong, do = texts * 2 // 5, texts // 3
    return (_LINE, _SEVERITY, wrong, do, _DENIAL, texts - wrong - do)


def _rolled_up(shown: pl.DataFrame, by: By, result: Result, width: int) -> Table:
    """One row per line or claim: the worst, the rules by their titles, the money."""
    titles = {rule.code: rule.title for rule in result.rules}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=width >= ROOMY, show_lines=False)
    table.add_column(by.capitalize(), max_width=26 if width < ROOMY else 40, overflow="fold")
    table.add_column("Worst", no_wrap=True)
    table.add_column("Why", ratio=1, overflow="fold")
    if width >= ROOMY:
        table.add_column("Denials", max_width=24)
    table.add_column("Charged", justify="right", no_wrap=True)
    if by is By.CLAIM:
        table.add_column("At risk", justify="right", no_wrap=True)
    elif width >= ROOMY:
        table.add_column("Expected", justify="right", no_wrap=True)
    for row in shown.iter_rows(named=True):
        why = Text("\n").join(
            Text.assemble((code, "bold"), f" {titles[code]}") for code in row["rules"].split()
        )
        cells = [_name(row, by), Text(row["severity"], style=STYLES[row["severity"]]), why]
        if width >= ROOMY:
            cells.append(Text(row["denials"]))
        cells.append(_money(row["charge_amount"]))
        if by is By.CLAIM:
            cells.append(_money(row["charges_at_risk"]))
        elif width >= ROOMY:
            cells.append(_money(row["expected_payment"]))
        table.add_row(*cells)
        table.add_section()
    return table


def _name(row: dict[str, Any], by: By) -> Text:
    text = Text(safe(row["claim_id"] or "no claim id"), style="bold")
    about = [safe(row["payer_label"]), str(row["claim_line_start_date"] or "no date")]
    if by is By.LINE:
        number = row["claim_line_number"]
        text.append(f", row {row['source_row']}" if number is None else f"/{number}")
        about.insert(0, safe(row["hcpcs_code"]))
    elif row["lines"] > 1:
        about.append(count(row["lines"], "line"))
    if row.get("person_id"):
        about.append(f"person {safe(row['person_id'])}")
    return text.append("\n" + ", ".join(about), style="not bold")


def _money(amount: Any) -> Text:
    return Text("" if amount is None else dollars(amount))


def _print_rest(console: Console, result: Result, totals: Totals, *, verbose: bool) -> None:
    """Infos, money by payer, what was not checked, and the next command."""
    if not verbose:
        infos = [told.removeprefix("Info ") for told in summary.infos(result, totals)]
        _print_section(console, "Worth a look (-v shows each)", infos)
    if len(totals.at_risk_by_payer) > 1:
        _print_payers(console, totals, verbose=verbose)
    if verbose:
        _print_section(console, "At risk by rule", summary.at_risk_by_rule(totals))
    about = [*summary.rework(totals), *summary.history(result), *summary.commonest(result)]
    _print_section(console, "Of this batch", about)
    _print_section(
        console, "Could not be read", [*summary.unreadable(result), *summary.rejects(result)]
    )
    _print_section(console, "Doubtful", summary.doubts(result))
    _print_section(console, "Notes", [f"{safe(note)}." for note in result.batch.notes])
    unchecked = summary.not_checked(result, totals, verbose=verbose)
    told = [
        one.removeprefix("Not checked: ").replace(", so not checked:", ":", 1) for one in unchecked
    ]
    _print_section(console, "Not checked", told)
    console.print(Text(summary.basis(result), style="dim"))


def _print_section(console: Console, title: str, sentences: Sequence[str]) -> None:
    if not sentences:
        return
    console.print(Text(title, style="bold"))
    grid = Table.grid(padding=(0, 1, 0, 0))
    for sentence in sentences:
        grid.add_row("-", Text(sentence))
    console.print(Padding(grid, (0, 0, 0, 2)))
    console.print()


def _print_payers(console: Console, totals: Totals, *, verbose: bool) -> None:
    """Money at risk by payer: a table, or sentences where amounts alone would fill the width."""
    title, payers = "At risk by payer", totals.at_risk_by_payer
    first = payers if verbose else payers[:_PAYERS]
    rows = [
        (
            Text(safe(label)),
            money.lines,
            _known(money.charges, money.charges_known, money.lines),
            _known(money.expected, money.expected_known, money.lines),
        )
        for _, label, money in first
    ]
    more = (
        f"and {count(len(payers) - len(first), 'more payer')}" if len(first) < len(payers) else ""
    )
    if console.width < _NARROW:
        told = [
            f"{label}: {count(lines, 'line')}, charged {charged}, expected payment {expected}"
            for label, lines, charged, expected in rows
        ]
        _print_section(console, title, [*told, *([more] if more else [])])
        return
    grid = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    grid.add_column("Payer", overflow="fold")
    for name in ("Lines", "Charged", "Expected payment"):
        grid.add_column(name, justify="right", no_wrap=True)
    for label, lines, *amounts in rows:
        grid.add_row(label, f"{lines:,}", *amounts)
    if more:
        grid.add_row(more)
    console.print(Text(title, style="bold"))
    console.print(Padding(grid, (0, 0, 0, 2)))
    console.print()


def _known(amount: Decimal, known: int, lines: int) -> Text:
    """`$99.20 (5 of 6)`, where it is not known for every line."""
    if not known:
        return Text("not available", style="dim")
    return Text(dollars(amount) + ("" if known == lines else f" ({known:,} of {lines:,})"))
