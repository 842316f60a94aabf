"""The table a coder sees at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cpt77092 import findings
from cpt77092.engine import Result
from cpt77092.findings import Totals
from cpt77092.reports import summary
from cpt77092.reports.text import dollars, safe
from cpt77092.rule import Severity

STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def show(
    console: Console,
    result: Result,
    totals: Totals,
    *,
    limit: int | None,
    quiet: bool = False,
    verbose: bool = False,
    extra: Sequence[str] = (),
) -> None:
    """Print headline, findings and summary.

    Args:
        console: where to; it knows width and colour.
        result: the run.
        totals: the run added up.
        limit: at most so many findings, all where None; counts are always of everything.
        quiet: only the findings.
        verbose: infos one by one and every not-checked reason.
        extra: `person_id`, where the user asked for it.
    """
    if not quiet:
        style = "bold red" if totals.error_lines else "bold"
        console.print(Text(summary.headline(totals), style=style))
        console.print()
    shown = findings.table(result, limit=limit, infos=verbose, extra=("payer_label", *extra))
    if shown.height:
        console.print(_table(shown))
        total = sum(n for s, n in totals.by_severity.items() if verbose or s is not Severity.INFO)
        if shown.height < total:
            note = f"showing {shown.height:,} of {total:,}; --limit 0 shows all"
            console.print(Text(note, style="dim"))
    if not quiet:
        for sentence in summary.sentences(result, totals, verbose=verbose):
            console.print(Text(sentence))


def _table(shown: pl.DataFrame) -> Table:
    table = Table(box=box.HEAVY_HEAD, expand=False)
    table.add_column("Claim/line", min_width=10, max_width=24, overflow="fold")
    table.add_column("Rule", no_wrap=True)
    table.add_column("What is wrong, and what to do", ratio=1, overflow="fold")
    table.add_column("Denial", min_width=6, max_width=7)
    table.add_column("Charge", justify="right", no_wrap=True)
    before: tuple[object, object] | None = None
    for row in shown.iter_rows(named=True):
        line = (row["source_file"], row["source_row"])
        is_new = line != before
        if is_new:
            table.add_section()
        table.add_row(
            _where(row) if is_new else Text(""),
            Text.assemble(row["rule"], "\n", (row["severity"], STYLES[row["severity"]])),
            _what(row),
            Text(" ".join(filter(None, (row["group_code"], row["carc"], row["rarc"])))),
            _charge(row) if is_new else Text(""),
        )
        before = line
    return table


def _where(row: dict[str, Any]) -> Text:
    number = row["claim_line_number"]
    claim = safe(row["claim_id"] or "no claim id")
    parts = [
        f"{claim}/{number}" if number is not None else f"{claim}, row {row['source_row']}",
        safe(row["payer_label"]),
        str(row["claim_line_start_date"] or "no date"),
    ]
    if row.get("person_id"):
        parts.append(f"person {safe(row['person_id'])}")
    return Text("\n".join(parts))


def _charge(row: dict[str, Any]) -> Text:
    charge = row["charge_amount"]
    return Text("" if charge is None else dollars(charge))


def _what(row: dict[str, Any]) -> Text:
    text = Text(safe(row["message"]))
    if row["fix"]:
        style = "green" if row["fix_kind"] == "safe" else ""
        text.append(f"\n{safe(row['fix'])}", style=style)
        if row["fix_kind"] != "none":
            text.append(f" {row['fix_kind'].capitalize()} fix.", style=style)
    # The place in the document is long: `scrub explain` and the files have it.
    since = f", since {row['in_force_from']}" if row["in_force_from"] else ""
    doubt = "" if row["confidence"] == "primary" else f" ({row['confidence']} source)"
    text.append(f"\n{safe(row['source_title'])}{since}{doubt}", style="dim")
    return text
