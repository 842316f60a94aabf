"""What a coder sees at a terminal: the answer, the findings, and what else there is to know."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cpt77092.choices import By, Sort
from cpt77092.engine import Result
from cpt77092.findings import Totals, rollup
from cpt77092.reports.check import at_risk, summary
from cpt77092.reports.check.claim_blocks import print_claims
from cpt77092.reports.check.report import Report
from cpt77092.reports.check.rollup_table import rollup_table
from cpt77092.reports.console import STYLES
from cpt77092.rule import Severity
from cpt77092.text import count, safe

LIMIT = 50
"""Rows shown unless the user asks for another number."""
_NARROW = 70
"""Below this width the amounts by payer leave no room for names."""
_PAYERS = 8
_USUAL_HEIGHT = 4
"""Lines on the screen that a row takes."""


def show(console: Console, report: Report) -> None:
    """Print the answer, the findings and what else there is to know."""
    totals = report.totals
    if not report.quiet:
        console.print(_answer(totals, console.width))
    rows = _print_findings(console, report)
    if not (rows or report.quiet):
        console.print()
    total = rollup.count(report.result, report.by, infos=report.verbose)
    if rows < total:
        note = f"showing {rows:,} of {total:,} {_rows_are(report)}; --limit 0 shows all"
        console.print(Text(note, style="bold"))
        console.print()
    if not report.quiet:
        _print_rest(console, report.result, totals, verbose=report.verbose)
        if console.is_terminal and rows * _USUAL_HEIGHT > console.height:
            # By now the panel has left the screen.
            console.print(Text(f"{summary.verdict(totals)}.", style=f"bold {_style(totals)}"))
        for command in summary.following(totals):
            console.print(Text(command, style="bold"))


def _print_findings(console: Console, report: Report) -> int:
    """Print the findings or their roll-up, and count the rows."""
    result, by, sort = report.result, report.by, report.sort or Sort.SEVERITY
    limit = LIMIT if report.limit is None else report.limit or None
    infos, extra = report.verbose, ("payer_label", *report.extra)
    if by is By.FINDING:
        table = rollup.grouped(result, sort=sort, limit=limit, infos=infos, extra=extra)
        print_claims(console, table, result)
        return table.height
    table = rollup.as_table(result, by=by, sort=sort, limit=limit, infos=infos, extra=extra)
    if table.height:
        titles = {rule.code: rule.title for rule in result.rules}
        console.print(rollup_table(table, by, titles, console.width))
        console.print()
    return table.height


def _rows_are(report: Report) -> str:
    if report.verbose:
        return f"{report.by}s"
    is_finding = report.by is By.FINDING
    return "errors and warnings" if is_finding else f"{report.by}s with an error or warning"


def _style(totals: Totals) -> str:
    if totals.error_lines:
        return "red"
    return "green" if summary.is_clean(totals) else "color(166)"


def _answer(totals: Totals, width: int) -> Panel:
    """The panel whose first line says whether the batch may be submitted."""
    style = _style(totals)
    answer = Text(summary.verdict(totals), style=f"bold {style}")
    body = Text()
    fits = cell_len(answer.plain) <= width - 6
    if not fits:
        body.append_text(answer).append("\n")
    if stakes := summary.stakes(totals):
        body.append(f"{stakes}.\n", style="bold")
        if unread := summary.unread(totals):  # else the answer itself has it
            more = f"{unread} could not be read, so there may be more.\n"
            body.append(more, style=STYLES["warning"])
    for clause in summary.columns(totals):
        body.append(f"{clause}.\n", style=STYLES["warning"])
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
    """`23 errors, 9 warnings, 60 infos on 42 lines of 41 claims.`, each in its color."""
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


def _print_rest(console: Console, result: Result, totals: Totals, *, verbose: bool) -> None:
    """Infos, money by payer, what was not checked, and the next command."""
    if not verbose:
        infos = [info.removeprefix("Info ") for info in summary.infos(result, totals)]
        _print_section(console, "For review (-v lists each)", infos)
    if len(totals.at_risk_by_payer) > 1:
        _print_payers(console, totals, verbose=verbose)
    if verbose:
        _print_section(console, "At risk by rule", summary.money_by_rule(totals))
    about = [
        *summary.answers(totals),
        *summary.rework(totals),
        *summary.history(result),
        *summary.commonest(result),
    ]
    _print_section(console, "About this batch", about)
    unread = [*summary.unreadable(result), *summary.rejects(result)]
    _print_section(console, "Could not be read", unread)
    _print_section(console, "May be incomplete", summary.doubts(result))
    _print_section(console, "Notes", [f"{safe(note)}." for note in result.batch.notes])
    reasons = summary.not_checked(result, totals, verbose=verbose)
    texts = [text.removeprefix("Not checked: ") for text in reasons]
    _print_section(console, "Not checked", [f"{text[:1].upper()}{text[1:]}" for text in texts])
    console.print(Text(summary.basis(result), style="dim"))


def _print_section(console: Console, title: str, texts: Sequence[str]) -> None:
    if not texts:
        return
    console.print(Text(title, style="bold"))
    grid = Table.grid(padding=(0, 1, 0, 0))
    for text in texts:
        grid.add_row("-", Text(text))
    console.print(Padding(grid, (0, 0, 0, 2)))
    console.print()


def _print_payers(console: Console, totals: Totals, *, verbose: bool) -> None:
    """Money at risk by payer: a table, or a list where amounts alone would fill the width."""
    title, payers = "At risk by payer", totals.at_risk_by_payer
    first = payers if verbose else payers[:_PAYERS]
    left = len(payers) - len(first)
    more = f"and {count(left, 'more payer')}" if left else ""
    if console.width < _NARROW:
        texts = [f"{safe(label)}: {at_risk.figures(money)}" for _, label, money in first]
        _print_section(console, title, [*texts, *filter(None, [more])])
        return
    grid = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    grid.add_column("Payer", overflow="fold")
    for name in ("Lines", "Charged", "Expected payment"):
        grid.add_column(name, justify="right", no_wrap=True)
    for _, label, money in first:
        amounts = (at_risk.charges(money), at_risk.expected(money))
        grid.add_row(Text(safe(label)), f"{money.lines:,}", *map(_amount, amounts))
    if more:
        grid.add_row(more)
    console.print(Text(title, style="bold"))
    console.print(Padding(grid, (0, 0, 0, 2)))
    console.print()


def _amount(amount: str) -> Text:
    return Text(amount, style="dim" if amount == at_risk.UNKNOWN else "")
