"""Findings for programs: JSON with the manifest, JSON lines, CSV and Parquet."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import IO, Any

import polars as pl
from polars.io.plugins import register_io_source

from cpt77092 import __version__, findings
from cpt77092.engine import Result
from cpt77092.findings import AtRisk, Rework, Totals
from cpt77092.text import FORMULA_STARTS

MONEY = ("charge_amount", "expected_payment", "charges_at_risk", "payment_at_risk")
_ROWS = 10_000
"""Rows that are made one text."""


def write_json(
    stream: IO[bytes],
    result: Result,
    totals: Totals,
    *,
    shown: Iterable[pl.DataFrame],
    name: str = "findings",
    manifest: Mapping[str, Any],
    with_not_checked_rows: bool = False,
) -> None:
    """Write one object: manifest, totals, findings (or what the rows are), reasons and rejects."""
    text = io.TextIOWrapper(stream, encoding="utf-8", write_through=True)
    text.write('{"manifest": ')
    json.dump(manifest, text, indent=2, ensure_ascii=False)
    text.write(',\n"totals": ')
    json.dump(totals_record(totals), text, indent=2, ensure_ascii=False)
    text.write(f',\n"{name}": [')
    _write_records(stream, shown)
    text.write('],\n"not_checked": ')
    json.dump([_reason(*row) for row in totals.not_checked], text, indent=1, ensure_ascii=False)
    text.write(',\n"rejects": [')
    _write_records(stream, [findings.rejects(result)])
    text.write("]")
    if with_not_checked_rows:
        text.write(',\n"not_checked_rows": [')
        _write_records(stream, [findings.not_checked_rows(result)])
        text.write("]")
    text.write("}\n")
    text.detach()


# A table comes in pieces, one at least: see `rollup.pieces`.


def write_jsonl(stream: IO[bytes], shown: Iterable[pl.DataFrame]) -> None:
    """Write one JSON object per row and line."""
    for piece in shown:
        _as_numbers(piece).write_ndjson(stream)


def write_csv(stream: IO[bytes], shown: Iterable[pl.DataFrame]) -> None:
    """Write the table as CSV with a header."""
    for number, piece in enumerate(shown):
        texts = [_inert(name) for name, d in piece.schema.items() if d == pl.String]
        piece.with_columns(texts).write_csv(stream, include_header=number == 0)


def write_parquet(stream: IO[bytes], shown: Iterable[pl.DataFrame]) -> None:
    """Write the table as Parquet, dates and money typed."""
    pieces = iter(shown)
    first = next(pieces)

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        del columns, predicate, rows, size  # all is written
        yield from chain([first], pieces)

    made = io.BytesIO()  # Polars hides why a file of its own cannot be written
    register_io_source(source, schema=first.schema).sink_parquet(made)
    stream.write(made.getbuffer())


def manifest(
    result: Result, *, options: Mapping[str, Any], exit_code: int, why: str
) -> dict[str, Any]:
    """What a run rested on: enough to run it again and get the same findings. No clock in it."""
    return {
        "program": "cpt77092",
        "version": __version__,
        "as_of": result.as_of.isoformat(),
        "policies": {"digest": result.policies.digest, "folders": list(result.policies.origin)},
        "rules": [rule.code for rule in result.rules],
        "inputs": [
            {
                "file": scan.path,
                "kind": scan.kind,
                "encoding": scan.encoding or None,
                "notes": list(scan.notes),
                "bytes": scan.size,
                "sha256": _digest(scan.file) if scan.file else None,
                "rows": tally.rows,
                "in_scope": tally.in_scope,
                "out_of_scope": tally.out_of_scope,
                "no_code": tally.no_code,
                "not_data": tally.not_data,
                "rejected": tally.rejected,
                "faults": list(scan.faults),
            }
            for scan, tally in zip(result.batch.scans, result.batch.tallies, strict=True)
        ],
        "unreadable": list(result.batch.unreadable),
        "history": _history(result),
        "layout": _layout(options.get("layout")),
        "options": dict(options),
        "exit": {"code": exit_code, "reason": why},
    }


def _layout(file: str | None) -> dict[str, Any] | None:
    """The user's layout file, None where none was given."""
    return None if file is None else {"file": file, "sha256": _digest(Path(file))}


def _history(result: Result) -> dict[str, Any] | None:
    """The earlier claims of a run, None where none were given."""
    past = result.history
    if past is None:
        return None
    return {
        "files": [
            {
                "file": name,
                "sha256": _digest(Path(name)),
                "faults": list(past.faults.get(name, ())),
            }
            for name in past.files
        ],
        "ignored": list(past.ignored),
        "rows": past.rows,
        "lines": past.lines.height,
        "rejected": past.rejects.height,
        "first_day": past.first_day.isoformat() if past.first_day else None,
        "last_day": past.last_day.isoformat() if past.last_day else None,
    }


def totals_record(totals: Totals) -> dict[str, Any]:
    """The totals as plain JSON values; money in dollars."""
    return {
        "rows": totals.tally.rows,
        "checked_lines": totals.checked_lines,
        "flagged_lines": totals.flagged_lines,
        "flagged_claims": totals.flagged_claims,
        "error_lines": totals.error_lines,
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
        "rework": _rework_record(totals.rework),
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


def _rework_record(rework: Rework | None) -> dict[str, Any] | None:
    if rework is None:
        return None
    return {
        "cost": float(rework.cost),
        "lines": rework.lines,
        "worth_it": rework.worth_it,
        "not_worth_it": rework.not_worth_it,
        "not_known": rework.unknown,
    }


def _reason(rule: str, reason: str, payer: str, lines: int) -> dict[str, Any]:
    return {"rule": rule, "reason": reason, "payer": payer, "lines": lines}


def _write_records(stream: IO[bytes], shown: Iterable[pl.DataFrame]) -> None:
    between, end = b"\n", b""
    for some in _slices(shown):
        made = io.BytesIO()
        some.write_ndjson(made)
        stream.write(between)
        stream.write(made.getvalue().removesuffix(b"\n").replace(b"}\n{", b"},\n{"))
        between, end = b",\n", b"\n"
    stream.write(end)


def _slices(shown: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """So few rows that their JSON takes little memory; none of them empty."""
    for piece in shown:
        for start in range(0, piece.height, _ROWS):
            yield _as_numbers(piece.slice(start, _ROWS))


def _as_numbers(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(
        pl.col(name).cast(pl.Float64) for name in MONEY if name in table.columns
    )


def _inert(name: str) -> pl.Expr:
    """Text that a spreadsheet would take for a formula, made text by an apostrophe."""
    value = pl.col(name)
    starts = value.str.contains(f"^[{re.escape(FORMULA_STARTS)}]")
    return pl.when(starts).then(pl.format("'{}", value)).otherwise(value).alias(name)


def _digest(file: Any) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
