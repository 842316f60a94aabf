"""Tables of the payers' positions, where two sources disagree, and the codes and their pairs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import product
from typing import NamedTuple

from cpt77092.brief.scope import Scope, capitalized, global_amount
from cpt77092.document import Column, Item, Row, Statement, Table
from cpt77092.policies import PARAMETERS, Decision, Status, decide
from cpt77092.policies.policy import DEFAULT
from cpt77092.policies.positions import BY_SUBJECT, Position
from cpt77092.policies.value_text import codes_text, value_text
from cpt77092.reference.codes import CHECKED, COMPANIONS, FAMILY
from cpt77092.reference.sources import Source

# What the codes are for, in our own words; the roles are those of `codes.py`.
_DESCRIPTIONS = {
    "77089": "global: calculation, interpretation and report",
    "77090": "technical component: images prepared and sent for analysis elsewhere",
    "77091": "technical component: calculation only",
    "77092": "professional component: interpretation and report only",
    "77080": "DXA of spine or hip",
    "77081": "DXA of arm or leg",
    "77085": "DXA of spine or hip with vertebral fracture assessment",
    "77086": "vertebral fracture assessment by DXA only",
    "77078": "CT bone density of spine or hip",
    "76977": "ultrasound bone density of the heel or another peripheral site",
    "G0130": "single-energy X-ray bone density of arm or leg",
}
_ROLES = Source(
    title="CMS physician fee schedule 2022 to 2026",
    at="column PCTC IND: 77092 2, 77090 and 77091 3, 77089 4, DXA 1; third-party copies",
)


class SharedPosition(NamedTuple):
    """One position that some payers share on the same codes."""

    payers: list[str]
    codes: tuple[str, ...]
    decisions: list[Decision]


def group_positions(positions: Iterable[Position]) -> list[SharedPosition]:
    """Equal positions as one: first the codes of a payer together, then the payers."""
    by_payer: dict[tuple[object, str], list[Position]] = {}
    for position in positions:
        one = position.decision
        key = (one.parameter, one.status, str(one.value), one.first_day, one.decided_by)
        by_payer.setdefault((key, position.payer), []).append(position)
    shared: dict[tuple[object, tuple[str, ...]], list[Position]] = {}
    for (answer, _), own in by_payer.items():
        codes = tuple(code for position in own for code in position.codes)
        shared.setdefault((answer, codes), []).extend(own)
    return [
        SharedPosition(
            payers=list(dict.fromkeys(position.payer for position in equal)),
            codes=codes,
            decisions=[position.decision for position in equal],
        )
        for (_, codes), equal in shared.items()
    ]


def code_table(scope: Scope, title: str, codes: Iterable[str]) -> Table:
    """Codes: what each is for, since when it is in force, and its relative value."""
    base = scope.payer or DEFAULT
    rows = []
    for code in sorted(codes):
        since = decide(scope.policies, base, code, "in_force", scope.on)
        value = decide(scope.policies, base, code, "relative_value_units", scope.on)
        with_source = [decision for decision in (since, value) if decision.source is not None]
        first_day = since.first_day if since.status is Status.VALUE else None
        cells = (code, _DESCRIPTIONS[code], first_day, global_amount(value.value))
        rows.append(Row(cells, sources=(_ROLES, *scope.sources(with_source))))
    words = (Column("Code"), Column("Service"), Column("In force since"))
    return Table(title, (*words, Column("Relative value", "RVU")), tuple(rows))


def contradictions(scope: Scope) -> list[Item]:
    """Where two sources disagree on a modifier: both are quoted."""
    statements: dict[Statement, None] = {}
    for row in scope.positions(scope.payers, sorted(CHECKED), BY_SUBJECT["Modifiers"]):
        decision = row.decision
        if decision.source is None or decision.contradicted_by is None:
            continue
        text = (
            f"Two sources disagree on {PARAMETERS[decision.parameter].description}, "
            f"{codes_text(row.codes)}. {capitalized(value_text(decision))}: "
            f"{decision.source.short()}. Otherwise: {decision.contradicted_by.short()}. "
            f"Go by the payer's own published rule; where there is none, ask the payer."
        )
        cited = (decision.source, decision.contradicted_by)
        statements[Statement(text, sources=cited)] = None
    return list(statements)


def subject_tables(scope: Scope, subject: str) -> list[Item]:
    """The payers' positions on a subject, a table for each parameter, and the remarks on it."""
    return [item for name in BY_SUBJECT[subject] for item in _parameter_table(scope, name)]


def _parameter_table(scope: Scope, parameter: str) -> list[Item]:
    codes = sorted(FAMILY) if parameter != "max_units_per_day" else sorted(CHECKED)
    positions = [
        position
        for position in scope.positions(scope.payers, codes, [parameter])
        if position.decision.status is not Status.NOT_AVAILABLE or position.decision.quotes
    ]
    if not positions:
        return []
    remarks: dict[Statement, None] = {}
    for position in positions:
        if note := position.decision.note:
            about = f"{position.decision.decided_by}, {codes_text(position.codes)}"
            sources = scope.sources([position.decision])
            remarks[Statement(note, about, sources=sources)] = None
    rows = []
    for shared in group_positions(positions):
        one, payers = shared.decisions[0], scope.labels(shared.payers)
        since = one.first_day if one.status is Status.VALUE else None
        cells = (payers, codes_text(shared.codes), one, since, one.decided_by or None)
        rows.append(Row(cells, sources=scope.sources(shared.decisions)))
    words = (Column(name) for name in ("Payers", "Codes", "Position"))
    leading = (Column(name, lead=name.lower()) for name in ("Since", "Decided by"))
    title = capitalized(PARAMETERS[parameter].description)
    return [Table(title, (*words, *leading), tuple(rows)), *remarks]


def related(scope: Scope) -> list[Item]:
    """The bone-density codes, unit limits, code pairs, and how often a service is paid."""
    return [
        code_table(scope, "Bone-density codes billed with TBS", COMPANIONS),
        *_parameter_table(scope, "max_units_per_day"),
        *_pairs(scope),
        *_parameter_table(scope, "min_months_between"),
    ]


def _pairs(scope: Scope) -> list[Item]:
    """Pairs with a TBS code, or among the bone-density codes, by the code that is denied."""
    by_pair: dict[tuple[str, str, str, date | None], list[Decision]] = {}
    for position in scope.positions(scope.payers, sorted(CHECKED), ["pairs"]):
        decision = position.decision
        for pair, code in product(decision.value or (), position.codes):
            if code in FAMILY or pair.with_ in CHECKED:
                paid = code if pair.denied != code else pair.with_
                bypass = "both payable" if pair.bypass else "no difference"
                key = (pair.denied, paid, bypass, decision.first_day)
                by_pair.setdefault(key, []).append(decision)
    rows: dict[tuple[str, str, date | None, str], tuple[list[str], list[Decision]]] = {}
    in_order = sorted(by_pair.items(), key=lambda item: str(item[0]))
    for (denied, paid, bypass, since), decisions in in_order:
        payers = scope.labels(decision.payer for decision in decisions)
        codes, cited = rows.setdefault((denied, bypass, since, payers), ([], []))
        codes.append(paid)
        cited += decisions
    columns = (
        Column("Denied", lead="denied"),
        Column("Paid", lead="with"),
        Column("With a bypass modifier", lead="with a bypass modifier"),
        Column("Since", lead="since"),
        Column("Payers"),
    )
    body = tuple(
        Row((denied, ", ".join(codes), bypass, since, payers), sources=scope.sources(cited))
        for (denied, bypass, since, payers), (codes, cited) in rows.items()
    )
    return [Table("Code pairs not both paid on one day", columns, body)] if rows else []
