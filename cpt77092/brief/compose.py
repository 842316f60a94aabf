"""The publication on CPT 77092, section by section, from the policies alone."""

from __future__ import annotations

from datetime import date
from functools import partial

from cpt77092.brief.amounts import amounts, prices_of_hospitals
from cpt77092.brief.document import Brief, Item, Section, Statement
from cpt77092.brief.payer_tables import category, contradictions, related, tables
from cpt77092.brief.scope import Scope, capital, whole
from cpt77092.brief.statements import said
from cpt77092.brief.unavailable import unavailable
from cpt77092.policies import PARAMETERS, Decision, Level, PolicySet, Status, decide
from cpt77092.policies.policy import DEFAULT
from cpt77092.reference.codes import INTERPRETATION


def compose(policies: PolicySet, payer: str | None, on: date) -> Brief:
    """Write the publication.

    Args:
        policies: all policies on file.
        payer: the policy key of one payer, or None for all.
        on: the day whose values are given.
    """
    view = Scope(policies, payer, on)
    label = view.policies[view.payer].label if view.payer else ""
    text = partial(said, view)
    parts: list[tuple[str, str, list[Item]]] = [
        ("summary", "In short", _summary(view)),
        ("category", "How the service is categorised", [*text("category"), *category(view)]),
        ("clinical", "Clinical context and workflow", [*text("clinical")]),
        ("sites", "Sites of service", [*text("sites"), *tables(view, "Place of service")]),
        (
            "modifiers",
            "Modifiers",
            [*contradictions(view), *text("modifiers"), *tables(view, "Modifiers")],
        ),
        (
            "coverage",
            "Coverage, authorization, orders and diagnoses",
            [*text("coverage"), *tables(view, "Coverage")],
        ),
        (
            "filing",
            "Filing, and the date of the read",
            [*text("filing"), *tables(view, "Filing")],
        ),
        ("fees", "Fees and relative values by year", [*amounts(view), *text("fees")]),
        ("prices", "What hospitals publish as prices", [*prices_of_hospitals(), *text("prices")]),
        ("related", "Related codes", [*text("related"), *related(view)]),
        ("documentation", "Documentation", [*text("documentation")]),
        ("further", "Further remarks", [*text("further")]),
        ("unavailable", "What is not available", unavailable(view)),
    ]
    sections = (Section(key=key, title=title, items=tuple(items)) for key, title, items in parts)
    return Brief(
        title="CPT 77092: trabecular bone score, interpretation and report",
        subtitle=f"{label} beside the national facts" if label else "All payers on file",
        payer=view.payer,
        on=view.on,
        sections=tuple(section for section in sections if section.items),
    )


def _summary(view: Scope) -> list[Item]:
    read = min(INTERPRETATION)
    found: list[Item] = []
    for parameter in ("modifier_26", "coverage"):
        answers: dict[str, list[Decision]] = {}
        for payer in view.payers:
            made = decide(view.policies, payer, read, parameter, view.on)
            answers.setdefault(_in_words(made), []).append(made)
        told = [
            f"{words}: {view.labels(one.payer for one in made)}" for words, made in answers.items()
        ]
        every = [made for several in answers.values() for made in several]
        text = (
            f"{capital(PARAMETERS[parameter].description)} on {read}. {capital('; '.join(told))}."
        )
        found.append(Statement(text=text, sources=view.sources(every)))
    fees = [(p, decide(view.policies, p, read, "fee", view.on)) for p in view.stating("fee")]
    found += [
        Statement(
            text=f"One unit of {read} is paid {whole(made.value)} dollars since {made.first_day}.",
            sources=view.sources([made]),
            about=view.policies[payer].label,
        )
        for payer, made in fees
        if made.status is Status.VALUE
    ]
    return found


def _in_words(made: Decision) -> str:
    if made.status is not Status.VALUE:
        return {
            Status.ENDED: "ended",
            Status.NOT_YET: "no value on file yet",
        }.get(made.status, "no position on file")
    value = str(made.value).replace("_", " ")
    is_own = made.level is not Level.DEFAULT or made.payer == DEFAULT
    return value if is_own else f"no position of their own, so {value} by the default"
