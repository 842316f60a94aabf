"""JSON: manifest, totals, rows, reasons for what was not checked, and rejects in one object."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import IO, Any

import polars as pl

from cpt77092 import findings
from cpt77092.file_state import closing
from cpt77092.findings import AcceptedTotals, AtRisk, Rework, Totals
from cpt77092.findings.since import SinceTotals
from cpt77092.reports.check.manifest import manifest
from cpt77092.reports.check.report import Report

_MONEY = ("charge_amount", "expected_payment", "charges_at_risk", "payment_at_risk", "charges")
_ROWS_AT_ONCE = 10_000
"""Rows whose JSON is held in memory together."""


def write(stream: IO[bytes], report: Report) -> None:
    """Write the whole report, long tables row by row, and last the digest of all its bytes."""
    out = _Digesting(stream)
    result, totals = report.result, report.totals
    reasons = [
        {"rule": rule, "reason": reason, "payer": payer, "lines": lines}
        for rule, reason, payer, lines in totals.not_checked
    ]
    _write_value(out, '{"manifest": ', manifest(report))
    _write_value(out, ',\n"totals": ', _totals_record(totals))
    _write_table(out, f"{report.by}s", report.pieces())
    _write_value(out, ',\n"not_checked": ', reasons, indent=1)
    _write_table(out, "rejects", [findings.rejects(result)])
    if report.accepted is not None:
        table = findings.accepted_table(result, report.accepted, extra=report.extra)
        _write_table(out, "accepted", [table])
    if totals.since is not None:
        _write_table(out, "since", [totals.since.by_claim])
    if report.checked_lines:
        lines = findings.checked_lines(result, extra=report.extra)
        _write_table(out, "checked_lines", lines)
    if report.not_checked:
        _write_table(out, "not_checked_rows", [findings.not_checked_rows(result)])
    out.write(closing(out.digest))


class _Digesting:
    """A stream that knows the digest of what is written to it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Write bytes."""
        self.digest.update(data)
        self._stream.write(data)


def money_as_numbers(table: pl.DataFrame) -> pl.DataFrame:
    """A table with its money as floats, since JSON has no decimals."""
    return table.cast({name: pl.Float64 for name in _MONEY if name in table.columns})


def _write_table(out: _Digesting, name: str, pieces: Iterable[pl.DataFrame]) -> None:
    out.write(f',\n"{name}": ['.encode())
    between, end = b"\n", b""
    for piece in _slices(pieces):
        rows = io.BytesIO()
        piece.write_ndjson(rows)
        out.write(between)
        out.write(rows.getvalue().removesuffix(b"\n").replace(b"}\n{", b"},\n{"))
        between, end = b",\n", b"\n"
    out.write(end + b"]")


def _write_value(out: _Digesting, before: str, value: Any, *, indent: int = 2) -> None:
    out.write(f"{before}{json.dumps(value, indent=indent, ensure_ascii=False)}".encode())


def _slices(pieces: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Few rows at once; none of the slices is empty."""
    for piece in pieces:
        for start in range(0, piece.height, _ROWS_AT_ONCE):
            yield money_as_numbers(piece.slice(start, _ROWS_AT_ONCE))


def _totals_record(totals: Totals) -> dict[str, Any]:
    """The totals as plain JSON values; money in dollars."""
    return {
        "rows": totals.tally.rows,
        "checked_lines": totals.checked_lines,
        "flagged_lines": totals.flagged_lines,
        "flagged_claims": totals.flagged_claims,
        "error_lines": totals.error_lines,
        "denied_lines": totals.denied_lines,
        "unjudged_lines": totals.unjudged_lines,
        "by_severity": {severity.value: n for severity, n in totals.by_severity.items()},
        "by_rule": [
            {"rule": rule, "severity": severity.value, "findings": n}
            for rule, severity, n in totals.by_rule
        ],
        **_at_risk_record(totals.at_risk),
        "at_risk_by_rule": [
            {"rule": rule, "lines": money.lines, **_at_risk_record(money)}
            for rule, money in totals.at_risk_by_rule
        ],
        "at_risk_by_payer": [
            {"payer": payer, "label": label, "lines": money.lines, **_at_risk_record(money)}
            for payer, label, money in totals.at_risk_by_payer
        ],
        "rework": totals.rework and _rework_record(totals.rework),
        "questions": [
            {
                "payer": one.payer,
                "text": one.text,
                "rules": list(one.rules),
                "lines": one.lines,
                "charges": float(one.charges),
            }
            for one in totals.questions
        ],
        "accepted": totals.accepted and _accepted_record(totals.accepted),
        "since": totals.since and _since_record(totals.since),
    }


def _rework_record(work: Rework) -> dict[str, Any]:
    return {
        "cost": float(work.cost),
        "lines": work.lines,
        "worth_it": work.worth_it,
        "not_worth_it": work.not_worth_it,
        "not_known": work.unknown,
    }


def _accepted_record(accepted: AcceptedTotals) -> dict[str, Any]:
    money = accepted.money
    return {
        "findings": accepted.findings,
        "lines": money.lines,
        "by_severity": {severity.value: n for severity, n in accepted.by_severity.items()},
        "by_rule": [{"rule": rule, "findings": n} for rule, n in accepted.by_rule],
        "charges": _known(money.charges, money.charges_known, money.lines),
        "charges_known_for": money.charges_known,
        "entries": [
            {
                "entry": outcome.entry.name,
                "state": outcome.state.value,
                "findings": outcome.findings,
                "why": outcome.why,
                "until": outcome.entry.until.isoformat(),
            }
            for outcome in accepted.outcomes
        ],
    }


def _since_record(since: SinceTotals) -> dict[str, Any]:
    return {
        **{
            group.status: {
                "claims": group.claims,
                "findings": group.findings,
                "charges": float(group.charges),
            }
            for group in since.groups
        },
        "new_by_severity": {severity.value: n for severity, n in since.new.items()},
        "old_by_severity": {severity.value: n for severity, n in since.old.items()},
        "not_compared": since.not_compared,
    }


def _at_risk_record(money: AtRisk) -> dict[str, Any]:
    return {
        "charges_at_risk": _known(money.charges, money.charges_known, money.lines),
        "charges_at_risk_known_for": money.charges_known,
        "expected_payment": _known(money.expected, money.expected_known, money.lines),
        "expected_payment_known_for": money.expected_known,
    }


def _known(amount: Decimal, known: int, lines: int) -> float | None:
    """An amount of some lines; None, and not zero, where it is known of none of them."""
    return float(amount) if known or not lines else None
