"""Pages to read: the rule catalogue, one rule explained, policies listed and shown, headers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cpt77092.claims import BY_NAME, COLUMNS
from cpt77092.codes import CHECKED, COMPANIONS, FAMILY
from cpt77092.policies import PARAMETERS, Decision, PolicySet, Status, decide
from cpt77092.policies.parameters import ByPart, Pair
from cpt77092.readers import OpenedFile
from cpt77092.reports.text import safe
from cpt77092.rule import Rule


def rules_markdown(catalogue: Sequence[Rule]) -> str:
    """The catalogue as a Markdown table; the README holds a copy, and a test compares."""
    rows = [
        "| code | name | severity | finding when | CARC / RARC | fix |",
        "|---|---|---|---|---|---|",
    ]
    for rule in catalogue:
        denial = " / ".join(filter(None, (rule.carc, rule.rarc))) or "-"
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
            "applies": sorted(rule.applies),
            "parameter": rule.parameter,
            "group_code": rule.group,
            "carc": rule.carc,
            "rarc": rule.rarc,
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
        denial = " ".join(filter(None, (rule.group, rule.carc, rule.rarc)))
        table.add_row(rule.code, rule.severity.value, rule.title, denial)
    console.print(table)
    console.print(Text("Next: scrub explain MO001"))


def explain(console: Console, rule: Rule, policies: PolicySet, on: date) -> None:
    """One rule's page, then every payer's value in force on a day, with its source."""
    console.print(Text(f"{rule.code} {rule.name} ({rule.severity})", style="bold"))
    console.print()
    console.print(Text(rule.page.strip()))
    console.print()
    denial = " ".join(filter(None, (rule.group, rule.carc, rule.rarc))) or "none predicted"
    console.print(Text(f"Denial: {denial}. Codes: {', '.join(sorted(rule.applies))}."))
    for remedy in rule.remedies:
        text = remedy.text.replace("{", "<").replace("}", ">")
        console.print(Text(f"Fix ({remedy.kind}): {text}"))
    if rule.source is not None:
        console.print(Text(f"Source: {rule.source.short()} ({rule.source.confidence})"))
    if rule.parameter is None:
        return
    console.print(Text(f"\nWhat the payers say on {on}: {PARAMETERS[rule.parameter].says}"))
    rows = [
        row
        for payer in policies.policies
        if payer != "cms"
        for row in _rows(policies, payer, sorted(rule.applies), [rule.parameter], on)
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


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One parameter of a payer as it stands on a day, for the codes that share the answer."""

    payer: str
    codes: tuple[str, ...]
    decision: Decision


def _rows(
    policies: PolicySet, payer: str, codes: Iterable[str], parameters: Iterable[str], on: date
) -> list[PolicyRow]:
    rows: list[PolicyRow] = []
    for parameter in parameters:
        same: dict[tuple[object, ...], list[Decision]] = {}
        for code in codes:
            made = decide(policies, payer, code, parameter, on)
            key = (made.status, str(made.value), made.first_day, made.source, made.quotes)
            same.setdefault(key, []).append(made)
        rows += [
            PolicyRow(payer, tuple(made.code for made in decisions), decisions[0])
            for decisions in same.values()
        ]
    return rows


def policy_records(policies: PolicySet, payer: str, on: date) -> dict[str, Any]:
    """Every parameter of a payer on a day: value, first day, source, or why there is none."""
    policy = policies[payer]
    return {
        "payer": payer,
        "label": policy.label,
        "on": on.isoformat(),
        "checked_on": policy.checked_on.isoformat() if policy.checked_on else None,
        "parameters": [
            {
                "codes": list(row.codes),
                "parameter": row.decision.parameter,
                "status": row.decision.status.value,
                "value": plain(row.decision.value),
                "first_day": row.decision.first_day.isoformat() if row.decision.first_day else None,
                "decided_by": row.decision.decided_by or None,
                "source": row.decision.source.title if row.decision.source else None,
                "at": row.decision.source.at if row.decision.source else None,
                "url": row.decision.source.url if row.decision.source else None,
                "confidence": row.decision.source.confidence.value if row.decision.source else None,
                "note": row.decision.note or None,
                "not_available": list(row.decision.quotes),
            }
            for row in _rows(policies, payer, sorted(CHECKED), PARAMETERS, on)
        ],
    }


def show_policy(console: Console, policies: PolicySet, payer: str, on: date) -> None:
    """Every parameter of a payer on a day, as a table."""
    policy = policies[payer]
    read = f", sources last read {policy.checked_on}" if policy.checked_on else ""
    console.print(Text(f"{policy.label} on {on}{read}", style="bold"))
    rows = _rows(policies, payer, sorted(CHECKED), PARAMETERS, on)
    said = [r for r in rows if r.decision.status is not Status.NOT_AVAILABLE or r.decision.quotes]
    _show_decisions(console, said, [row.decision.parameter for row in said])
    silent = sorted({r.decision.parameter for r in rows} - {r.decision.parameter for r in said})
    if silent:
        console.print(Text(f"Not available: {', '.join(silent)}."))


def _show_decisions(console: Console, rows: Sequence[PolicyRow], labels: Sequence[str]) -> None:
    """Each answer on a line, and under it who says so, as wide as the console is."""
    before = ""
    for row, label in zip(rows, labels, strict=True):
        made = row.decision
        if label != before:
            console.print(Text(f"\n{label}", style="bold"))
            before = label
        since = f" since {made.first_day}" if made.status is Status.VALUE else ""
        console.print(Text(f"  {_codes(row.codes)}: {value_text(made)}{since}"))
        if said := _source_text(made):
            console.print(Padding(Text(said, style="dim"), (0, 0, 0, 6)))
    console.print()


def value_text(made: Decision) -> str:
    """A decision's value as a person reads it, or why there is none."""
    if made.status is Status.ENDED:
        return f"ended on {made.first_day}"
    if made.status is Status.NOT_YET:
        return f"none on file before {made.first_day}"
    if made.status is Status.NOT_AVAILABLE:
        return "not available"
    value = plain(made.value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_member(member) for member in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items())
    return str(value).replace("_", " ")


def _member(member: Any) -> str:
    if isinstance(member, list):
        return " with ".join(member)
    if isinstance(member, dict):
        bypass = "may be bypassed" if member["bypass"] else "no bypass"
        return f"{member['with']} ({member['denied']} denied, {bypass})"
    return str(member)


def plain(value: Any) -> Any:
    """A policy value as JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Pair):
        return {"with": value.with_, "denied": value.denied, "bypass": value.bypass}
    if isinstance(value, ByPart):
        return {key: str(part) for key, part in value.model_dump().items() if part is not None}
    if isinstance(value, tuple):
        return [plain(member) for member in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _source_text(made: Decision) -> str:
    quotes = [f"{quote}" for quote in made.quotes]
    if made.source is None:
        return "; ".join(quotes)
    cited = f"{made.source.short()} ({made.source.confidence})"
    if made.contradicted_by is not None:
        cited += f"; contradicted by {made.contradicted_by.short()}"
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


def show_columns(console: Console, opened: OpenedFile) -> None:
    """How the headers of a file were understood."""
    console.print(Text(f"{safe(opened.path)} ({opened.kind})", style="bold"))
    table = _table("Column", "Read from", "How sure", "Needed for")
    for column in COLUMNS:
        header = opened.headers.chosen.get(column.name)
        if header is not None:
            sure = {"--map": "--map", "named": "sure", "nearly": "nearly: check it"}
            how = sure[opened.headers.how[column.name]]
            table.add_row(column.name, Text(safe(header)), how, column.needed_for)
    console.print(table)
    missing: dict[str, list[str]] = {}
    for name in opened.headers.missing:
        missing.setdefault(BY_NAME[name].needed_for, []).append(name)
    for needed_for, names in missing.items():
        shown = names if len(names) < 4 else [names[0], "...", names[-1]]
        console.print(Text(f"Absent, for {needed_for}: {', '.join(shown)}"))
    if opened.headers.unused and not opened.headers.chosen:
        console.print(Text("No header is known here; does the file have a header row?"))
    elif opened.headers.unused:
        unused = ", ".join(safe(header) for header in opened.headers.unused)
        console.print(Text(f"Not used: {unused}"))
    console.print(Text("A header read wrongly? Say --map hcpcs_code=HEADER."))


def as_json(record: Mapping[str, Any] | Sequence[Any]) -> str:
    """Plain values as indented JSON."""
    return json.dumps(record, indent=2, ensure_ascii=False)


def _table(*headers: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    return table
