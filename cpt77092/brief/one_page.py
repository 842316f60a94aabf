"""How to bill CPT 77092 on one page: the answers in force, and what nobody has published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from cpt77092.brief.scope import Scope, capitalized, global_amount
from cpt77092.document import Document, Item, Section, Statement, own
from cpt77092.policies import Decision, PolicySet, Status, decide
from cpt77092.policies.localities import is_of_locality
from cpt77092.policies.value_text import cited, codes_text, short_value, subject_of
from cpt77092.reference.codes import FAMILY, INTERPRETATION
from cpt77092.reference.sources import Source
from cpt77092.text import dollars, gathered

_CODE = min(INTERPRETATION)
_CODES = (_CODE, *sorted(FAMILY - INTERPRETATION))
_BY_TITLE = {
    "Answer": ("modifier_26", "modifier_tc", "coverage", "prior_authorization"),
    "Modifiers": ("inapplicable_modifiers", "notice_modifiers", "modifier_gz", "modifier_gy"),
    "Places of service": (
        "typical_place_of_service",
        "place_of_service",
        "facility_place_of_service",
        "technical_in_facility",
    ),
    "Units, interval and pairs": (
        "max_units_per_day",
        "min_months_between",
        "pairs",
        "report_with_visit",
    ),
    "Orders and diagnoses": ("ordering_provider", "supporting_diagnoses", "excluded_diagnoses"),
    "Filing": (
        "timely_filing",
        "timely_filing_replacement",
        "timely_filing_weekend",
        "claim_frequency_codes",
    ),
}
"""The parameters of each section; fees come after the answer."""
_BY_DEFAULT = (
    "By default: no published rule of the payer's own was found, so the publication or CMS decides."
)
_ALL_PAYERS = {
    "Modifier 26": "modifier_26",
    "Coverage": "coverage",
    "Prior authorization": "prior_authorization",
    "Filing": "timely_filing",
}
"""What is compared where no payer is named."""


def one_page(policies: PolicySet, payer: str | None, on: date) -> Document:
    """Compose the page for one payer, by its policy key, or a comparison of all, as of a day."""
    scope = Scope(policies, payer, on)
    label = policies[payer].label if payer else "All payers"
    more = f"scrub brief {payer} --full" if payer else "scrub brief --full"
    parts = _of_payer(scope, payer) if payer else _of_all(scope)
    return Document(
        title="CPT 77092: trabecular bone score (TBS), interpretation and report",
        subtitle=f"{label}, as of {on}. Everything on file: {more}",
        payer=payer,
        on=on,
        introduction=(own(_BY_DEFAULT),),
        sections=tuple(
            Section(title.lower().replace(" ", "-"), title, tuple(items))
            for title, items in parts
            if items
        ),
        is_one_page=True,
    )


def _of_payer(scope: Scope, payer: str) -> Iterator[tuple[str, list[Item]]]:
    """The title and items of each section on one payer."""
    unknown: dict[str, list[Decision]] = {}
    for title, parameters in _BY_TITLE.items():
        items: list[Item] = []
        for parameter in parameters:
            decisions = [
                decide(scope.policies, payer, code, parameter, scope.on) for code in _CODES
            ]
            if any(decision.status is Status.VALUE for decision in decisions):
                items.append(_position(scope, decisions))
            else:
                unknown.setdefault(_why_unknown(decisions[0]), []).append(decisions[0])
        yield title, items
        if title == "Answer":
            yield "Fees", _fees(scope, payer, unknown)
    yield "Not available", _unknown(scope, payer, unknown)


def _position(scope: Scope, decisions: Sequence[Decision]) -> Statement:
    """A payer's answer on one parameter; the codes are named where their answers differ."""
    holds_for = [decision for decision in decisions if decision.status is Status.VALUE]
    by_answer = gathered((_answer(decision), decision) for decision in holds_for)
    is_shared = len(by_answer) == 1 and len(holds_for) == len(decisions)
    texts = [
        answer if is_shared else f"{codes_text(sorted(one.code for one in some))}: {answer}"
        for answer, some in by_answer.items()
    ]
    others = {one.contradicted_by.title for one in holds_for if one.contradicted_by}
    text = "; ".join(texts) + (f" (otherwise: {', '.join(sorted(others))})" if others else "")
    return Statement(f"{text}.", _what(holds_for[0]), sources=scope.sources(holds_for))


def _answer(decision: Decision) -> str:
    """What holds and since when, and whether it is the payer's own."""
    text = f"{short_value(decision)} since {decision.first_day}"
    return f"{text}, by default" if decision.is_by_default else text


def _what(decision: Decision) -> str:
    return capitalized(subject_of(decision.parameter))


def _fees(scope: Scope, payer: str, unknown: dict[str, list[Decision]]) -> list[Item]:
    """Fee and relative value of each TBS code; a fee is national unless a locality is chosen."""
    texts, cited_for = [], []
    for code in _CODES:
        fee, value = (
            decide(scope.policies, payer, code, parameter, scope.on)
            for parameter in ("fee", "relative_value_units")
        )
        amount, units = global_amount(fee.value), global_amount(value.value)
        if amount is not None:
            texts.append(f"{code} {dollars(amount)}" + (f" ({units} RVU)" if units else ""))
            cited_for += [fee, value] if units else [fee]
        elif code == _CODE:
            unknown.setdefault(_why_unknown(fee), []).append(fee)
    if not texts:
        return []
    text = f"{', '.join(texts)}, per unit since {cited_for[0].first_day}"
    if is_of_locality(cited_for[0]):
        title, text = f"Fees of {scope.policies.locality}", f"{text}."
    else:
        title, text = "National fees", f"{text}; your locality's differ."
    return [Statement(text, title, sources=scope.sources(cited_for))]


def _why_unknown(decision: Decision) -> str:
    if decision.status is Status.ENDED:
        return f"Ended on {decision.first_day}"
    if decision.status is Status.NOT_YET:
        return f"No published rule found before {decision.first_day}"
    return "No published rule found"


def _unknown(scope: Scope, payer: str, unknown: dict[str, list[Decision]]) -> list[Item]:
    return [
        Statement(f"{'; '.join(map(_what, decisions))}.", why, sources=(scope.file(payer),))
        for why, decisions in unknown.items()
    ]


def _cited(decisions: Iterable[Decision]) -> tuple[Source, ...] | None:
    """The sources of some values; nobody is cited for what was not found."""
    sources = (source for decision in decisions for source in cited(decision))
    return tuple(dict.fromkeys(sources)) or None


def _of_all(scope: Scope) -> Iterator[tuple[str, list[Item]]]:
    """For each question the answers, each with its payers."""
    for title, parameter in _ALL_PAYERS.items():
        decisions = (
            decide(scope.policies, payer, _CODE, parameter, scope.on) for payer in scope.payers
        )
        answers = gathered((_short_answer(decision), decision) for decision in decisions)
        yield (
            title,
            [
                Statement(
                    f"{scope.labels(one.payer for one in some)}.",
                    capitalized(answer),
                    sources=_cited(some),
                )
                for answer, some in answers.items()
            ],
        )


def _short_answer(decision: Decision) -> str:
    if decision.status is not Status.VALUE:
        return _why_unknown(decision)
    text = short_value(decision)
    return f"{text}, by default" if decision.is_by_default else text
