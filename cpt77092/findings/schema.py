"""The columns of every machine-readable report, in order.

What is here stays: a later version appends columns to the end of a table and raises the version,
and never renames, drops or moves one.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cpt77092.choices import By
from cpt77092.facts.money import CENTS

FINDINGS_SCHEMA_VERSION = 2
"""In the manifest of JSON (`schema`) and the metadata of Parquet (`cpt77092.schema`)."""

Schema = Mapping[str, pl.DataType | type[pl.DataType]]


def _texts(*names: str) -> Schema:
    return dict.fromkeys(names, pl.String)


def _counts(*names: str) -> Schema:
    return dict.fromkeys(names, pl.UInt32)


ROW: Schema = {"source_file": pl.String, "source_row": pl.Int64, "row_id": pl.String}
"""Where a line was read: row of a table, counted with its header, or segment of an X12 file.
`row_id` names a row where numbers mean nothing; null for files."""

LINE: Schema = {
    **ROW,
    "claim_id": pl.String,
    "claim_line_number": pl.Int64,
    **_texts("line_control_number", "hcpcs_code", "modifiers"),
    "service_unit_quantity": pl.Float64,
    "claim_frequency_code": pl.String,
    "claim_line_start_date": pl.Date,
    **_texts("payer", "payer_name"),
}
"""What names a claim line. `modifiers` are as billed, in order, separated by spaces; `payer` is the
policy's key and `payer_name` the payer as the claim has it. Null where the file has no such column
or a typed cell is blank or unreadable."""

MONEY: Schema = {"charge_amount": CENTS, "expected_payment": CENTS}

FINDING: Schema = {
    **LINE,
    **_texts("rule", "name", "severity", "message", "fix", "fix_kind"),
    **_texts("group_code", "carc", "rarc"),
    **MONEY,
    **_texts("source_title", "source_at", "source_url"),
    "in_force_from": pl.Date,
    "confidence": pl.String,
    **_texts("question", "since"),
}
"""The findings table: one row per finding. `question` is what the payer answers once for all such
findings, null where the finding is none; `since` is new or open, null without a former report."""

SINCE: Schema = {
    **_texts("status", "claim_id", "payer"),
    "claim_line_start_date": pl.Date,
    "rules": pl.String,
    "findings": pl.UInt32,
    "charges": CENTS,
}
"""How a run differs from a former one, a row per status and claim: new, open, fixed, accepted,
unchecked or gone. `charges` are of the lines, each once, credits left out."""

ACCEPTED: Schema = {**FINDING, **_texts("reason", "accepted_by"), "accepted_until": pl.Date}
"""One row per finding that somebody accepted: why, whose initials, and the last day."""

CHECKED_LINE: Schema = {**LINE, **MONEY}
"""One row per checked line, with or without findings."""

NOT_CHECKED_ROW: Schema = {
    **ROW,
    "claim_id": pl.String,
    "claim_line_number": pl.Int64,
    **_texts("rule", "reason"),
}
"""One row per line and rule that could not be checked there."""

_SUMMARY: Schema = {
    **_counts("errors", "warnings", "infos"),
    **_texts("rules", "reasons", "fixes", "denials"),
    **MONEY,
}

FLAGGED_LINE: Schema = {**LINE, "severity": pl.String, **_SUMMARY}
"""One row per line with a finding; `severity` is its worst."""

FLAGGED_CLAIM: Schema = {
    **ROW,
    "claim_id": pl.String,
    "claim_line_start_date": pl.Date,
    **_texts("payer", "payer_name", "severity"),
    **_counts("lines", "error_lines"),
    **_SUMMARY,
    "charges_at_risk": CENTS,
    "payment_at_risk": CENTS,
}
"""One row per claim with a finding. Row, date and payer are of its first such line; `lines` counts
lines with a finding and the money is theirs, each line once; `at_risk` is of lines with an error,
and adds up to the totals. Credits are left out, and money of which nothing is known is null."""


def _whole_numbers(*names: str) -> Schema:
    return dict.fromkeys(names, pl.Int64)


TOTALS: Schema = {
    **_whole_numbers("rows", "in_scope", "out_of_scope", "no_code", "not_data", "rejected"),
    **_whole_numbers("checked_lines", "partner_lines", "flagged_lines", "flagged_claims"),
    **_whole_numbers("error_lines", "denied_lines", "unjudged_lines"),
    **_whole_numbers("errors", "warnings", "infos", "not_checked"),
    "charges_at_risk": CENTS,
    "payment_at_risk": CENTS,
    **_whole_numbers("payment_known_lines"),
}
"""What a run adds up to, in one row."""

SCHEMAS: Mapping[By, Schema] = {
    By.FINDING: FINDING,
    By.LINE: FLAGGED_LINE,
    By.CLAIM: FLAGGED_CLAIM,
}
