"""What the conditions and messages of own rules may use, as `scrub rules --names` shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import typer

from cpt77092.choices import Color, PageFormat
from cpt77092.policies.condition import OPERATORS, Name
from cpt77092.policies.rule_names import columns_and_facts, parameters
from cpt77092.reports.console import make_console, table_of


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
