"""HTML: one self-contained page to read, search, print and send on.

Jinja2 writes what needs no script: verdict, totals, charts, rules. The findings are in the page as
packed data, from which its own script builds the table with text nodes only. The page's content
security policy lets no other script run and nothing be fetched.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import IO, TYPE_CHECKING

from markupsafe import Markup

from cpt77092 import __version__, findings
from cpt77092.engine import Result
from cpt77092.findings import AtRisk, Rework, Totals
from cpt77092.reports.check import at_risk, summary
from cpt77092.reports.check.data import packed, report_data
from cpt77092.reports.jinja import environment
from cpt77092.reports.rule_pages import rule_pages
from cpt77092.text import count, dollars, is_address, payer_text, safe

if TYPE_CHECKING:
    from cpt77092.reports.check.report import Report

FINDINGS_SHOWN = 20_000
"""More than a person will read and a browser can search at once; the worst are kept."""
WITHOUT_SCRIPT = 200
"""Findings in the plain table for browsers without scripts."""
BARS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One figure of the summary."""

    label: str
    figure: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row of a chart: what was charged, and within it what the payer would pay."""

    key: str
    """The filter that a click sets."""
    label: str
    charged: float
    """Width as a share of the widest."""
    expected: float
    figures: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Dollars at risk by payer or by rule."""

    filter: str
    title: str
    bars: tuple[Bar, ...]
    note: str


def write(stream: IO[bytes], report: Report) -> None:
    """Write the page."""
    stream.write(check_html(report.result, report.totals, extra=report.extra).encode())


def check_html(result: Result, totals: Totals, *, extra: Sequence[str] = ()) -> str:
    """The page with its style, script, drawings and findings inside."""
    shown = findings.as_table(findings.worst(result, FINDINGS_SHOWN), extra=("line",))
    templates = environment()
    script = files("cpt77092.reports").joinpath("templates/check.js").read_text(encoding="utf-8")
    number = sum(totals.by_severity.values())
    plain = findings.as_table(findings.worst(result, WITHOUT_SCRIPT), extra=("payer_label",))
    return templates.get_template("check.html").render(
        result=result,
        version=__version__,
        headline=summary.headline(totals),
        tone=_tone(totals),
        cards=cards(totals),
        charts=[chart for chart in charts(result, totals) if chart.bars],
        number=number,
        shown=shown.height,
        plain=plain.iter_rows(named=True),
        plain_height=plain.height,
        pages=rule_pages(result, totals, shown),
        notes=[*summary.rework(totals), summary.conservation(totals), *_reading_notes(result)],
        not_checked=summary.not_checked(result, totals, verbose=True),
        data=packed(report_data(result, shown, extra)),
        # Our own script, which no text of a claim can enter.
        script=Markup(script),  # noqa: S704
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        is_address=is_address,
        count=count,
        dollars=dollars,
        payer_text=payer_text,
    )


def _reading_notes(result: Result) -> list[str]:
    """What could not be read, and what history was looked at."""
    return [
        *summary.unreadable(result),
        *summary.rejects(result),
        *summary.doubts(result),
        *summary.history(result),
    ]


def _tone(totals: Totals) -> str:
    """The color of the verdict."""
    if totals.error_lines or totals.tally.rejected or totals.history_rejected:
        return "error"
    if totals.warning_lines or not totals.checked_lines:
        return "warning"
    return "good"


def cards(totals: Totals) -> list[Card]:
    """The figures that a reader looks for first."""
    number = sum(totals.by_severity.values())
    return [
        Card(
            label="Lines that would be denied",
            figure=f"{totals.error_lines:,}",
            note=f"of {count(totals.checked_lines, 'checked line')}",
            tone="error" if totals.error_lines else "good",
        ),
        *_money_cards(totals.at_risk),
        Card(label="Findings", figure=f"{number:,}", note=summary.severity_counts(totals)),
        Card(
            label="Claims to review",
            figure=f"{totals.flagged_claims:,}",
            note=f"{count(totals.flagged_lines, 'line')} with a finding",
        ),
        *_rework_cards(totals.rework),
    ]


def _money_cards(money: AtRisk) -> list[Card]:
    amounts = [
        ("Charges at risk", money.charges, money.charges_known),
        ("Expected payment at risk", money.expected, money.expected_known),
    ]
    return [
        Card(
            label=label,
            figure=dollars(amount) if known or not money.lines else "-",
            note=f"known for {known:,} of {count(money.lines, 'line')}" if money.lines else "",
        )
        for label, amount, known in amounts
    ]


def _rework_cards(work: Rework | None) -> list[Card]:
    if work is None or not work.lines:
        return []
    note = f"at {dollars(work.cost)} a line; unknown for {work.unknown:,}"
    return [Card(label="Worth reworking", figure=f"{work.worth_it:,}", note=note)]


def charts(result: Result, totals: Totals) -> list[Chart]:
    """Dollars at risk by payer, which add up to the batch, and by rule, which do not."""
    payers = [(label, label, money) for _, label, money in totals.at_risk_by_payer]
    titles = {rule.code: rule.title for rule in result.rules}
    rules = sorted(totals.at_risk_by_rule, key=lambda row: -row[1].charges)
    return [
        _chart("payer", "At risk by payer", payers, ""),
        _chart(
            "rule",
            "At risk by rule",
            [(code, f"{code} {titles[code]}", money) for code, money in rules],
            "A line counts under each of its rules.",
        ),
    ]


def _chart(key: str, title: str, rows: Sequence[tuple[str, str, AtRisk]], note: str) -> Chart:
    widest = max((float(money.charges) for _, _, money in rows), default=0.0) or 1.0
    more = len(rows) - BARS
    notes = [note, f"{count(more, 'more ' + key)} not shown." if more > 0 else ""]
    return Chart(
        filter=key,
        title=title,
        bars=tuple(
            Bar(
                key=safe(name),
                label=safe(label),
                charged=round(float(money.charges) / widest, 4),
                expected=round(min(float(money.expected) / widest, 1.0), 4),
                figures=at_risk.figures(money),
            )
            for name, label, money in rows[:BARS]
        ),
        note=" ".join(filter(None, notes)),
    )
