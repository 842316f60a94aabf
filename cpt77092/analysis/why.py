"""One claim as a document, rule by rule: finding, not checked, clear, does not apply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from cpt77092.analysis.claim_trace import Kind, Outcome, TracedLine, trace
from cpt77092.document import Column, Document, Item, Row, Section, Statement, Table, own, own_row
from cpt77092.engine import SEVERITIES, Result
from cpt77092.policies import NO_RULE_FOUND
from cpt77092.policies.value_text import plain, position_text
from cpt77092.text import count, gathered, safe

_RULES = Column("Rules")
_SEVERITIES = tuple(severity.value for severity in SEVERITIES)


def compose(result: Result, claim: str) -> Document:
    """The document on every claim of a run with this number.

    Raises:
        UsageError: no line in scope has the number.
    """
    lines = trace(result, claim)
    claims = [list(group) for _, group in groupby(lines, key=lambda line: line.claim)]
    several = ""
    if len(claims) > 1:
        several = (
            f"{len(claims)} claims have this number: they differ in payer, patient or billing "
            f"provider, and each is checked by itself."
        )
    sections = tuple(
        _section(f"line-{lines.index(line) + 1}", line, number if several else 0)
        for number, lines_of_claim in enumerate(claims, start=1)
        for line in lines_of_claim
    )
    return Document(
        title=f"Why: claim {safe(claim)}",
        subtitle=f"{count(len(result.rules), 'rule')} on {count(len(lines), 'line')}, as of "
        f"{result.as_of}: {_numbers(one for line in lines for one in line.outcomes)}.",
        on=result.as_of,
        introduction=(own(several),) if several else (),
        sections=sections,
        is_one_page=True,
        figures=lambda: _figures(result, claim, lines),
    )


def _numbers(outcomes: Iterable[Outcome]) -> str:
    """`1 finding, 3 not checked, 40 clear, 22 do not apply`."""
    kinds = [one.kind for one in outcomes]
    texts = [count(kinds.count(Kind.FINDING), "finding")]
    texts += [f"{kinds.count(kind)} {kind}" for kind in (Kind.NOT_CHECKED, Kind.CLEAR)]
    left = kinds.count(Kind.DOES_NOT_APPLY)
    return ", ".join([*texts, f"{left} {'does' if left == 1 else 'do'} not apply"])


def _section(key: str, line: TracedLine, claim: int) -> Section:
    """One line; `claim` is the number among several claims, or 0."""
    number = "" if line.number is None else f"Line {line.number}: "
    of = f"Claim {claim} of this number. " if claim else ""
    title = f"{of}{number}{line.code}, {line.payer}, DOS {line.cells['claim_line_start_date']}"
    items: list[Item] = [own(_head(line))]
    items += [
        Statement(one.text, f"{one.severity} {one.rule.code}", sources=one.sources or None)
        for one in sorted(line.of(Kind.FINDING), key=lambda one: _SEVERITIES.index(one.severity))
    ]
    items += _not_checked(line.of(Kind.NOT_CHECKED))
    items += _clear(line.of(Kind.CLEAR))
    if rest := line.of(Kind.DOES_NOT_APPLY):
        items.append(own(f"{_codes(rest)}.", "Does not apply"))
    return Section(key, title, tuple(items))


def _head(line: TracedLine) -> str:
    """What the line bills: `no modifiers, 1 unit, POS 11, $45.00, M81.0`."""
    cells = line.cells
    texts = [
        "no modifiers" if cells["modifiers"] == "none" else f"modifiers {cells['modifiers']}",
        f"units {cells['service_unit_quantity']}",
        f"POS {cells.get('place_of_service_code', 'blank')}",
        f"charge {cells['charge_amount']}",
        "no diagnoses" if cells["diagnoses"] == "none" else f"diagnoses {cells['diagnoses']}",
    ]
    return f"{', '.join(texts)} ({safe(line.place)})"


def _not_checked(outcomes: list[Outcome]) -> list[Item]:
    """A table of the reasons, each with its rules."""
    by_reason = gathered(("".join(one.text.partition(NO_RULE_FOUND)[:2]), one) for one in outcomes)
    rows = tuple(own_row(_codes(some), reason) for reason, some in by_reason.items())
    title = f"Not checked ({len(outcomes)})"
    return [Table(title, (_RULES, Column("Why")), rows)] if rows else []


def _clear(outcomes: list[Outcome]) -> list[Item]:
    """The rules that a payer's value decided as a table, and those that the claim alone decided."""
    by_decision = gathered((id(one.decisions[0]), one) for one in outcomes if one.decisions)
    by_values = gathered((one.values, one) for one in outcomes if not one.decisions)
    rows = []
    for some in by_decision.values():
        values = dict.fromkeys(value for one in some for value in one.values)
        decision = some[0].decisions[0]
        sources = (decision.source,) if decision.source is not None else None
        cells = (_codes(some), position_text(decision), ", ".join(values) or None)
        rows.append(Row(cells, sources=sources))
    items: list[Item] = []
    if rows:
        columns = (_RULES, Column("Payer's rule"), Column("Claim"))
        items.append(
            Table(f"Clear by the payer's rules ({_size(by_decision)})", columns, tuple(rows))
        )
    if by_values:
        alone = [
            f"{_codes(some)} ({', '.join(values)})" if values else _codes(some)
            for values, some in by_values.items()
        ]
        items.append(own(f"{'; '.join(alone)}.", f"Clear by the claim ({_size(by_values)})"))
    return items


def _size(groups: Mapping[Any, list[Outcome]]) -> int:
    return sum(map(len, groups.values()))


def _codes(outcomes: Iterable[Outcome]) -> str:
    return " ".join(one.rule.code for one in outcomes)


def _figures(result: Result, claim: str, lines: list[TracedLine]) -> dict[str, Any]:
    """The same as plain values: each rule on each line."""
    return {
        "claim_id": claim,
        "as_of": result.as_of.isoformat(),
        "claims": len({line.claim for line in lines}),
        "lines": [
            {
                "claim": line.claim,
                "claim_line_number": line.number,
                "place": line.place,
                "payer": line.payer,
                "hcpcs_code": line.code,
                "rules": [_record(one) for one in line.outcomes],
            }
            for line in lines
        ],
    }


def _record(one: Outcome) -> dict[str, Any]:
    return {
        "rule": one.rule.code,
        "name": one.rule.name,
        "outcome": one.kind.value.replace(" ", "_"),
        "severity": one.severity or None,
        "text": one.text or None,
        "values": list(one.values),
        "policy": [
            {
                "parameter": decision.parameter,
                "status": decision.status.value,
                "value": plain(decision.value),
                "first_day": decision.first_day.isoformat() if decision.first_day else None,
                "decided_by": decision.decided_by or None,
                "source": decision.source.record() if decision.source else None,
            }
            for decision in one.decisions
        ],
        "sources": [source.record() for source in one.sources],
    }
