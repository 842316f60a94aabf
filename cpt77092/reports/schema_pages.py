"""Names to look up: columns of the machine-readable tables, and what own rules may use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import polars as pl
import typer
from rich.console import Console
from rich.text import Text

from cpt77092.choices import Color, PageFormat, TableName
from cpt77092.findings.schema import (
    CHECKED_LINE,
    FINDING,
    FINDINGS_SCHEMA_VERSION,
    FLAGGED_CLAIM,
    FLAGGED_LINE,
    NOT_CHECKED_ROW,
    TOTALS,
    Schema,
)
from cpt77092.policies.condition import OPERATORS, Name
from cpt77092.policies.own_rules import columns_and_facts, parameters
from cpt77092.reports.console import make_console, table_of

_TYPES: dict[pl.DataType | type[pl.DataType], str] = {
    pl.String: "text",
    pl.Date: "date",
    pl.Int64: "whole number",
    pl.UInt32: "whole number",
    pl.Float64: "number",
}


def _columns(table: TableName) -> Iterator[tuple[str, str, str]]:
    """Name, type and meaning of each column."""
    for name, dtype in TABLES[table].items():
        yield name, _TYPES.get(dtype, "decimal(18, 2)"), MEANINGS[name]


def show_schema(console: Console, table: TableName) -> None:
    """Print the columns of a table."""
    console.print(Text(f"{ROWS[table]} Schema {FINDINGS_SCHEMA_VERSION}; columns are only added."))
    console.print(table_of("Column", "Type", "Meaning", rows=_columns(table)))


def schema_markdown(table: TableName) -> str:
    """The columns of a table in Markdown."""
    head = ["| column | type | meaning |", "|---|---|---|"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in _columns(table))])


def schema_json(table: TableName) -> str:
    """The columns of a table as JSON, with the names of Polars' types."""
    arrow = {name: str(dtype) for name, dtype in pl.Schema(TABLES[table]).items()}
    columns = [
        {"name": name, "type": text, "polars": arrow[name], "meaning": meaning}
        for name, text, meaning in _columns(table)
    ]
    record = {"table": table.value, "schema": FINDINGS_SCHEMA_VERSION, "columns": columns}
    return json.dumps(record, indent=1)


TABLES: Mapping[TableName, Schema] = {
    TableName.FINDINGS: FINDING,
    TableName.LINES: FLAGGED_LINE,
    TableName.CLAIMS: FLAGGED_CLAIM,
    TableName.CHECKED_LINES: CHECKED_LINE,
    TableName.NOT_CHECKED: NOT_CHECKED_ROW,
    TableName.TOTALS: TOTALS,
}
ROWS: Mapping[TableName, str] = {
    TableName.FINDINGS: "One row per finding, by file, row and rule.",
    TableName.LINES: "One row per line with a finding (--by line).",
    TableName.CLAIMS: "One row per claim with a finding (--by claim).",
    TableName.CHECKED_LINES: "One row per checked line, with or without findings.",
    TableName.NOT_CHECKED: "One row per line and rule that could not be checked there.",
    TableName.TOTALS: "One row for the whole run.",
}
"""What a row of each table is."""

MEANINGS: Mapping[str, str] = {
    "source_file": "File of the line; null for a frame.",
    "source_row": "Row in the file, its header counted; in X12 the segment; null for a frame.",
    "row_id": "Row of a frame, by its own id; null for files.",
    "claim_id": "Claim number.",
    "claim_line_number": "Line number in the claim.",
    "line_control_number": "Line item control number (REF*6R).",
    "hcpcs_code": "CPT or HCPCS code.",
    "modifiers": "Modifiers as billed, in order, with spaces between them.",
    "service_unit_quantity": "Units.",
    "claim_frequency_code": "1 original, 7 replacement, 8 void.",
    "claim_line_start_date": "Date of service; of the first line of a claim.",
    "payer": "Key of the policy that decided.",
    "payer_name": "Payer as the claim has it.",
    "rule": "Rule code, as MO001.",
    "name": "Rule name.",
    "severity": "error, warning or info; the worst of a line or claim.",
    "message": "What is wrong.",
    "fix": "What to do.",
    "fix_kind": "safe, unsafe, or blank where nothing is to be changed.",
    "group_code": "Claim adjustment group code to expect.",
    "carc": "Claim adjustment reason code to expect.",
    "rarc": "Remittance advice remark code to expect.",
    "charge_amount": "Charge in dollars; of a claim, the charges of its lines with a finding.",
    "expected_payment": "What the payer would pay, in dollars; null where no fee is published.",
    "source_title": "Source that decided.",
    "source_at": "Place in the source.",
    "source_url": "Address of the source.",
    "in_force_from": "First day of the value that decided.",
    "confidence": "primary, secondary or recalled.",
    "question": "What to ask the payer once; null where the finding is no question.",
    "since": "new or open, compared with the report of --since; null without one.",
    "reason": "Why the rule could not be checked.",
    "errors": "Findings that are errors.",
    "warnings": "Findings that are warnings.",
    "infos": "Findings that are infos.",
    "rules": "Rule codes, with spaces between them.",
    "reasons": "Rule and message of each finding, worst first.",
    "fixes": "Each fix once.",
    "denials": "Each denial to expect once: group code, CARC, RARC.",
    "lines": "Lines of the claim with a finding.",
    "error_lines": "Lines with an error.",
    "charges_at_risk": "Charges of lines with an error, in dollars, each line once.",
    "payment_at_risk": "Expected payment of lines with an error, in dollars.",
    "payment_known_lines": "Lines with an error whose expected payment is known.",
    "rows": "Rows read: the sum of the next five.",
    "in_scope": "Rows with a checked or partner code.",
    "out_of_scope": "Rows with another code.",
    "no_code": "Claim rows without a readable code.",
    "not_data": "Titles, totals and blank rows.",
    "rejected": "Rows that could not be read.",
    "checked_lines": "Lines with a bone density code.",
    "partner_lines": "Lines with a code that is in a code pair with one.",
    "flagged_lines": "Lines with a finding.",
    "flagged_claims": "Claims with a finding.",
    "denied_lines": "Lines that would be denied.",
    "unjudged_lines": "Lines that cannot be judged, and rows that could not be read.",
    "not_checked": "Lines and rules that could not be checked.",
}
"""Column to its meaning, the same in every table."""


def names_markdown() -> str:
    """Names, types and meanings, then operators, as Markdown; the guide to own rules has a copy."""
    names = [f"| `{name}` | {kind} | {meaning} |" for name, kind, meaning in _rows()]
    uses = [f"| {use} | {meaning} | `{example}` |" for use, meaning, example in OPERATORS]
    return "\n".join(
        [
            *("| name | type | meaning |", "|---|---|---|", *names, ""),
            *("| in SQL | meaning | example |", "|---|---|---|", *uses),
        ]
    )


def names_json() -> str:
    """The same as JSON."""
    names = [{"name": name, "type": kind, "meaning": meaning} for name, kind, meaning in _rows()]
    uses = [{"sql": use, "meaning": meaning, "example": one} for use, meaning, one in OPERATORS]
    return json.dumps({"names": names, "operators": uses}, indent=2)


def print_names(form: PageFormat, color: Color) -> None:
    """Print them."""
    if form is PageFormat.MARKDOWN:
        typer.echo(names_markdown())
        return
    if form is PageFormat.JSON:
        typer.echo(names_json())
        return
    console = make_console(color)
    console.print(table_of("Name", "Type", "Meaning", rows=_rows()))
    console.print(table_of("In SQL", "Meaning", "Example", rows=OPERATORS))


def _rows() -> Iterator[tuple[str, str, str]]:
    names: dict[str, Name] = {**columns_and_facts(), **parameters()}
    for name, one in names.items():
        choices = f": {', '.join(one.choices)}" if one.choices else ""
        yield name, one.kind.value, f"{one.meaning}{choices}"
