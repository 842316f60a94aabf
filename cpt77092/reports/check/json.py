"""JSON: manifest, totals, rows, reasons for what was not checked, and rejects in one object.

The manifest has what a run rested on, so that it can be run again; no clock.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import IO, Any

import polars as pl

from cpt77092 import __version__, findings
from cpt77092.engine import Result
from cpt77092.file_state import closing, digest
from cpt77092.findings import FINDINGS_SCHEMA_VERSION, AcceptedTotals, AtRisk, Rework, Totals
from cpt77092.findings.since import SinceTotals
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


def manifest(report: Report) -> dict[str, Any]:
    """Program, policies, rules, files with their digests, options and exit code.

    Raises:
        ClaimsError: a file has changed since it was read.
    """
    result, layout = report.result, report.options.get("layout")
    return {
        "program": "cpt77092",
        "version": __version__,
        "schema": FINDINGS_SCHEMA_VERSION,
        "as_of": result.as_of.isoformat(),
        "policies": {"digest": result.policies.digest, "folders": list(result.policies.origin)},
        "rules": [rule.code for rule in result.rules],
        "inputs": _inputs(result),
        "unreadable": list(result.batch.unreadable),
        "history": _history(result),
        "layout": None if layout is None else _named(report, layout),
        "accepted": _accepted(report),
        "since": _since(report),
        "columns": [gap.text for gap in report.totals.gaps],
        "options": dict(report.options),
        "exit": {"code": report.exit_code, "reason": report.why},
    }


def _accepted(report: Report) -> dict[str, Any] | None:
    """The file of decisions and what it took off the list; None without one."""
    accepted = report.totals.accepted
    if accepted is None:
        return None
    numbers = {severity.value: number for severity, number in accepted.by_severity.items()}
    return {**_named(report, accepted.file), "findings": numbers}


def _named(report: Report, file: str) -> dict[str, Any]:
    """A file that an option names, and the digest of what was read of it."""
    return {"file": file, "sha256": digest(file, report.states.get(file))}


def _since(report: Report) -> dict[str, Any] | None:
    """The former report, whether it could be verified, and the day it is of; None without one."""
    if report.totals.since is None:
        return None
    former = report.totals.since.former
    return {
        **_named(report, former.file),
        "verified": former.is_verified,
        "as_of": None if former.as_of is None else former.as_of.isoformat(),
    }


def _inputs(result: Result) -> list[dict[str, Any]]:
    return [
        {
            "file": scan.path,
            "kind": scan.opened.kind,
            "encoding": scan.encoding or None,
            "layout": scan.opened.headers.layout or None,
            "notes": list(scan.notes),
            "bytes": scan.size,
            "sha256": digest(scan.opened.data, scan.state) if scan.opened.data else None,
            **tally.record(),
            "faults": list(scan.faults),
        }
        for scan, tally in zip(result.batch.scans, result.batch.tallies, strict=True)
    ]


def _history(result: Result) -> dict[str, Any] | None:
    """The earlier claims of a run, None where none were given."""
    past = result.history
    if past is None:
        return None
    return {
        "files": [
            {
                "file": name,
                "sha256": digest(name, past.states.get(name)),
                "faults": list(past.faults.get(name, ())),
            }
            for name in past.files
        ],
        "ignored": list(past.ignored),
        "rows": past.tally.rows,
        "lines": past.tally.lines,
        "no_code": past.tally.no_code,
        "no_patient": past.tally.no_patient,
        "rejected": past.rejects.height,
        "first_day": past.covered.first_day.isoformat() if past.covered.first_day else None,
        "last_day": past.covered.last_day.isoformat() if past.covered.last_day else None,
    }
