"""HTML: one self-contained page to read, search, print and send on.

Jinja2 writes what needs no script: verdict, totals, charts, rules. The findings are in the page as
packed data, from which its own script builds the table with text nodes only: columns of lines and
of findings, small when packed. The page's content
security policy lets no other script run and nothing be fetched.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import IO, TYPE_CHECKING, Any

import polars as pl
from markupsafe import Markup

from cpt77092 import __version__, findings
from cpt77092.engine import EXPECTED_PAYMENT, SEVERITIES, Result
from cpt77092.findings import Totals
from cpt77092.findings.lines import billed_modifiers, details
from cpt77092.reports.check import at_risk, summary
from cpt77092.reports.check.report import Report
from cpt77092.reports.jinja import environment
from cpt77092.reports.rule_pages import CITED, rule_pages
from cpt77092.text import safe, safe_expr

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
    stream.write(check_html(report).encode())


def check_html(report: Report) -> str:
    """The page with its style, script, drawings and findings inside."""
    result, totals = report.result, report.totals
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
            accepted=_accepted(result, report.accepted),
            summary=summary,
            since_shown=SINCE_SHOWN,
            notes=[
                *summary.decisions(totals),
                *summary.rework(totals),
                summary.conservation(totals),
                *summary.reading(result),
            ],
            data=packed(report_data(result, shown, report.extra)),
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


_MONEY = ("charge_amount", EXPECTED_PAYMENT)


def packed(data: Any) -> str:
    """JSON, gzipped, in Base64: small, and no text of a claim is markup of the page."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    # No clock in it, so that the same findings give the same bytes.
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=9, mtime=0)).decode()


def report_data(result: Result, shown: pl.DataFrame, extra: Sequence[str] = ()) -> dict[str, Any]:
    """Columns of the findings and of the lines of their claims, as the script reads them.

    `shown` is the findings table with the extra column `line`.
    """
    line = shown["line"].cast(pl.UInt32)
    lines = _lines_of_claims(result, line.unique())
    severities = [severity.value for severity in SEVERITIES]
    sources = shown.select(CITED).unique(maintain_order=True).with_row_index("source")
    cited = shown.join(sources, on=CITED, how="left", nulls_equal=True, maintain_order="left")
    of_findings = cited.select(
        lines["line"].search_sorted(line).alias("place"),
        "rule",
        pl.col("severity").cast(pl.Enum(severities)).to_physical(),
        safe_expr("message"),
        safe_expr("fix"),
        "fix_kind",
        _joined("group_code", "carc", "rarc").alias("denial"),
        "source",
        (pl.col("since") == "new").fill_null(value=False).alias("is_new"),
    )
    return {
        "severities": severities,
        "files": [safe(scan.path) for scan in result.batch.scans],
        "payers": payer_labels(result),
        "rules": {rule.code: rule.title for rule in result.rules},
        "sources": _columns(sources.select(pl.col(CITED).cast(pl.String))),
        "lines": _columns(_described(lines, extra)),
        "findings": _columns(of_findings),
    }


def payer_labels(result: Result) -> list[str]:
    """The label of each payer by its number: of several spellings the one that totals choose."""
    labels = result.lines.group_by("payer_number").agg(pl.col("payer_label").min())
    named = dict(labels.iter_rows())
    return [safe(named.get(number) or "") for number in range(max(named, default=-1) + 1)]


def _lines_of_claims(result: Result, flagged: pl.Series) -> pl.DataFrame:
    """All lines of the claims with a finding; without a claim number the flagged line alone."""
    lines = result.lines
    claim = ["claim_id", "payer_number"]
    chosen = lines.select(*claim)[flagged].drop_nulls("claim_id").unique()
    whole = lines.join(chosen, on=claim, how="semi")["line"]
    return lines[pl.concat([whole, flagged]).unique().sort()]


def _described(lines: pl.DataFrame, extra: Sequence[str]) -> pl.DataFrame:
    """What a coder needs to see of a line besides its findings."""
    return lines.select(
        "source",
        "source_row",
        safe_expr("claim_id"),
        "claim_line_number",
        safe_expr("hcpcs_code"),
        pl.col("claim_line_start_date").cast(pl.String),
        "payer_number",
        _own_payer_name(),
        *(pl.col(name).cast(pl.Float64, strict=False).round(2) for name in _MONEY),
        billed_modifiers(lines),
        _optional(lines, "service_unit_quantity").alias("units"),
        *(safe_expr(name) for name in extra),
    ).hstack(details(lines).select("place", "diagnoses"))


def _own_payer_name() -> pl.Expr:
    """The payer as the claim has it; null where it is blank or the label of its policy."""
    name, label = safe_expr("payer").str.strip_chars(), pl.col("payer_label").cast(pl.String)
    lower = name.str.to_lowercase()
    is_own = (lower != "") & (lower != label.str.to_lowercase())
    is_own &= lower != pl.col("payer_policy").cast(pl.String)
    return pl.when(is_own).then(name).alias("payer_name")


def _optional(lines: pl.DataFrame, name: str) -> pl.Expr:
    if name not in lines.columns:
        return pl.lit(None)
    return pl.col(name) if lines.schema[name].is_numeric() else safe_expr(name)


def _joined(*names: str) -> pl.Expr:
    """Codes with blanks between them, the blank ones left out."""
    filled = [pl.when(pl.col(name) != "").then(safe_expr(name)) for name in names]
    return pl.concat_str(filled, separator=" ", ignore_nulls=True)


def _columns(frame: pl.DataFrame) -> dict[str, list[Any]]:
    return {
        name: [safe(value) if isinstance(value, str) else value for value in column]
        for name, column in frame.to_dict(as_series=False).items()
    }
