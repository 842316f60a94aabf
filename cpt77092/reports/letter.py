"""A payer's rule as a paragraph to cite in a letter, such as an appeal: no claim, no patient."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from cpt77092.errors import UsageError
from cpt77092.policies import PARAMETERS, Decision, PolicySet, Status
from cpt77092.policies.positions import positions
from cpt77092.policies.value_text import codes_text, value_with_unit
from cpt77092.reference.sources import Confidence, Source
from cpt77092.reports.rule_pages import parts
from cpt77092.rule import Rule

_COPY = re.compile(r"third-party cop|mirror|archived copy|quoted by|digest", re.IGNORECASE)
_BEFORE = "[Before you send this: "


def letter(
    rule: Rule, policies: PolicySet, payer: str, codes: Iterable[str], on: date
) -> list[str]:
    """The paragraphs on a rule for one payer, by its policy key, on a date of service.

    What to know before sending it is in brackets, on a line of its own.

    Raises:
        UsageError: nothing can be cited: no rule was found, or only general knowledge.
    """
    if rule.is_own:
        raise UsageError(f"{rule.code} is a rule of your own; there is no payer's text to cite")
    if rule.parameter is None:
        return _of_rule(rule)
    rows = positions(policies, payer, codes, [rule.parameter], on)
    cited = [row for row in rows if row.decision.status is Status.VALUE]
    label = policies[payer].label
    if not cited:
        what = PARAMETERS[rule.parameter].description
        raise UsageError(f"{label}, {what}: no published rule found on {on}; nothing can be cited")
    firm = [row for row in cited if not row.decision.is_recalled]
    if not firm:
        raise UsageError(_only_recalled(cited[0].decision.source))
    lines = [
        line
        for row in firm
        for line in _of_decision(label, codes_text(row.codes), row.decision, on)
    ]
    left_out = [code for row in cited if row not in firm for code in row.codes]
    if left_out:
        lines.append(f"[Left out: {codes_text(left_out)}, on which the rule is only recalled.]")
    return lines


def _of_rule(rule: Rule) -> list[str]:
    """The paragraph on a rule that holds for every payer."""
    source = rule.source
    if source is None or source.confidence is Confidence.RECALLED:
        raise UsageError(_only_recalled(source))
    return [f"{dict(parts(rule.doc))['Basis']} {_citation(source)}", *_notes(source)]


def _of_decision(label: str, codes: str, decision: Decision, on: date) -> list[str]:
    """The paragraph on a payer's value, and what to know before sending it."""
    source = decision.source
    if source is None:  # a value always has one; a policy file without is refused
        raise UsageError(_only_recalled(None))
    what = PARAMETERS[decision.parameter].description
    answer = f"{value_with_unit(decision)}, in effect since {decision.first_day}"
    if decision.is_by_default:
        text = (
            f"For services on {on}, we found no published rule of {label} on {what} with {codes}. "
            f"In its absence we followed the published position: {answer}."
        )
    else:
        text = f"For services on {on}, {label}'s rule on {what} with {codes} is: {answer}."
    lines = [f"{text} {_citation(source)}", *_notes(source)]
    if other := decision.contradicted_by:
        lines.append(f"{_BEFORE}another source states otherwise: {other.short()}.]")
    if decision.note:
        lines.append(f"[Note: {decision.note}.]")
    return lines


def _citation(source: Source) -> str:
    """Title, place, address and the day it was read; the address of a copy is no citation."""
    url = "" if _COPY.search(source.at) else source.url
    read = f" (read {source.retrieved})" if source.retrieved else ""
    return f"Source: {', '.join(filter(None, (source.title, source.at, url)))}{read}."


def _notes(source: Source) -> list[str]:
    """What keeps a source from being cited as it is."""
    where = f" ({source.url})" if source.url else ""
    if source.confidence is Confidence.SECONDARY:
        return [
            f"{_BEFORE}we read an account of this source{where}, not the source itself; compare it "
            f"with the original.]"
        ]
    if _COPY.search(source.at):
        return [f"{_BEFORE}we read a copy{where}; attach the original.]"]
    return []


def _only_recalled(source: Source | None) -> str:
    if source is None:
        return "this rule cites no source; nothing can be cited in a letter"
    return (
        f"{source.short()} is general knowledge that no text confirms; it is not fit for a letter"
    )
