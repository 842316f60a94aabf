"""HTML: one self-contained page to read, search, print and send on.

Jinja2 writes what needs no script: verdict, totals, charts, rules. The findings are in the page as
packed data, from which its own script builds the table with text nodes only. The page's content
security policy lets no other script run and nothing be fetched.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import IO, TYPE_CHECKING, Any

from markupsafe import Markup

from cpt77092 import __version__, findings
from cpt77092.engine import Result
from cpt77092.findings import Totals
from cpt77092.reports.check import at_risk, summary
from cpt77092.reports.check.data import packed, report_data
from cpt77092.reports.check.report import Report
from cpt77092.reports.jinja import environment
from cpt77092.reports.rule_pages import rule_pages

if TYPE_CHECKING:
    from cpt77092.followup.accepted import Accepted

FINDINGS_SHOWN = 20_000
"""More than a person will read and a browser can search at once; the worst are kept."""
WITHOUT_SCRIPT = 200
"""Findings in the plain table for browsers without scripts."""
ACCEPTED_SHOWN = SINCE_SHOWN = 500
BARS = 6
"""In each chart; a note counts the others."""


def write(stream: IO[bytes], report: Report) -> None:
    """Write the page."""
    page = check_html(report.result, report.totals, extra=report.extra, accepted=report.accepted)
    stream.write(page.encode())


def check_html(
    result: Result,
    totals: Totals,
    *,
    extra: Sequence[str] = (),
    accepted: Accepted | None = None,
) -> str:
    """The page with its style, script, drawings and findings inside."""
    shown = findings.as_table(findings.worst(result, FINDINGS_SHOWN), extra=("line",))
    script = files("cpt77092.reports").joinpath("templates/check.js").read_text(encoding="utf-8")
    number = sum(totals.by_severity.values())
    plain = findings.as_table(findings.worst(result, WITHOUT_SCRIPT), extra=("payer_label",))
    return (
        environment()
        .get_template("check.html")
        .render(
            result=result,
            totals=totals,
            version=__version__,
            tone=_tone(totals),
            charts=_charts(result, totals),
            figures=at_risk.figures,
            bars_shown=BARS,
            number=number,
            shown=shown.height,
            plain=list(plain.iter_rows(named=True)),
            pages=rule_pages(result, totals, shown),
            accepted=_accepted(result, accepted),
            summary=summary,
            since_shown=SINCE_SHOWN,
            notes=[
                *summary.decisions(totals),
                *summary.rework(totals),
                summary.conservation(totals),
                *summary.reading(result),
            ],
            data=packed(report_data(result, shown, extra)),
            # Our own script, which no text of a claim can enter.
            script=Markup(script),  # noqa: S704
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def _accepted(result: Result, accepted: Accepted | None) -> list[dict[str, Any]]:
    """Rows of the findings that somebody accepted, the first ones."""
    if accepted is None:
        return []
    table = findings.accepted_table(result, accepted, extra=("payer_label",))
    return list(table.head(ACCEPTED_SHOWN).iter_rows(named=True))


def _tone(totals: Totals) -> str:
    """The color of the verdict."""
    if totals.error_lines or totals.tally.rejected or totals.history_rejected:
        return "error"
    if not summary.is_clean(totals):
        return "warning"
    return "good"


def _charts(result: Result, totals: Totals) -> list[dict[str, Any]]:
    """Dollars at risk by payer, which add up to the batch, and by rule, which do not.

    Each row has the filter that a click on it sets, its label and its money.
    """
    titles = {rule.code: f"{rule.code} {rule.title}" for rule in result.rules}
    rules = sorted(totals.at_risk_by_rule, key=lambda row: -row[1].charges)
    payers = [(label, label, money) for _, label, money in totals.at_risk_by_payer]
    by_rule = [(code, titles[code], money) for code, money in rules]
    note = "A line counts under each of its rules."
    return [
        {"filter": "payer", "rows": payers, "note": ""},
        {"filter": "rule", "rows": by_rule, "note": note},
    ]
