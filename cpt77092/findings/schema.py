"""The columns of every machine-readable report, in order.

What is here stays: a later version appends columns to the end of a table and raises the version,
and never renames, drops or moves one.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cpt77092.choices import By
from cpt77092.facts.money import CENTS

FINDINGS_SCHEMA_VERSION = 1
"""In the manifest of JSON (`schema`) and the metadata of Parquet (`cpt77092.schema`)."""

Schema = Mapping[str, pl.DataType | type[pl.DataType]]

ROW: Schema = {"source_file": pl.String, "source_row": pl.Int64, "row_id": pl.String}
"""Where a line was read: row of a table, counted with its header, or segment of an X12 file.
`row_id` names a row where numbers mean nothing; null for files."""

LINE: Schema = {
    **ROW,
    "claim_id": pl.String,
    "claim_line_number": pl.Int64,
    "line_control_number": pl.String,
    "hcpcs_code": pl.String,
    "modifiers": pl.String,
    "service_unit_quantity": pl.Float64,
    "claim_frequency_code": pl.String,
    "claim_line_start_date": pl.Date,
    "payer": pl.String,
    "payer_name": pl.String,
}
"""What names a claim line. `modifiers` are as billed, in order, separated by spaces; `payer` is the
policy's key and `payer_name` the payer as the claim has it. Null where the file has no such column
or a typed cell is blank or unreadable."""

MONEY: Schema = {"charge_amount": CENTS, "expected_payment": CENTS}

FINDING: Schema = {
    **LINE,
    "rule": pl.String,
    "name": pl.String,
    "severity": pl.String,
    "message": pl.String,
    "fix": pl.String,
    "fix_kind": pl.String,
    "group_code": pl.String,
    "carc": pl.String,
    "rarc": pl.String,
    **MONEY,
    "source_title": pl.String,
    "source_at": pl.String,
    "source_url": pl.String,
    "in_force_from": pl.Date,
    "confidence": pl.String,
}
"""The findings table: one row per finding."""

CHECKED_LINE: Schema = {**LINE, **MONEY}
"""One row per checked line, with or without findings."""

NOT_CHECKED_ROW: Schema = {
    **ROW,
    "claim_id": pl.String,
    "claim_line_number": pl.Int64,
    "rule": pl.String,
    "reason": pl.String,
}
"""One row per line and rule that could not be checked there."""

_SUMMARY: Schema = {
    "errors": pl.UInt32,
    "warnings": pl.UInt32,
    "infos": pl.UInt32,
    "rules": pl.String,
    "reasons": pl.String,
    "fixes": pl.String,
    "denials": pl.String,
    **MONEY,
}

FLAGGED_LINE: Schema = {**LINE, "severity": pl.String, **_SUMMARY}
"""One row per line with a finding; `severity` is its worst."""

FLAGGED_CLAIM: Schema = {
    **ROW,
    "claim_id": pl.String,
    "claim_line_start_date": pl.Date,
    "payer": pl.String,
    "payer_name": pl.String,
    "severity": pl.String,
    "lines": pl.UInt32,
    "error_lines": pl.UInt32,
    **_SUMMARY,
    "charges_at_risk": CENTS,
    "payment_at_risk": CENTS,
}
"""One row per claim with a finding. Row, date and payer are of its first such line; `lines` counts
lines with a finding and the money is theirs, each line once; `at_risk` is of lines with an error,
and adds up to the totals. Credits are left out, and money of which nothing is known is null."""

SCHEMAS: Mapping[By, Schema] = {
    By.FINDING: FINDING,
    By.LINE: FLAGGED_LINE,
    By.CLAIM: FLAGGED_CLAIM,
}
