"""Pages to look things up: rules, one rule explained, policies, and the columns of a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cpt77092.claims.columns import BY_NAME, COLUMNS, Column
from cpt77092.claims.headers import NO_HEADER_ROW, HeaderMatch, Question
from cpt77092.claims.layouts import write_layout
from cpt77092.policies import PARAMETERS, Decision, Level, PolicySet, Status
from cpt77092.policies.positions import BY_SUBJECT, Position, positions
from cpt77092.policies.value_text import codes_text, plain, short_value, value_with_unit
from cpt77092.readers import OpenedFile, is_headerless
from cpt77092.reference.code_list import denial_codes
from cpt77092.reference.codes import CHECKED
from cpt77092.reference.sources import Confidence
from cpt77092.reports.console import table_of
from cpt77092.reports.rule_pages import denials, parts
from cpt77092.rule import FixKind, Rule
from cpt77092.text import gathered, safe

_FIX_LABELS = {FixKind.SAFE: "Fix", FixKind.UNSAFE: "Verify first", FixKind.NONE: "To do"}


def rules_markdown(catalogue: Sequence[Rule]) -> str:
    """The catalog as a Markdown table; the README holds a copy, and a test compares."""
    rows = [
        "| code | name | severity | finding when | CARC / RARC | fix |",
        "|---|---|---|---|---|---|",
    ]
    for rule in catalogue:
        denial = denials(rule, " / ") or "-"
        kinds = ", ".join(_fix_kinds(rule))
        rows.append(
            f"| {rule.code} | {rule.name} | {rule.severity_label} | {rule.title} | {denial} "
            f"| {kinds} |"
        )
    return "\n".join(rows)


def rules_records(catalogue: Sequence[Rule]) -> list[dict[str, Any]]:
    """The catalog as plain values."""
    return [
        {
            "code": rule.code,
            "name": rule.name,
            "title": rule.title,
            "severity": rule.severity_label,
            "applies": sorted(rule.codes),
            "parameter": rule.parameter,
            "group_code": rule.denial.group,
            "carc": rule.denial.carc,
            "rarc": rule.denial.rarc,
            "denials": [{"carc": d.carc, "rarc": d.rarc} for d in rule.denials if d.carc],
            "fix_kinds": _fix_kinds(rule),
            "since": rule.since,
            "status": rule.status,
        }
        for rule in catalogue
    ]


def _fix_kinds(rule: Rule) -> list[str]:
    return list(dict.fromkeys(remedy.kind.value for remedy in rule.remedies))


def show_rules(console: Console, catalogue: Sequence[Rule]) -> None:
    """The catalog as a table."""
    rows = (
        (rule.code, rule.severity_label, rule.title, denials(rule, " ", rule.denial.group))
        for rule in catalogue
    )
    console.print(table_of("Rule", "Severity", "Finding when", "Denial", rows=rows))
    console.print(Text("Next: scrub explain MO001"))


def explain(
    console: Console,
    rule: Rule,
    policies: PolicySet,
    on: date,
    payers: Iterable[str],
    codes: Sequence[str],
) -> None:
    """One rule's page, then the answers of some payers on some of its codes, in force on a day."""
    console.print(Text(f"{rule.code} {rule.name} ({rule.severity_label})", style="bold"))
    console.print()
    console.print(Text(f"{rule.title}.\n"))
    for label, text in parts(rule.doc):
        console.print(Text.assemble((f"{label}: ", "bold"), text))
    console.print()
    denial = denials(rule, " ", rule.denial.group) or "none predicted"
    console.print(Text(f"Denial: {denial}. Codes: {', '.join(sorted(rule.codes))}."))
    for text in _texts_of_denials(rule, policies):
        console.print(Text(safe(text)))
    for remedy in rule.remedies:
        text = remedy.text.replace("{", "<").replace("}", ">")
        console.print(Text(f"{_FIX_LABELS[remedy.kind]}: {text}"))
    if rule.source is not None:
        console.print(Text(f"Source: {rule.source.short()} ({rule.source.confidence})"))
    if rule.parameter is not None:
        what = PARAMETERS[rule.parameter].description
        console.print(Text(f"\nPayers' rules on {on}: {what}"))
        rows = [
            row
            for payer in payers
            for row in positions(policies, payer, codes, [rule.parameter], on)
        ]
        console.print(_answers_table(rows, policies, codes))


def _texts_of_denials(rule: Rule, policies: PolicySet) -> list[str]:
    """What the codes of its denials mean, as far as the user has the lists."""
    lists = denial_codes(policies.tables)
    codes = dict.fromkeys(code for denial in rule.denials for code in denial.listed_codes)
    return [
        f"  {code}: {lists[kind].codes[code].text}"
        for kind, code in codes
        if kind in lists and code in lists[kind].codes
    ]


def _answers_table(rows: Iterable[Position], policies: PolicySet, codes: Sequence[str]) -> Table:
    """Each answer with its payers, since when and on whose word; payers without one come last."""
    by_answer = gathered((_answer(row, codes), policies[row.payer].label) for row in rows)
    table = table_of("Payer", "Answer", "Since", "Source")
    table.columns[2].no_wrap = True
    for (rank, *answer), labels in sorted(by_answer.items(), key=lambda item: item[0][0]):
        del rank
        table.add_row(Text(", ".join(labels)), *map(Text, answer))
    return table


def _answer(row: Position, codes: Sequence[str]) -> tuple[str, ...]:
    """Its rank (own, by default, none), and the cells of a table: answer, since, source."""
    decision, source = row.decision, row.decision.source
    of = "" if list(row.codes) == list(codes) else f"{codes_text(row.codes)}: "
    text = f"{of}{short_value(decision)}"
    if decision.status is not Status.VALUE:
        return ("2", text, "", "")
    text += " (by default)" if decision.is_by_default else ""
    cited = source.title if source else ""
    if source is not None and source.confidence is not Confidence.PRIMARY:
        cited += f" ({source.confidence})"
    if decision.contradicted_by is not None:
        cited += f"; otherwise: {decision.contradicted_by.title}"
    return ("1" if decision.is_by_default else "0", text, str(decision.first_day), cited)


def policies_list(policies: PolicySet) -> list[dict[str, Any]]:
    """The policies as plain values."""
    return [
        {
            "payer": policy.payer,
            "label": policy.label,
            "follows": policy.follows,
            "checked_on": policy.checked_on.isoformat() if policy.checked_on else None,
            "names": list(policy.matches.names),
            "payer_ids": list(policy.matches.payer_ids),
            "values": len(policy.values),
        }
        for policy in policies.policies.values()
    ]


def show_policies(console: Console, policies: PolicySet) -> None:
    """The policies as a table."""
    table = table_of("Policy", "Payer", "Follows", "Last checked", "Values")
    for row in policies_list(policies):
        texts = (row["follows"] or "", row["checked_on"] or "", str(row["values"]))
        table.add_row(row["payer"], Text(row["label"]), *texts)
    console.print(table)
    origin = ", ".join(policies.origin)
    codes = ", ".join(rule.code for rule in policies.rules)
    own = f" Own rules: {codes} (scrub rules)." if codes else ""
    console.print(Text(f"Policies: {origin}.{own} Next: scrub policies show medicare"))


def policy_records(policies: PolicySet, payer: str, on: date) -> dict[str, Any]:
    """Every parameter of every code on a day: value, first day and source, or why there is none."""
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
    decision, source, other = row.decision, row.decision.source, row.decision.contradicted_by
    cited = ("title", "at", "url", "retrieved", "confidence")
    record = source.record() if source else dict.fromkeys(cited)
    return {
        "codes": list(row.codes),
        "parameter": decision.parameter,
        "says": PARAMETERS[decision.parameter].description,
        "status": decision.status.value,
        "value": plain(decision.value),
        "unit": PARAMETERS[decision.parameter].unit or None,
        "first_day": decision.first_day.isoformat() if decision.first_day else None,
        "level": decision.level.value if decision.level else None,
        "decided_by": decision.decided_by or None,
        "source": record.pop("title"),
        **record,
        "contradicted_by": other.record() if other else None,
        "note": decision.note or None,
        "not_available": list(decision.quotes),
    }


def show_policy(console: Console, policies: PolicySet, payer: str, on: date) -> None:
    """Every parameter of a payer on a day by subject, and last those without a published rule."""
    policy = policies[payer]
    checked = f", sources last checked {policy.checked_on}" if policy.checked_on else ""
    console.print(Text(f"{policy.label} on {on}{checked}\n", style="bold"))
    without: dict[str, list[str]] = {}
    for subject, names in BY_SUBJECT.items():
        rows = positions(policies, payer, sorted(CHECKED), names, on)
        with_rule = [row for row in rows if not _has_no_rule(row.decision)]
        if with_rule:
            console.print(Text(subject, style="bold underline"), end="")
            _show_decisions(console, with_rule)
        for row in rows:
            if _has_no_rule(row.decision):
                without.setdefault(_heading(row), []).extend(row.codes)
    if without:
        console.print(Text("No published rule found", style="bold"))
        for heading, codes in without.items():
            console.print(Padding(Text(f"{heading}: {codes_text(codes)}"), (0, 0, 0, 2)))


def _heading(row: Position) -> str:
    parameter = row.decision.parameter
    return f"{parameter} ({PARAMETERS[parameter].description})"


def _has_no_rule(decision: Decision) -> bool:
    return decision.status is Status.NOT_AVAILABLE and not decision.quotes


def _show_decisions(console: Console, rows: Sequence[Position]) -> None:
    """Each position on a line, and under it its source, as wide as the console is."""
    before = ""
    for row in rows:
        decision, heading = row.decision, _heading(row)
        if heading != before:
            console.print(Text(f"\n{heading}", style="bold"))
            before = heading
        since = f" since {decision.first_day}" if decision.status is Status.VALUE else ""
        line = f"{codes_text(row.codes)}: {value_with_unit(decision)}{since}"
        console.print(Padding(Text(line), (0, 0, 0, 2)))
        if cited := _source_text(decision):
            console.print(Padding(Text(cited, style="dim"), (0, 0, 0, 6)))
    console.print()


def _source_text(decision: Decision) -> str:
    """The source of a decision, who disagrees, and what the files before it did not find."""
    if decision.source is None:
        return "; ".join(decision.quotes)
    cited = f"{decision.source.short()} ({decision.source.confidence})"
    if decision.contradicted_by is not None:
        cited += f"; contradicted by {decision.contradicted_by.short()}"
    if decision.note:
        cited += f". Note: {decision.note}"
    is_own = decision.level is Level.PAYER and not decision.quotes
    return "; ".join([*decision.quotes, cited if is_own else f"{decision.decided_by}: {cited}"])


_CERTAINTY = {
    "--map": "--map",
    "layout": "layout",
    "sure": "sure",
    "likely": "likely, check it",
}
SAMPLES = 3


def show_columns(console: Console, opened: OpenedFile, asked: Sequence[Question]) -> None:
    """How the headers of a file were understood, with sample cells; those of patients masked.

    Args:
        console: where to print.
        opened: the file.
        asked: what only the user knows of its headers.
    """
    match = opened.headers
    layout = f", layout {match.layout}" if match.layout else ""
    title = Text(f"{safe(opened.path)} ({opened.kind}{layout})", style="bold")
    console.print(title, soft_wrap=True)  # a path that is broken cannot be copied
    if is_headerless(opened):  # what stands there may name a patient
        console.print(Text(NO_HEADER_ROW))
        return
    console.print(_columns_table(opened))
    _print_notes(console, match)
    for question in asked:
        console.print(Text(f"Asked: {safe(str(question))}"))
    missing = gathered((BY_NAME[name].needed_for, name) for name in match.missing)
    for needed_for, names in missing.items():
        listed = names if len(names) < 4 else [names[0], "...", names[-1]]
        console.print(Text(f"Missing, for {needed_for}: {', '.join(listed)}"))
    if match.unused and not match.columns:
        console.print(Text("No header is known here; does the file have a header row?"))
    elif match.unused:
        console.print(Text(f"Not used: {', '.join(map(safe, match.unused))}"))
    if not opened.kind.startswith("X12"):
        console.print(
            Text(
                "A header read wrongly? Answer with --map COLUMN=HEADER, and keep the answers with "
                "--save NAME. A header that is none of these goes under unused: in the saved file."
            )
        )


def _print_notes(console: Console, match: HeaderMatch) -> None:
    """Print what the table does not show: rows of several lines, and of which rows."""
    if match.line_columns:
        lines = len(match.line_columns["hcpcs_code"])
        console.print(Text(f"A row holds up to {lines} lines; each is checked as a line."))
    for header, values in match.row_filter.items():
        only = safe(" or ".join(values))
        console.print(Text(f"Only rows with {only} in {safe(header)} are claim lines."))


def _columns_table(opened: OpenedFile) -> Table:
    match = opened.headers
    table = table_of("Column", "Read from", "How sure", "Samples", "Needed for")
    table.columns[0].no_wrap = True
    for column in COLUMNS:
        if column.name not in match.columns:
            continue
        header, several = match.columns[column.name], _headers_of_lines(match, column.name)
        shown = f"{header} ... {several[-1]}" if several else header
        samples = Text(safe(_samples(opened, header, column)))
        certainty = _CERTAINTY[match.match_kind[column.name]]
        if why := match.doubts.get(column.name):
            certainty += f" ({safe(why)})"
        table.add_row(column.name, Text(safe(shown)), certainty, samples, column.needed_for)
    return table


def layout_yaml(opened: OpenedFile, name: str = "") -> str:
    """How the headers were understood, as a layout file to correct and pass to `--layout`.

    Args:
        opened: the file.
        name: under which it is saved: then it says by which headers it is known, and which of them
            are unused. Those are not headers in question, which are asked for again, nor columns
            that may hold modifiers further down, or in the next file.
    """
    match = opened.headers
    columns = {
        column.name: _headers_of_lines(match, column.name) or (match.columns[column.name],)
        for column in COLUMNS
        if column.name in match.columns
    }
    if not name:
        return write_layout(match.layout or Path(opened.path).stem, columns, match.row_filter)
    asked = {header for question in match.asked for header in question.headers}
    unused = [h for h in match.unused if h not in asked and h not in match.silent.words]
    return write_layout(name, columns, match.row_filter, known_by=opened.names, unused=unused)


def _headers_of_lines(match: HeaderMatch, name: str) -> tuple[str, ...]:
    """The headers of a column that a row has once for each line that it holds."""
    return tuple(header for header in match.line_columns.get(name, ()) if header is not None)


def _samples(opened: OpenedFile, header: str, column: Column) -> str:
    """Some different cells of a column; of patient data only the shape, such as A999."""
    if (rows := opened.sample()) is None or header not in rows.columns:
        return ""
    cells = rows[header].drop_nulls().str.strip_chars()
    filled = cells.filter(cells != "").unique(maintain_order=True).head(SAMPLES)
    if column.patient:
        filled = filled.str.replace_all(r"[0-9]", "9").str.replace_all(r"\p{L}", "A")
        filled = filled.unique(maintain_order=True)
    return ", ".join(cell if len(cell) < 24 else f"{cell[:22]}.." for cell in filled)


def as_json(record: Mapping[str, Any] | Sequence[Any]) -> str:
    """Plain values as indented JSON."""
    return json.dumps(record, indent=2, ensure_ascii=False)
