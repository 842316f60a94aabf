"""Tables of what the payers say, where two sources disagree, and the codes and their pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from cpt77092.brief.document import Cell, Column, Item, Row, Statement, Table
from cpt77092.brief.scope import Scope, capital, named, whole
from cpt77092.policies import PARAMETERS, Decision, Status, decide
from cpt77092.policies.policy import DEFAULT
from cpt77092.policies.positions import BY_SUBJECT, Position
from cpt77092.reference.codes import CHECKED, COMPANIONS, FAMILY
from cpt77092.reference.sources import Source

# What the codes stand for, in our own words; the roles are those of `codes.py`.
_STANDS_FOR = {
    "77089": "whole service: calculation, interpretation and report",
    "77090": "technical: image data prepared and sent for analysis elsewhere",
    "77091": "technical: the calculation alone",
    "77092": "professional: interpretation and report alone",
    "77080": "DXA scan of spine or hip",
    "77081": "DXA scan of arm or leg bones",
    "77085": "DXA scan of spine or hip, with vertebral fracture assessment",
    "77086": "vertebral fracture assessment by DXA alone",
    "77078": "CT bone-density scan of spine or hip",
    "76977": "ultrasound bone density of the heel and the like",
    "G0130": "single-energy X-ray bone density of arm or leg",
}
_ROLES = Source(
    title="CMS physician fee schedule 2022 to 2026",
    at="column PCTC IND: 77092 2, 77090 and 77091 3, 77089 4, scans 1; third-party copies",
)


def category(view: Scope) -> list[Item]:
    """The four codes: what each stands for, since when, and its relative value."""
    rows = [_code_row(view, code) for code in sorted(FAMILY)]
    return [_code_table("The four codes", rows)]


def _code_row(view: Scope, code: str) -> Row:
    base = view.payer or DEFAULT
    since = decide(view.policies, base, code, "in_force", view.on)
    value = decide(view.policies, base, code, "relative_value_units", view.on)
    spoken = [made for made in (since, value) if made.source is not None]
    return Row(
        cells=(
            code,
            _STANDS_FOR[code],
            since.first_day if since.status is Status.VALUE else None,
            whole(value.value),
        ),
        sources=(_ROLES, *view.sources(spoken)),
    )


def _code_table(title: str, rows: Sequence[Row]) -> Table:
    columns = (
        Column(name="Code"),
        Column(name="Stands for"),
        Column(name="In force since"),
        Column(name="Relative value", unit="RVU"),
    )
    return Table(title=title, columns=columns, rows=tuple(rows))


def contradictions(view: Scope) -> list[Item]:
    """Where two sources disagree, both are quoted, and what decides is said."""
    found: dict[Statement, None] = {}
    for row in view.positions(view.payers, sorted(CHECKED), BY_SUBJECT["Modifiers"]):
        made = row.decision
        if made.source is None or made.contradicted_by is None:
            continue
        value = str(made.value).replace("_", " ")
        text = (
            f"Two sources contradict each other on {PARAMETERS[made.parameter].description}, "
            f"{named(row.codes)}. By the first it is {value}: {made.source.short()}. "
            f"The second says otherwise: {made.contradicted_by.short()}. "
            f"What is right depends on the payer and the date: a payer's own position "
            f"decides where it is on file; where it is not, ask the payer."
        )
        said = Statement(text=text, sources=(made.source, made.contradicted_by))
        found[said] = None
    return list(found)


def tables(view: Scope, subject: str) -> list[Item]:
    """What the payers say on a subject, a table for each parameter, and the remarks on it."""
    found: list[Item] = []
    for parameter in BY_SUBJECT[subject]:
        found += _table(view, parameter)
    return found


def _table(view: Scope, parameter: str) -> list[Item]:
    codes = sorted(FAMILY) if parameter != "max_units_per_day" else sorted(CHECKED)
    told = [
        row
        for row in view.positions(view.payers, codes, [parameter])
        if row.decision.status is not Status.NOT_AVAILABLE or row.decision.quotes
    ]
    if not told:
        return []
    remarks: dict[Statement, None] = {}
    for row in told:
        made = row.decision
        if made.note:
            about = f"{made.decided_by}, {named(row.codes)}"
            sources = view.sources([made])
            remarks[Statement(text=made.note, sources=sources, about=about)] = None
    rows = tuple(
        Row(
            cells=(
                view.labels(payers),
                named(codes),
                made[0],
                made[0].first_day if made[0].status is Status.VALUE else None,
                made[0].decided_by or None,
            ),
            sources=view.sources(made),
        )
        for payers, codes, made in alike(told)
    )
    columns = (
        Column(name="Payers"),
        Column(name="Codes"),
        Column(name="Position"),
        Column(name="Since", lead="since"),
        Column(name="Decided by", lead="decided by"),
    )
    says = PARAMETERS[parameter].description
    table = Table(title=capital(says), columns=columns, rows=rows)
    return [table, *remarks]


def related(view: Scope) -> list[Item]:
    """The scans, how many units, what is not paid beside what, and how often."""
    scans = [_code_row(view, code) for code in sorted(COMPANIONS)]
    found: list[Item] = [_code_table("Bone-density scans it rides with", scans)]
    found += _table(view, "max_units_per_day")
    found += _pairs(view)
    found += _table(view, "min_months_between")
    return found


def _pairs(view: Scope) -> list[Item]:
    """Pairs that touch the four codes, or lie among the scans, by the code that is denied."""
    said: dict[tuple[str, str, str, date | None], list[Decision]] = {}
    for row in view.positions(view.payers, sorted(CHECKED), ["pairs"]):
        for pair in row.decision.value or ():
            for code in row.codes:
                if code in FAMILY or pair.with_ in CHECKED:
                    paid = code if pair.denied != code else pair.with_
                    bypass = "both payable" if pair.bypass else "no difference"
                    key = (pair.denied, paid, bypass, row.decision.first_day)
                    said.setdefault(key, []).append(row.decision)
    groups: dict[tuple[Cell, ...], tuple[list[str], list[Decision]]] = {}
    for (denied, paid, bypass, since), made in sorted(said.items(), key=lambda item: str(item[0])):
        payers = view.labels(one.payer for one in made)
        beside, decisions = groups.setdefault((denied, bypass, since, payers), ([], []))
        beside.append(paid)
        decisions += made
    rows = tuple(
        Row(
            cells=(denied, ", ".join(beside), bypass, since, payers),
            sources=view.sources(decisions),
        )
        for (denied, bypass, since, payers), (beside, decisions) in groups.items()
    )
    columns = (
        Column(name="Denied", lead="denied"),
        Column(name="Paid", lead="beside"),
        Column(name="With a bypass modifier", lead="a bypass modifier makes"),
        Column(name="Since", lead="since"),
        Column(name="Payers"),
    )
    title = "Codes not both paid on one day"
    return [Table(title=title, columns=columns, rows=rows)] if rows else []


def alike(
    rows: Iterable[Position],
) -> list[tuple[tuple[str, ...], tuple[str, ...], list[Decision]]]:
    """Positions that say the same: first the codes of a payer put together, then the payers."""
    codes: dict[tuple[object, ...], list[str]] = {}
    decisions: dict[tuple[object, ...], list[Decision]] = {}
    for row in rows:
        made = row.decision
        said = (made.parameter, made.status, str(made.value), made.first_day, made.decided_by)
        key = (row.payer, *said)
        codes.setdefault(key, []).extend(row.codes)
        decisions.setdefault(key, []).append(made)
    payers: dict[tuple[object, ...], list[tuple[object, ...]]] = {}
    for said_by, group in codes.items():
        payers.setdefault((*said_by[1:], tuple(group)), []).append(said_by)
    return [
        (
            tuple(decisions[key][0].payer for key in same),
            tuple(codes[same[0]]),
            [made for key in same for made in decisions[key]],
        )
        for same in payers.values()
    ]
