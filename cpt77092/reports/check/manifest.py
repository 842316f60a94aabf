"""The manifest of a JSON report: what a run rested on, so that it can be run again. No clock."""

from __future__ import annotations

from typing import Any

from cpt77092 import __version__
from cpt77092.engine import Result
from cpt77092.file_state import digest
from cpt77092.findings import FINDINGS_SCHEMA_VERSION
from cpt77092.reports.check.report import Report


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
    since = report.totals.since
    if since is None:
        return None
    return {
        **_named(report, since.file),
        "verified": since.is_verified,
        "as_of": None if since.as_of is None else since.as_of.isoformat(),
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
