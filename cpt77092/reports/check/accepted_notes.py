"""Decisions and the findings that they accept, in words, for `scrub accept`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import polars as pl

from cpt77092.engine import Result
from cpt77092.findings.totals import money_of
from cpt77092.followup.entries import Entry
from cpt77092.followup.key import name_of
from cpt77092.reports.check import at_risk
from cpt77092.text import count, payer_text, safe


def finding_notes(findings: pl.DataFrame) -> Iterator[str]:
    """`A-1009/1 MO012 error, Medicare 2026-03-06: 77080 billed globally ...`, a line each."""
    for row in findings.iter_rows(named=True):
        number = row["claim_line_number"]
        name = name_of(row["claim_id"] or "", "" if number is None else str(number), row["rule"])
        day = row["claim_line_start_date"] or "no date"
        yield safe(f"{name} {row['severity']}, {payer_text(row)} {day}: {row['message']}")


def money_note(result: Result, findings: pl.DataFrame) -> str:
    """`2 findings on 2 lines, $165.00 charged`."""
    money = money_of(result, findings["line"])
    lines = count(money.lines, "line")
    return f"{count(findings.height, 'finding')} on {lines}, {at_risk.charged(money)}"


def entry_notes(entries: Iterable[Entry], day: date) -> Iterator[str]:
    """`A-1009/1 MO012, Medicare: until 2027-03-31, KL 2026-11-29: Our scanner`, a line each."""
    for entry in entries:
        until = f"ended {entry.until}" if entry.until < day else f"until {entry.until}"
        name = entry.name if entry.is_standing else f"{entry.name}, {entry.payer}"
        yield safe(f"{name}: {until}, {entry.by} {entry.accepted}: {entry.reason}")
