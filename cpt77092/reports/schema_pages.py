"""The columns of the machine-readable tables, as `scrub schema` shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import polars as pl
from rich.console import Console
from rich.text import Text

from cpt77092.choices import TableName
from cpt77092.findings.descriptions import MEANINGS, ROWS, TABLES
from cpt77092.findings.schema import FINDINGS_SCHEMA_VERSION
from cpt77092.reports.console import table_of

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
