"""The rules with findings, each with its page and the sources that its findings cite."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import polars as pl

from cpt77092.engine import Result
from cpt77092.findings import Totals
from cpt77092.frozen import frozen
from cpt77092.rule import Rule
from cpt77092.text import gathered

CITED = ("source_title", "source_at", "source_url", "confidence", "in_force_from")
"""The columns of a finding that cite its source."""


@frozen
class Cited:
    """A source as findings cite it; fields in the order of `CITED`."""

    title: str
    at: str
    url: str
    confidence: str
    since: date | None


@frozen(kw_only=True)
class RulePage:
    """One rule for somebody who has only the report."""

    code: str
    name: str
    title: str
    severity: str
    findings: int
    """Of the whole run, however many are shown."""
    parts: tuple[tuple[str, str], ...]
    """`Why`, `Basis`, `Clear`, `Not checked` and their text."""
    denial: str
    sources: tuple[Cited, ...]


def rule_pages(result: Result, totals: Totals, shown: pl.DataFrame) -> list[RulePage]:
    """The pages of the rules with a finding, in the catalog's order, with the sources of `shown`.

    `shown` is a findings table; it may lack findings.
    """
    counts: Counter[str] = Counter()
    for code, _, number in totals.by_rule:
        counts[code] += number
    unique = shown.select("rule", *CITED).unique(maintain_order=True).iter_rows()
    cited = gathered((code, Cited(*source)) for code, *source in unique if source[0])
    return [
        RulePage(
            code=rule.code,
            name=rule.name,
            title=rule.title,
            severity=rule.severity.value,
            findings=counts[rule.code],
            parts=parts(rule.doc),
            denial=denials(rule, " ", rule.denial.group),
            sources=tuple(cited.get(rule.code, ())),
        )
        for rule in result.rules
        if counts[rule.code]
    ]


def parts(page: str) -> tuple[tuple[str, str], ...]:
    """A rule's page after its title: `Why`, `Basis`, `Clear`, `Not checked`, each on one line."""
    _, *labelled = re.split(r"^([A-Z][a-z ]+): ", page, flags=re.MULTILINE)
    pairs = zip(labelled[::2], labelled[1::2], strict=True)
    joined = ((label, " ".join(text.split())) for label, text in pairs)
    return tuple((label, f"{text[:1].upper()}{text[1:]}") for label, text in joined)


def denials(rule: Rule, between: str, *before: str) -> str:
    """The denials that a rule predicts: `CO 96 N130 or CO 55 N130`, blank for none."""
    predicted = [denial for denial in rule.denials if denial.listed_codes]
    codes = [filter(None, (*before, denial.carc, denial.rarc)) for denial in predicted]
    return " or ".join(between.join(parts) for parts in codes)
