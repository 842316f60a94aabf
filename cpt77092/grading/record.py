"""Grades for programs: every figure of the pages as JSON, and each checked line with its answer."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from cpt77092.grading.evidence import Proposal
from cpt77092.grading.grades import Grades, Miss, Month, RuleGrade, Tally
from cpt77092.grading.payments import PaymentGroup
from cpt77092.remittances import RemittanceFile

if TYPE_CHECKING:
    from cpt77092.grading.run import Graded

LINE_COLUMNS = (
    *("source_file", "source_row", "claim_id", "claim_line_number", "line_control_number"),
    *("hcpcs_code", "modifiers", "claim_line_start_date", "payer", "payer_name"),
    *("charge_amount", "expected_payment", "severity", "predicted", "grade", "outcome"),
    *("paid", "allowed", "denied_group", "denied_carc", "denied_remarks", "adjustments"),
    *("payment_date", "remittance_file", "remittance_row"),
)
"""Columns of a graded line, in CSV. `predicted` are the rules, `grade` what became of the
prediction (null without one), `outcome` what became of the line."""


def graded_lines(graded: Graded) -> pl.DataFrame:
    """All checked lines as `LINE_COLUMNS` has them."""
    remits = graded.remittances
    files = pl.Series(remits.paths, dtype=pl.String)
    answer = pl.lit(remits.lines["source"]).gather(pl.col("remit"))
    return graded.lines.with_columns(
        remittance_file=pl.lit(files).gather(answer),
        remittance_row=pl.lit(remits.lines["source_row"]).gather(pl.col("remit")),
        denied_remarks=pl.col("remarks").list.join(" "),
        grade=pl.col("grade").cast(pl.String),
        outcome=pl.col("outcome").cast(pl.String),
    ).select(LINE_COLUMNS)


def grades_record(graded: Graded) -> dict[str, Any]:
    """The whole as JSON has it; money in dollars, dates as text."""
    grades = graded.grades
    return {
        "reports": list(graded.predictions.reports),
        "as_of": [day.isoformat() for day in graded.predictions.as_of],
        "remittances": [
            _file_record(path, file)
            for path, file in zip(graded.remittances.paths, graded.remittances.files, strict=True)
        ],
        "checked_lines": grades.checked,
        "outcomes": dict(sorted(grades.outcomes.items())),
        "errors": _tally_record(grades.errors),
        "warnings": _tally_record(grades.warnings),
        **_missed_record(grades),
        "by_rule": [_rule_record(one) for one in grades.rules],
        **_over_time(grades),
        "proposals": [_record(one) for one in graded.proposals],
        "rules_to_review": [_rule_record(one) for one in graded.doubtful_rules],
        "payments": _payments(graded),
        "unmatched": _unmatched(graded),
        "other_codes": graded.other_codes,
    }


def _file_record(path: str, file: RemittanceFile) -> dict[str, Any]:
    withheld = {reason: float(amount) for reason, amount in file.provider_adjustments.items()}
    return {
        "file": path,
        "kind": file.kind,
        "rows": file.rows,
        "lines": file.lines.height,
        "not_data": file.not_data,
        "rejected": _rows(file.rejects),
        "payments": file.payments,
        "provider_adjustments": withheld,
        "notes": list(file.notes),
        "faults": list(file.faults),
    }


def _rule_record(one: RuleGrade) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "name": one.name,
        "severity": one.severity,
        "payer": one.payer,
        "payer_label": one.payer_label,
        **_tally_record(one.tally),
        "missed": one.missed,
        "recall": one.recall and one.recall.record(),
    }


def _tally_record(tally: Tally) -> dict[str, Any]:
    return {**_record(tally), "precision": tally.precision.record()}


def _record(one: Tally | Miss | Month | PaymentGroup | Proposal) -> dict[str, Any]:
    """The fields by their names: money in dollars, days as text, and what is blank as null."""
    names = [each.name for each in fields(one)]
    return {"from" if n == "first_day" else n: _plain(getattr(one, n)) for n in names}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else None if value == "" else value


def _rows(table: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as JSON values."""
    money = [name for name, dtype in table.schema.items() if dtype.is_decimal()]
    return list(json.loads(table.cast(dict.fromkeys(money, pl.Float64)).write_json()))


def _missed_record(grades: Grades) -> dict[str, Any]:
    """What was denied and not predicted; null where the report does not list all lines."""
    return {
        "denied": grades.denied,
        "missed": grades.missed,
        "missed_with_warning": None if grades.missed is None else grades.missed_warned,
        "recall": grades.recall and grades.recall.record(),
        "misses": list(map(_record, grades.misses)),
    }


def _over_time(grades: Grades) -> dict[str, Any]:
    return {
        "by_month": list(map(_record, grades.months)),
        "steps": [
            {
                "payer": one.payer,
                "payer_label": one.payer_label,
                "hcpcs_code": one.hcpcs_code,
                "modifiers": one.modifiers,
                "from": one.day.isoformat(),
                "denied_before": one.before.record(),
                "denied_since": one.since.record(),
                "carc": one.carc or None,
            }
            for one in grades.steps
        ],
    }


def _payments(graded: Graded) -> dict[str, Any]:
    paid = graded.payments
    columns = ["claim_id", "claim_line_number", "hcpcs_code", "payer", "due", "allowed", "short"]
    return {
        "by_payer_and_code": list(map(_record, paid.groups)),
        "underpaid": _rows(paid.below.select(*columns, "adjustments")),
        "fee_unknown": paid.unknown,
    }


def _unmatched(graded: Graded) -> list[dict[str, Any]]:
    files = pl.Series(graded.remittances.paths, dtype=pl.String)
    table = graded.unmatched.with_columns(remittance_file=pl.lit(files).gather(pl.col("source")))
    columns = ["claim_id", "hcpcs_code", "modifiers", "claim_line_start_date", "charge", "paid"]
    return _rows(
        table.select(
            "remittance_file",
            pl.col("source_row").alias("remittance_row"),
            *columns,
            pl.col("answer").cast(pl.String),
        )
    )
