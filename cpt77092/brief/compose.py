"""The publication on CPT 77092, section by section."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial

from cpt77092.brief.amounts import amounts, published_prices
from cpt77092.brief.payer_tables import code_table, contradictions, related, subject_tables
from cpt77092.brief.scope import Scope, capitalized, global_amount
from cpt77092.brief.unavailable import unavailable
from cpt77092.document import Document, Item, Section, Statement
from cpt77092.policies import PARAMETERS, Decision, PolicySet, Status, decide
from cpt77092.policies.value_text import value_text
from cpt77092.reference.codes import FAMILY, INTERPRETATION
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
