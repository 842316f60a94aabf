"""Pages to read: the rule catalogue, one rule explained, policies listed and shown, headers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cpt77092.claims.columns import BY_NAME, COLUMNS, Column
from cpt77092.claims.layouts import write_layout
from cpt77092.policies import PARAMETERS, Decision, PolicySet, Status
from cpt77092.policies.positions import BY_SUBJECT, Position, positions
from cpt77092.readers import OpenedFile, Sampled
from cpt77092.reference.codes import CHECKED, COMPANIONS, FAMILY
from cpt77092.reports.policy_text import denials, measured, plain, source_record
from cpt77092.reports.text import safe
from cpt77092.rule import Rule


def rules_markdown(catalogue: Sequence[Rule]) -> str:
    """The catalogue as a Markdown table; the README holds a copy, and a test compares."""
    rows = [
        "| code | name | severity | finding when | CARC / RARC | fix |",
        "|---|---|---|---|---|---|",
    ]
    for rule in catalogue:
        denial = denials(rule, " / ") or "-"
        kinds = ", ".join(dict.fromkeys(remedy.kind.value for remedy in rule.remedies))
        rows.append(
            f"| {rule.code} | {rule.name} | {rule.severity} | {rule.title} | {denial} | {kinds} |"
        )
    return "\n".join(rows)


def rules_records(catalogue: Sequence[Rule]) -> list[dict[str, Any]]:
    """The catalogue as plain values."""
    return [
        {
            "code": rule.code,
            "name": rule.name,
            "title": rule.title,
            "severity": rule.severity.value,
            "applies": sorted(rule.codes),
            "parameter": rule.parameter,
            "group_code": rule.group,
            "carc": rule.carc,
            "rarc": rule.rarc,
            "denials": [{"carc": d.carc, "rarc": d.rarc} for d in rule.denials if d.carc],
            "fix_kinds": list(dict.fromkeys(remedy.kind.value for remedy in rule.remedies)),
            "since": rule.since,
            "status": rule.status,
        }
        for rule in catalogue
    ]


def show_rules(console: Console, catalogue: Sequence[Rule]) -> None:
    """The catalogue as a table."""
    table = _table("Rule", "Severity", "Finding when", "Denial")
    for rule in catalogue:
        denial = denials(rule, " ", rule.group)
        table.add_row(rule.code, rule.severity.value, rule.title, denial)
    console.print(table)
    console.print(Text("Next: scrub explain MO001"))


def explain(console: Console, rule: Rule, policies: PolicySet, on: date) -> None:
    """One rule's page, then every payer's value in force on a day, with its source."""
    console.print(Text(f"{rule.code} {rule.name} ({rule.severity})", style="bold"))
    console.print()
    console.print(Text(rule.doc.strip()))
    console.print()
    denial = denials(rule, " ", rule.group) or "none predicted"
    console.print(Text(f"Denial: {denial}. Codes: {', '.join(sorted(rule.codes))}."))
    for remedy in rule.remedies:
        text = remedy.text.replace("{", "<").replace("}", ">")
        console.print(Text(f"Fix ({remedy.kind}): {text}"))
    if rule.source is not None:
        console.print(Text(f"Source: {rule.source.short()} ({rule.source.confidence})"))
    if rule.parameter is None:
        return
    console.print(Text(f"\nWhat the payers say on {on}: {PARAMETERS[rule.parameter].description}"))
    rows = [
        row
        for payer in policies.policies
        if payer != "cms"
        for row in positions(policies, payer, sorted(rule.codes), [rule.parameter], on)
    ]
    _show_decisions(console, rows, [policies[row.payer].label for row in rows])


def policies_list(policies: PolicySet) -> list[dict[str, Any]]:
    """What policies there are."""
    return [
        {
            "payer": policy.payer,
            "label": policy.label,
            "follows": policy.follows,
            "checked_on": policy.checked_on.isoformat() if policy.checked_on else None,
            "names": list(policy.names),
            "payer_ids": list(policy.payer_ids),
            "values": len(policy.values),
        }
        for policy in policies.policies.values()
    ]


def show_policies(console: Console, policies: PolicySet) -> None:
    """What policies there are, as a table."""
    table = _table("Policy", "Payer", "Follows", "Last checked", "Values")
    for row in policies_list(policies):
        table.add_row(
            row["payer"],
            Text(row["label"]),
            row["follows"] or "",
            row["checked_on"] or "",
            str(row["values"]),
        )
    console.print(table)
    console.print(
        Text(f"Policies: {', '.join(policies.origin)}. Next: scrub policies show medicare")
    )


def policy_records(policies: PolicySet, payer: str, on: date) -> dict[str, Any]:
    """Every parameter of every code on a day: value, first day, source, or why there is none."""
    policy = policies[payer]
    return {
        "payer": payer,
        "label": policy.label,
        "on": on.isoformat(),
        "checked_on": policy.checked_on.isoformat() if policy.checked_on else None,
        "follows": policy.follows,
        "parameters": [
            {"subject": subject} | _position_record(row)
            for subject, names in BY_SUBJECT.items()
            for row in positions(policies, payer, sorted(CHECKED), names, on)
        ],
    }


def _position_record(row: Position) -> dict[str, Any]:
    made, source = row.decision, row.decision.source
    return {
        "codes": list(row.codes),
        "parameter": made.parameter,
        "says": PARAMETERS[made.parameter].description,
        "status": made.status.value,
        "value": plain(made.value),
        "unit": row.unit or None,
        "first_day": made.first_day.isoformat() if made.first_day else None,
        "level": made.level.value if made.level else None,
        "decided_by": made.decided_by or None,
        "source": source.title if source else None,
        "at": source.at or None if source else None,
        "url": source.url or None if source else None,
        "retrieved": source.retrieved or None if source else None,
        "confidence": source.confidence.value if source else None,
        "contradicted_by": source_record(made.contradicted_by),
        "note": made.note or None,
        "not_available": list(made.quotes),
    }


def show_policy(console: Console, policies: PolicySet, payer: str, on: date) -> None:
    """Every parameter of a payer on a day, by subject, and at the end what nobody says."""
    policy = policies[payer]
    read = f", sources last read {policy.checked_on}" if policy.checked_on else ""
    console.print(Text(f"{policy.label} on {on}{read}\n", style="bold"))
    silent: dict[str, list[str]] = {}
    for subject, names in BY_SUBJECT.items():
        rows = positions(policies, payer, sorted(CHECKED), names, on)
        told = [row for row in rows if not _is_silent(row.decision)]
        if told:
            console.print(Text(subject, style="bold underline"), end="")
            _show_decisions(console, told, [_heading(row.decision.parameter) for row in told])
        for row in rows:
            if _is_silent(row.decision):
                silent.setdefault(row.decision.parameter, []).extend(row.codes)
    if silent:
        console.print(Text("Not available: nobody who was asked says anything", style="bold"))
        for name, codes in silent.items():
            console.print(Text(f"  {_heading(name)}: {_codes(codes)}"))


def _heading(parameter: str) -> str:
    return f"{parameter} ({PARAMETERS[parameter].description})"


def _is_silent(made: Decision) -> bool:
    return made.status is Status.NOT_AVAILABLE and not made.quotes


def _show_decisions(console: Console, rows: Sequence[Position], labels: Sequence[str]) -> None:
    """Each answer on a line, and under it who says so, as wide as the console is."""
    before = ""
    for row, label in zip(rows, labels, strict=True):
        made = row.decision
        if label != before:
            console.print(Text(f"\n{label}", style="bold"))
            before = label
        since = f" since {made.first_day}" if made.status is Status.VALUE else ""
        line = f"{_codes(row.codes)}: {measured(made)}{since}"
        console.print(Padding(Text(line), (0, 0, 0, 2)))
        if said := _source_text(made):
            console.print(Padding(Text(said, style="dim"), (0, 0, 0, 6)))
    console.print()


def _source_text(made: Decision) -> str:
    quotes = [f"{quote}" for quote in made.quotes]
    if made.source is None:
        return "; ".join(quotes)
    cited = f"{made.source.short()} ({made.source.confidence})"
    if made.contradicted_by is not None:
        cited += f"; contradicted by {made.contradicted_by.short()}"
    if made.note:
        cited += f". Note: {made.note}"
    decided = f"{made.decided_by}: " if quotes or made.level != "payer" else ""
    return "; ".join([*quotes, f"{decided}{cited}"])


def _codes(codes: Sequence[str]) -> str:
    if frozenset(codes) == CHECKED:
        return "all"
    if frozenset(codes) == FAMILY:
        return "TBS family"
    if frozenset(codes) == COMPANIONS:
        return "bone-density scans"
    return " ".join(codes) if len(codes) < 5 else f"{' '.join(codes[:3])} +{len(codes) - 3}"


_SURE = {
    "--map": "--map",
    "layout": "layout",
    "named": "sure",
    "numbered": "sure: numbered",
    "nearly": "nearly: check it",
}
SAMPLES = 3


def show_columns(console: Console, opened: OpenedFile) -> None:
    """How the headers of a file were understood, with a few cells of each; patients' masked."""
    match = opened.headers
    layout = f", layout {match.layout}" if match.layout else ""
    title = Text(f"{safe(opened.path)} ({opened.kind}{layout})", style="bold")
    console.print(title, soft_wrap=True)  # a path that is broken cannot be copied
    table = _table("Column", "Read from", "How sure", "Samples", "Needed for")
    table.columns[0].no_wrap = True
    for column in COLUMNS:
        header = match.columns.get(column.name)
        if header is None:
            continue
        several = [h for h in match.line_columns.get(column.name, ()) if h is not None]
        shown = f"{header} ... {several[-1]}" if several else header
        samples = Text(safe(_samples(opened, header, column)))
        how = _SURE[match.match_kind[column.name]]
        table.add_row(column.name, Text(safe(shown)), how, samples, column.needed_for)
    console.print(table)
    if match.line_columns:
        lines = len(match.line_columns["hcpcs_code"])
        console.print(Text(f"A row holds up to {lines} lines; each is checked as a line."))
    for header, values in match.row_filter.items():
        only = " or ".join(values)
        console.print(
            Text(f"Read are the rows whose {safe(header)} is {only}; others are no data.")
        )
    missing: dict[str, list[str]] = {}
    for name in match.missing:
        missing.setdefault(BY_NAME[name].needed_for, []).append(name)
    for needed_for, names in missing.items():
        told = names if len(names) < 4 else [names[0], "...", names[-1]]
        console.print(Text(f"Absent, for {needed_for}: {', '.join(told)}"))
    if match.unused and not match.columns:
        console.print(Text("No header is known here; does the file have a header row?"))
    elif match.unused:
        unused = ", ".join(safe(header) for header in match.unused)
        console.print(Text(f"Not used: {unused}"))
    if not opened.kind.startswith("X12"):
        console.print(
            Text("A header read wrongly? Say --map hcpcs_code=HEADER, or write a --layout file.")
        )


def layout_yaml(opened: OpenedFile) -> str:
    """What was understood as a layout file, to correct and to give back with `--layout`."""
    match = opened.headers
    columns = {
        column.name: tuple(h for h in match.line_columns.get(column.name, ()) if h is not None)
        or (match.columns[column.name],)
        for column in COLUMNS
        if column.name in match.columns
    }
    return write_layout(match.layout or Path(opened.path).stem, columns, match.row_filter)


def _samples(opened: OpenedFile, header: str, column: Column) -> str:
    """A few different cells of a column; of a patient only their shape: A999."""
    if not isinstance(opened, Sampled):
        return ""
    rows = opened.sample()
    if header not in rows.columns:
        return ""
    cells = rows[header].drop_nulls().str.strip_chars()
    filled = cells.filter(cells != "").unique(maintain_order=True).head(SAMPLES)
    if column.patient:
        filled = (
            filled.str.replace_all(r"[0-9]", "9")
            .str.replace_all(r"\p{L}", "A")
            .unique(maintain_order=True)
        )
    return ", ".join(cell if len(cell) < 24 else f"{cell[:22]}.." for cell in filled)


def as_json(record: Mapping[str, Any] | Sequence[Any]) -> str:
    """Plain values as indented JSON."""
    return json.dumps(record, indent=2, ensure_ascii=False)


def _table(*headers: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    return table
