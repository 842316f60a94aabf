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
from cpt77092.findings.table import needing_work
from cpt77092.reports.check import at_risk, summary
from cpt77092.reports.check.claim_blocks import print_claims
from cpt77092.reports.check.report import Report
from cpt77092.reports.check.rollup_table import rollup_table
from cpt77092.reports.console import STYLES
from cpt77092.rule import Severity
from cpt77092.text import count, safe

LIMIT = 50
"""Claims, or rows of a roll-up, shown unless the user asks for another number."""
_NARROW = 70
"""Below this width the amounts by payer leave no room for names."""
_PAYERS = 8
NEEDS = 8
"""Lines of what needs the user."""


def show(console: Console, report: Report) -> None:
    """Print the answer, the findings and what else there is to know."""
    totals = report.totals
    if not report.quiet:
        console.print(_answer(totals, console.width))
    # What is worked claim by claim; the rest is counted below.
    shown = report.result if report.verbose else needing_work(report.result)
    rows = _print_findings(console, report, shown)
    if not (rows or report.quiet):
        console.print()
    by = By.CLAIM if report.by is By.FINDING else report.by
    total = rollup.count(shown, by)
    if rows < total:
        what = count(total, by) + ("" if report.verbose else " to work on")
        note = f"showing {rows:,} of {what}; --limit 0 shows all"
        console.print(Text(note, style="bold"))
        console.print()
    if not report.quiet:
        _print_rest(console, report, verbose=report.verbose)
        if rows:  # by now the panel may have left the screen
            console.print(Text(f"{summary.verdict(totals)}.", style=f"bold {_style(totals)}"))


def _print_findings(console: Console, report: Report, shown: Result) -> int:
    """Print the findings or their roll-up, and count the claims or lines."""
    by, sort = report.by, report.sort or Sort.SEVERITY
    limit = LIMIT if report.limit is None else report.limit or None
    extra = ("payer_label", *report.extra)
    if by is By.FINDING:
        table = rollup.grouped(shown, sort=sort, limit=limit, extra=extra)
        print_claims(console, table, shown, whole=report.verbose)
        return table["claim"].n_unique()
    table = rollup.as_table(shown, by=by, sort=sort, limit=limit, extra=extra)
    if table.height:
        titles = {rule.code: rule.title for rule in shown.rules}
        console.print(rollup_table(table, by, titles, console.width))
        console.print()
    return table.height


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
    if accepted := summary.accepted(totals):
        body.append(f"{accepted}.\n")
    if changes := summary.changes(totals):
        body.append(f"{changes}.\n")
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


def _print_rest(console: Console, report: Report, *, verbose: bool) -> None:
    """Questions, notices, money by payer, what was not checked, and the next command."""
    result, totals = report.result, report.totals
    if not verbose:
        asked = summary.questions(totals)
        _print_section(console, "Ask the payer once, then record the answer", asked)
        infos = [info.removeprefix("Info ") for info in summary.infos(result, totals)]
        _print_section(console, "For review (-v lists each)", infos)
    if len(totals.at_risk_by_payer) > 1:
        _print_payers(console, totals, verbose=verbose)
    if verbose:
        _print_section(console, "At risk by rule", summary.money_by_rule(totals))
    exit_reason = summary.exit_reason(totals, report.exit_code, report.why)
    changes = [*summary.since(totals, verbose=verbose), *filter(None, [exit_reason])]
    _print_section(console, summary.since_title(totals), changes)
    decisions = summary.decisions(totals, verbose=verbose)
    _print_section(console, "Decisions on file", decisions)
    about = [*summary.rework(totals), *summary.history(result), *summary.commonest(result)]
    _print_section(console, "About this batch", about)
    unread = [*summary.unreadable(result), *summary.rejects(result)]
    _print_section(console, "Could not be read", unread)
    _print_section(console, "May be incomplete", summary.doubts(result))
    notes = [f"{safe(note)}." for note in result.batch.notes]
    if verbose:
        _print_section(console, "Notes", [*notes, *summary.answers(totals)])
        reasons = summary.not_checked(result, totals)
        texts = [text.removeprefix("Not checked: ") for text in reasons]
        _print_section(console, "Not checked", [f"{text[:1].upper()}{text[1:]}" for text in texts])
        _print_section(console, "Needs you", summary.files_to_get(result, totals))
        others = ""
    else:
        needs, others = summary.needs(result, totals)
        _print_section(console, "Needs you", [*needs, *notes], lines=NEEDS)
    if others:
        console.print(others)
    console.print(
        Text(" ".join([summary.basis(result), *summary.following(result, totals)]), style="dim")
    )


def _print_section(
    console: Console, title: str, texts: Sequence[str], *, lines: int | None = None
) -> None:
    """Print a list under a title; texts beyond the given lines are counted."""
    if not texts:
        return
    console.print(Text(title, style="bold"))
    for number, text in enumerate(texts):
        wrapped = Text(text).wrap(console, console.width - 4)
        is_last = number == len(texts) - 1
        if lines is not None and len(wrapped) + (not is_last) > lines:
            console.print(f"  - and {len(texts) - number:,} more; -v shows all")
            break
        lines = None if lines is None else lines - len(wrapped)
        for place, line in enumerate(wrapped):
            line.rstrip()
            console.print(Text.assemble("    " if place else "  - ", line))
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
