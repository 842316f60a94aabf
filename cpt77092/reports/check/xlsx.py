"""Excel: a workbook to work from, with a worklist, a summary and the rules.

Every text is written as text, never as a formula, a number or a link, so that a claim number keeps
its zeros and no cell of a claim file is run. No cell of the workbook holds a formula.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from math import ceil
from typing import IO, Any

import polars as pl
import xlsxwriter

from cpt77092 import findings
from cpt77092.choices import Sort
from cpt77092.engine import Result
from cpt77092.findings import AtRisk, Totals, rollup
from cpt77092.findings.lines import details
from cpt77092.findings.since import STATUSES as STATUSES_SINCE
from cpt77092.findings.since import SinceTotals
from cpt77092.findings.table import needing_work
from cpt77092.frozen import frozen
from cpt77092.reports.check import summary
from cpt77092.reports.check.former_worklist import (
    DONE,
    NOTE,
    STATUS,
    STATUSES,
    FormerWorklist,
    filled_in,
    payer_shown,
)
from cpt77092.reports.check.report import Report
from cpt77092.reports.rule_pages import Cited, RulePage, rule_pages
from cpt77092.text import FORMULA_STARTS, is_address, safe

ROWS = 1_048_575
"""Most rows of a sheet under its header; the worst findings are kept."""
LONGEST_CELL = 32_767
LONGEST_LINK = 2_079
_SUMMARY_WIDTH = 64
_LINE, _TITLE, _HIGHEST = 15, 20, 409
"""Points: of a line of text, of the title's row, and of the highest row that Excel has."""
_COLORS = {"error": "#F8D7D3", "warning": "#FBE9C0", "info": "#DCEAF7"}


@frozen(kw_only=True)
class Column:
    """One column of the worklist: where its values come from and how it looks."""

    header: str
    name: str
    """The column of the findings table or of `FILLED`."""
    width: int
    style: str = "text"


WORKLIST = (
    Column(header=STATUS, name="status", width=12, style="fill"),
    Column(header="Claim", name="claim_id", width=14),
    Column(header="Line", name="claim_line_number", width=5, style="place"),
    Column(header="Payer", name="payer_shown", width=18, style="wrapped"),
    Column(header="Date", name="claim_line_start_date", width=11, style="date"),
    Column(header="Code", name="hcpcs_code", width=7),
    Column(header="Modifiers", name="modifiers", width=10),
    Column(header="POS", name="place", width=5),
    Column(header="Units", name="service_unit_quantity", width=6, style="place"),
    Column(header="Diagnoses", name="diagnoses", width=14, style="wrapped"),
    Column(header="Charge", name="charge_amount", width=10, style="money"),
    Column(header="Severity", name="severity", width=9, style="severity"),
    Column(header="Rule", name="rule", width=8),
    Column(header="What is wrong", name="message", width=40, style="wrapped"),
    Column(header="What to do", name="fix", width=36, style="wrapped"),
    Column(header="Assigned to", name="assigned_to", width=11, style="fill"),
    Column(header=NOTE, name="note", width=24, style="fill"),
    Column(header="Fixed by", name="fixed_by", width=11, style="fill"),
    Column(header="Fixed on", name="fixed_on", width=11, style="fill"),
    Column(header="Rendering NPI", name="rendering_npi", width=13),
    Column(header="Fix type", name="fix_type", width=12),
    Column(header="Group", name="group_code", width=7),
    Column(header="CARC", name="carc", width=7),
    Column(header="RARC", name="rarc", width=8),
    Column(header="Expected", name="expected_payment", width=11, style="money"),
    Column(header="Policy", name="payer_label", width=20),
    Column(header="Source", name="source_title", width=40),
    Column(header="Effective", name="in_force_from", width=13, style="date"),
    Column(header="Confidence", name="confidence", width=11),
    Column(header="File", name="source_file", width=24),
    Column(header="Row", name="source_row", width=8, style="place"),
)

_OF_ACCEPTED = {
    *("Claim", "Line", "Payer", "Date", "Code", "Modifiers", "Charge", "Severity", "Rule"),
    *("What is wrong", "What to do"),
}
ACCEPTED = (
    *(column for column in WORKLIST if column.header in _OF_ACCEPTED),
    Column(header="Why accepted", name="reason", width=30, style="wrapped"),
    Column(header="By", name="accepted_by", width=8),
    Column(header="Until", name="accepted_until", width=11, style="date"),
)
"""Findings that somebody accepted, which are not on the worklist."""

SINCE = (
    Column(header="Since", name="status_shown", width=28),
    Column(header="Claim", name="claim_id", width=16),
    Column(header="Payer", name="payer", width=24, style="wrapped"),
    Column(header="Date", name="claim_line_start_date", width=11, style="date"),
    Column(header="Rules", name="rules", width=24, style="wrapped"),
    Column(header="Findings", name="findings", width=9, style="place"),
    Column(header="Charges", name="charges", width=12, style="money"),
)
"""What became of findings since a former report, by claim."""

_INDENTED = {"align": "left", "indent": 1}  # beside an amount, which ends at the cell's edge
_STYLES: dict[str, dict[str, Any]] = {
    "text": {"num_format": "@"},
    "wrapped": {"num_format": "@", "text_wrap": True},
    # An apostrophe that Excel keeps: the text stays text when somebody edits the cell.
    "inert": {"num_format": "@", "quote_prefix": True},
    "number": {},
    "place": {"align": "left"},
    "figure": {"bold": True, "align": "right"},
    "date": {"num_format": "yyyy-mm-dd", "align": "left"},
    "money": {"num_format": "$#,##0.00"},
    "fill": {"bg_color": "#FFFDF2", "border": 1, "border_color": "#D5DADF", "text_wrap": True},
    "header": {"bold": True, "bg_color": "#1D3A57", "font_color": "#FFFFFF", "text_wrap": True},
    "title": {"bold": True, "font_size": 14},
    "heading": {"bold": True},
    **{name: {"bg_color": color, "bold": True, **_INDENTED} for name, color in _COLORS.items()},
}


_FIX_TYPES = {"safe": "safe", "unsafe": "verify first"}


def write(stream: IO[bytes], report: Report) -> None:
    """Write the workbook."""
    result, totals = report.result, report.totals
    buffer = io.BytesIO()  # XlsxWriter seeks, and standard output cannot
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(buffer, options) as file:
        # The day of the check and no clock: the same findings give the same bytes.
        day = datetime.combine(result.as_of, time.min)
        file.set_properties({"title": "Claim check", "created": day})
        book = _Book(file)
        extra = ("payer_label", "line", *report.extra)
        columns = [
            *_with_since(WORKLIST, totals),
            *(Column(header=n, name=n, width=14) for n in report.extra),
        ]
        work = findings.worst(needing_work(result), ROWS)
        notices = findings.worst(needing_work(result, others=True), ROWS)
        work_rows = rollup.grouped(work, sort=Sort.SEVERITY, extra=extra)
        notice_rows = findings.as_table(notices, extra=extra)
        listed = _in_words(result, work_rows, report.worklist)
        _worklist(book, "Worklist", listed, columns)
        unfilled = [column for column in columns if column.style != "fill"]
        _worklist(book, "Notices", _in_words(result, notice_rows), unfilled)
        if report.accepted is not None and report.accepted.findings.height:
            accepted = findings.accepted_table(result, report.accepted, extra=("payer_label",))
            _worklist(book, "Accepted", accepted.head(ROWS).with_columns(payer_shown()), ACCEPTED)
        if totals.since is not None:
            _worklist(book, "Since", _since_rows(totals.since), SINCE)
        shown = pl.concat([work_rows, notice_rows], how="diagonal")
        _summary(book, result, totals, shown.height)
        _rules(book, result, totals, shown)
    stream.write(buffer.getvalue())


def _with_since(columns: Sequence[Column], totals: Totals) -> list[Column]:
    """Columns with what is new since a former report, after the rule, if there is one."""
    if totals.since is None:
        return [*columns]
    place = [column.name for column in columns].index("rule") + 1
    return [*columns[:place], Column(header="Since", name="since", width=7), *columns[place:]]


def _since_rows(since: SinceTotals) -> pl.DataFrame:
    words = {status: summary.in_words(status) for status in STATUSES_SINCE}
    status = pl.col("status").replace_strict(words, return_dtype=pl.String)
    return since.by_claim.head(ROWS).with_columns(status.alias("status_shown"))


def _in_words(
    result: Result, rows: pl.DataFrame, worklist: FormerWorklist | None = None
) -> pl.DataFrame:
    """The findings with the columns that the worklist words in its own way or has filled in."""
    worded = rows.with_columns(
        payer_shown(),
        fix_type=pl.col("fix_kind").replace_strict(_FIX_TYPES, default=""),
    ).hstack(details(result.lines[rows["line"].cast(pl.UInt32)]))
    return worded.hstack(filled_in(worded, worklist))


class _Book:
    """A workbook with its styles, and a way of writing a cell by the type of its value."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.styles = {
            name: file.add_format({"valign": "top", **look}) for name, look in _STYLES.items()
        }
        self.top = file.add_format({"top": 1})  # over the first row of a claim
        self.gray = file.add_format({"font_color": "#757575", "bg_color": "#F2F2F2"})

    def sheet(self, name: str, headers: Sequence[str], widths: Sequence[int]) -> Any:
        """A sheet with a frozen header row that is repeated on paper."""
        sheet = self.file.add_worksheet(name)
        for place, (header, width) in enumerate(zip(headers, widths, strict=True)):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, header, self.styles["header"])
        self.paper(sheet)
        return sheet

    @staticmethod
    def paper(sheet: Any) -> None:
        """Landscape, as wide as a page, its pages numbered."""
        sheet.set_landscape()
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&RPage &P of &N")

    def cell(self, sheet: Any, row: int, place: int, value: Any, style: str) -> None:
        """Write one cell; only what is a number or a date here becomes one there."""
        look = self.styles[style]
        if value is None or value == "":
            sheet.write_blank(row, place, None, look)
        elif isinstance(value, date):
            sheet.write_datetime(row, place, value, look)
        elif isinstance(value, int | float | Decimal):
            sheet.write_number(row, place, float(value), look)
        else:
            text = safe(value)[:LONGEST_CELL]
            is_inert = style in ("text", "wrapped") and text.startswith(tuple(FORMULA_STARTS))
            sheet.write_string(row, place, text, self.styles["inert"] if is_inert else look)


def _worklist(book: _Book, name: str, rows: pl.DataFrame, columns: Sequence[Column]) -> None:
    """Findings, with columns to fill in where there are some."""
    sheet = book.sheet(name, [c.header for c in columns], [c.width for c in columns])
    wrapped = [column for column in columns if column.style == "wrapped"]
    # Excel takes a style from cells, so a blank cell to fill in is written too.
    for number, row in enumerate(rows.iter_rows(named=True), start=1):
        for place, column in enumerate(columns):
            value = row[column.name]
            style = str(value) if column.style == "severity" else column.style
            book.cell(sheet, number, place, value, style)
        _heighten(sheet, number, [(row[column.name], column.width) for column in wrapped])
    headers = [column.header for column in columns]
    last, claim = max(rows.height, 1), headers.index("Claim")
    sheet.freeze_panes(1, claim + 2)
    sheet.autofilter(0, 0, last, len(columns) - 1)
    sheet.repeat_rows(0)
    # Not all columns are printed: they would be too small to read.
    printed = (name for name in (NOTE, "Until", "What to do", "Charges") if name in headers)
    sheet.print_area(0, 0, last, headers.index(next(printed)))
    letter = chr(ord("A") + claim)
    starts = {"type": "formula", "criteria": f"=${letter}2<>${letter}1", "format": book.top}
    sheet.conditional_format(1, 0, last, len(columns) - 1, starts)
    if STATUS in headers:
        sheet.data_validation(1, 0, last, 0, {"validate": "list", "source": list(STATUSES)})
        is_done = ",".join(f'$A2="{status}"' for status in DONE)
        gray = {"type": "formula", "criteria": f"=OR({is_done})", "format": book.gray}
        sheet.conditional_format(1, 0, last, len(columns) - 1, gray)


def _heighten(sheet: Any, row: int, texts: Iterable[tuple[str | None, int]]) -> None:
    """Make a row high enough for wrapped texts; not every program does so by itself."""
    lines = max((ceil(len(text or "") / width) for text, width in texts), default=1)
    if lines > 1:
        sheet.set_row(row, min(lines * _LINE, _HIGHEST))


def _summary(book: _Book, result: Result, totals: Totals, shown: int) -> None:
    """May the batch be submitted, which money is at risk, and what was not checked."""
    sheet = book.file.add_worksheet("Summary")
    sheet.set_column(0, 0, _SUMMARY_WIDTH)
    sheet.set_column(1, 5, 14)
    sheet.set_column(2, 2, 24)
    book.paper(sheet)
    number = sum(totals.by_severity.values())
    verdict, *stakes = summary.headline_sentences(totals)
    lines = [
        *([f"The worst {shown:,} of {number:,} findings are listed."] if shown < number else []),
        *stakes,
        *summary.since_doubts(totals),
        *summary.decisions(totals),
        *summary.rework(totals),
        summary.conservation(totals),
        *summary.reading(result),
        summary.basis(result),
    ]
    sheet.set_row(0, _TITLE)
    book.cell(sheet, 0, 0, verdict, "title")
    for row, line in enumerate(lines, start=1):
        book.cell(sheet, row, 0, line, "text")
    money = ("Lines", "Charged", "charge known", "Expected", "payment known")
    payers = [(label, *_money(at_risk)) for _, label, at_risk in totals.at_risk_by_payer]
    titles = {rule.code: f"{rule.code} {rule.title}" for rule in result.rules}
    rules = [(titles[code], *_money(at_risk)) for code, at_risk in totals.at_risk_by_rule]
    whole = [("All lines with an error", *_money(totals.at_risk))]
    row = _block(book, sheet, len(lines) + 2, ("At risk by payer", *money), [*whole, *payers])
    title = "At risk by rule (a line counts under each of its rules)"
    row = _block(book, sheet, row, (title, *money), rules)
    unchecked = [
        (reason, rule, result.policies[payer].label, lines)
        for rule, reason, payer, lines in totals.not_checked
    ]
    _block(book, sheet, row, ("Not checked because", "Rule", "Payer", "Lines"), unchecked)


def _money(money: AtRisk) -> tuple[Any, ...]:
    charges = money.charges if money.charges_known else None
    expected = money.expected if money.expected_known else None
    return (money.lines, charges, money.charges_known, expected, money.expected_known)


def _block(
    book: _Book, sheet: Any, row: int, headers: Sequence[str], rows: Sequence[Sequence[Any]]
) -> int:
    """Write a small table; gives the row where the next one begins."""
    for place, header in enumerate(headers):
        is_figure = rows and not isinstance(rows[0][place], str)
        book.cell(sheet, row, place, header, "figure" if is_figure else "heading")
    for number, values in enumerate(rows, start=row + 1):
        for place, value in enumerate(values):
            style = "money" if isinstance(value, Decimal) else "number"
            book.cell(sheet, number, place, value, "wrapped" if isinstance(value, str) else style)
        _heighten(sheet, number, [(str(values[0]), _SUMMARY_WIDTH)])
    return row + len(rows) + 2


_RULE_PARTS = ("Why", "Basis", "Clear", "Not checked")
_RULE_COLUMNS = (
    *(("Rule", 8), ("Severity", 10), ("Findings", 9), ("Finding when", 36)),
    *((word, 44) for word in _RULE_PARTS),
    *(("Denial", 16), ("Source", 44), ("Effective", 13), ("Address", 40)),
)
"""Headers and widths."""


def _rules(book: _Book, result: Result, totals: Totals, shown: pl.DataFrame) -> None:
    """Each rule with findings, once for every source that it cites."""
    headers, widths = zip(*_RULE_COLUMNS, strict=True)
    sheet = book.sheet("Rules", headers, widths)
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    rows = [
        (page, source)
        for page in rule_pages(result, totals, shown)
        for source in page.sources or (None,)
    ]
    for number, (page, source) in enumerate(rows, start=1):
        _rule_row(book, sheet, number, page, source)
    sheet.autofilter(0, 0, max(len(rows), 1), len(headers) - 1)


def _rule_row(book: _Book, sheet: Any, row: int, page: RulePage, source: Cited | None) -> None:
    parts = dict(page.parts)
    cited = ""
    if source is not None:
        at = f", {source.at}" if source.at else ""
        cited = f"{source.title}{at} ({source.confidence})"
    texts = (page.title, *(parts.get(word, "") for word in _RULE_PARTS), page.denial, cited)
    book.cell(sheet, row, 0, page.code, "text")
    book.cell(sheet, row, 1, page.severity, page.severity)
    book.cell(sheet, row, 2, page.findings, "number")
    for place, text in enumerate(texts, start=3):
        book.cell(sheet, row, place, text, "wrapped")
    widths = (width for _, width in _RULE_COLUMNS[3:])
    _heighten(sheet, row, zip(texts, widths, strict=False))
    if source is None:
        return
    book.cell(sheet, row, 10, source.since, "date")
    if is_address(source.url) and len(source.url) <= LONGEST_LINK:
        sheet.write_url(row, 11, source.url, book.styles["text"])
    else:
        book.cell(sheet, row, 11, source.url, "text")
