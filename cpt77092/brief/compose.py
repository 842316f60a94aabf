"""The publication on CPT 77092, section by section."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from itertools import product

from cpt77092.brief import hospital_prices
from cpt77092.brief.amounts import amounts, published_prices
from cpt77092.brief.payer_tables import (
    code_table,
    contradictions,
    group_positions,
    related,
    subject_tables,
)
from cpt77092.brief.scope import FAMILY_FIRST, Scope, capitalized, global_amount
from cpt77092.document import Column, Document, Item, Row, Section, Statement, Table
from cpt77092.policies import PARAMETERS, Decision, PolicySet, Status, decide
from cpt77092.policies.parameters import SUBJECTS
from cpt77092.policies.policy import EntryKind, in_force
from cpt77092.policies.resolve import chain
from cpt77092.policies.value_text import codes_text, value_text
from cpt77092.reference.codes import CHECKED, FAMILY, INTERPRETATION
from cpt77092.text import dollars, gathered


def compose(policies: PolicySet, payer: str | None, on: date) -> Document:
    """Compose the publication for one payer, by its policy key, or for all, as of a day."""
    scope = Scope(policies, payer, on)
    label = f"{policies[payer].label}, with the national rules" if payer else "All payers"
    fees = f"; Medicare fees of {policies.locality}" if policies.locality else ""
    sections = (Section(key, title, tuple(items)) for key, title, items in _parts(scope))
    return Document(
        title="CPT 77092: trabecular bone score (TBS), interpretation and report",
        subtitle=f"{label}, as of {on}{fees}",
        payer=payer,
        on=on,
        sections=tuple(section for section in sections if section.items),
    )


def _parts(scope: Scope) -> Iterator[tuple[str, str, list[Item]]]:
    """Key, title and items of every section; some may be empty."""
    on, tables = scope.statements, partial(subject_tables, scope)
    four = code_table(scope, "The four TBS codes", FAMILY)
    yield "summary", "Summary", _summary(scope)
    yield "category", "How the service is categorized", [*on("category"), four]
    title = "Clinical context and workflow"
    yield "clinical", title, [*on("clinical_context", "workflow")]
    yield "sites", "Sites of service", [*on("sites"), *tables("Place of service")]
    modifiers = [*contradictions(scope), *on("modifiers"), *tables("Modifiers")]
    yield "modifiers", "Modifiers", modifiers
    title = "Coverage, authorization, orders and diagnoses"
    yield "coverage", title, [*on("coverage"), *tables("Coverage")]
    filing = [*on("filing", "date_of_service"), *tables("Filing")]
    yield "filing", "Timely filing and date of service", filing
    yield "fees", "Fees and relative values by year", [*amounts(scope), *on("pricing")]
    yield "prices", "Published hospital prices", [*published_prices(), *on("prices")]
    yield "related", "Related codes", [*on("related_codes"), *related(scope)]
    yield "documentation", "Documentation", [*on("documentation")]
    yield "unavailable", "What is not available", unavailable(scope)


def _summary(scope: Scope) -> list[Item]:
    """The answers on modifier 26 and coverage, each with its payers, and the fee in force."""
    code = min(INTERPRETATION)
    items: list[Item] = []
    for parameter in ("modifier_26", "coverage"):
        answers = (
            decide(scope.policies, payer, code, parameter, scope.on) for payer in scope.payers
        )
        for answer, decisions in gathered((_answer(one), one) for one in answers).items():
            text = f"{PARAMETERS[parameter].description} on {code}: {answer}."
            about = capitalized(scope.labels(decision.payer for decision in decisions))
            items.append(Statement(text, about, sources=scope.sources(decisions)))
    for payer in scope.with_own_amounts("fee"):
        decision = decide(scope.policies, payer, code, "fee", scope.on)
        if decision.status is Status.VALUE and (fee := global_amount(decision.value)) is not None:
            text = f"{dollars(fee)} for one unit of {code} since {decision.first_day}."
            about = scope.policies[payer].label
            items.append(Statement(text, about, sources=scope.sources([decision])))
    return items


def _answer(decision: Decision) -> str:
    """A payer's position, and whether it is the payer's own."""
    text = value_text(decision)
    if decision.status is not Status.VALUE:
        return text
    return f"no published rule found, so {text} by default" if decision.is_by_default else text


def unavailable(scope: Scope) -> list[Item]:
    """What was searched for without result, has no rule on the day, no statement, or no price."""
    return [*_not_found(scope), *_without_rule(scope), *_without_statement(scope), *_unpriced()]


def _not_found(scope: Scope) -> list[Statement]:
    """What the policy files record as searched for and not found, each file once."""
    codes: dict[tuple[str, str, str], list[str]] = {}
    deciding: dict[tuple[str, str, str], dict[str, None]] = {}
    searched = [file for payer in scope.subjects for _, file in chain(scope.policies, payer)]
    files = dict.fromkeys([*scope.national, *searched])
    for file, parameter, code in product(files, PARAMETERS, FAMILY_FIRST):
        entry = in_force(scope.policies[file].values.get((code, parameter), ()), scope.on)
        if entry is None or entry.kind is not EntryKind.NOT_AVAILABLE:
            continue
        key = (file, parameter, entry.note)
        codes.setdefault(key, []).append(code)
        decision = decide(scope.policies, file, code, parameter, scope.on)
        applied = deciding.setdefault(key, {})
        if decision.status is Status.VALUE:
            applied[decision.decided_by] = None
    statements = []
    for (file, parameter, note), of_note in codes.items():
        text = f"{PARAMETERS[parameter].description}, {codes_text(of_note)}: {note.rstrip('.')}."
        if applied := deciding[file, parameter, note]:
            text += f" Applied instead: {', '.join(applied)}."
        label = scope.policies[file].label
        statements.append(Statement(text, label, sources=(scope.file(file),)))
    return statements


def _without_rule(scope: Scope) -> list[Item]:
    """Parameters on which no policy file that was searched has a value for the day."""
    without = [
        position
        for position in scope.positions(scope.subjects, FAMILY_FIRST, PARAMETERS)
        if position.decision.status is not Status.VALUE and not position.decision.quotes
    ]
    rows = []
    for payers, codes, (decision, *_) in group_positions(without):
        what, why = PARAMETERS[decision.parameter].description, value_text(decision)
        searched = dict.fromkeys(file for payer in payers for file in scope.files_searched(payer))
        cells = (what, codes_text(codes), why, scope.labels(payers))
        rows.append(Row(cells, sources=tuple(searched)))
    columns = tuple(map(Column, ("What", "Codes", "Why", "Payers")))
    title = f"No published rule in force on {scope.on}"
    return [Table(title, columns, tuple(rows))] if rows else []


def _without_statement(scope: Scope) -> list[Statement]:
    """Subjects of the publication that no policy file in scope has a statement on."""
    payers = dict.fromkeys([*scope.national, *scope.subjects])
    files = tuple(scope.file(payer) for payer in payers)
    stated = {key for payer in payers for key in scope.policies[payer].brief}
    return [
        Statement(f"{capitalized(key.replace('_', ' '))}: no statement found.", sources=files)
        for key in SUBJECTS
        if key not in stated
    ]


def _unpriced() -> list[Statement]:
    """Codes for which no hospital reports a kind of price."""
    statements = []
    for kind in hospital_prices.KINDS:
        without = [code for code in sorted(CHECKED) if hospital_prices.spread(code, kind) is None]
        if without:
            text = f"no hospital reports one for {codes_text(without)}."
            about, cited = f"Hospital prices, {kind.name}", (hospital_prices.SOURCE,)
            statements.append(Statement(text, about, sources=cited))
    return statements
