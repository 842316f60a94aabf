"""How every rule ended on the lines of one claim, and the values that it looked at.

Nothing is computed again: it reads the outcomes of a run. What identifies a patient is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl

from cpt77092.claims.columns import DIAGNOSES, MODIFIERS
from cpt77092.engine import CLAIM_OF_PAYER, Result, looks_at
from cpt77092.errors import UsageError, did_you_mean
from cpt77092.facts import inputs
from cpt77092.findings.lines import details, line_table, reported
from cpt77092.findings.not_checked import reasons_by_line
from cpt77092.findings.table import with_texts
from cpt77092.findings.texts import as_text
from cpt77092.frozen import frozen
from cpt77092.policies import Decision
from cpt77092.reference.sources import Confidence, Source
from cpt77092.rule import Rule, across
from cpt77092.text import payer_text

MOST_NAMES = 5_000
"""Claim numbers among which a similar one is looked for."""


class Kind(StrEnum):
    """How a rule ended on a line."""

    FINDING = "finding"
    NOT_CHECKED = "not checked"
    CLEAR = "clear"
    DOES_NOT_APPLY = "does not apply"


@frozen(kw_only=True)
class Outcome:
    """How one rule ended on one line, and what it looked at."""

    rule: Rule
    kind: Kind
    text: str = ""
    """The message and what to do, or why it was not checked."""
    severity: str = ""
    values: tuple[str, ...] = ()
    """What of the claim it looked at, in words."""
    decisions: tuple[Decision, ...] = ()
    """The payer's values that it looked at, that of the rule's own parameter first."""
    quoted: Source | None = None
    """The source that a finding quotes."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """Who is cited; empty where the claim alone decided."""
        if self.kind is Kind.FINDING:
            return () if self.quoted is None else (self.quoted,)
        cited = (decision.source for decision in self.decisions)
        return tuple(dict.fromkeys(source for source in cited if source is not None))


@frozen(kw_only=True)
class TracedLine:
    """One line of a claim with every rule that ran."""

    claim: int
    """The claim it belongs to: two patients with one claim number are two claims."""
    number: int | None
    place: str
    """Name of the file, and row; the row alone where a program handed the lines over."""
    payer: str
    code: str
    cells: Mapping[str, str]
    """Its values by name, each in words."""
    outcomes: tuple[Outcome, ...]

    def of(self, kind: Kind) -> list[Outcome]:
        """The outcomes of a kind, in the order of the catalog."""
        return [one for one in self.outcomes if one.kind is kind]


_LABELS = {
    "payer_label": "payer",
    "place_of_service_code": "POS",
    "service_unit_quantity": "units",
    "charge_amount": "charge",
    "claim_line_start_date": "DOS",
    "claim_line_end_date": "through",
    "diagnosis_pointer": "pointer",
    "rendering_npi": "rendering NPI",
    "billing_npi": "billing NPI",
    "ordering_npi": "ordering NPI",
    "claim_frequency_code": "frequency code",
    "submission_date": "submitted",
    "report_signed_date": "report signed",
    "as_of_date": "as of",
    "filing_deadline": "last day to file",
    "units_on_day": "units that day",
    "line_fee": "fee",
}
"""What a value is called; others are not shown."""
_GIVEN_OR_BLANK = {
    "prior_authorization_number": "authorization number",
    "original_reference_number": "original reference number",
}
"""Numbers of which only whether there is one matters."""
_SETS = dict.fromkeys(MODIFIERS, "modifiers") | dict.fromkeys(DIAGNOSES, "diagnoses")
_NAMES_OTHER_LINES = frozenset({"rendering_npi", "billing_npi", "claim_line_start_date"})
"""What a rule that compares a patient's lines knows them by."""
_DATES_A_POLICY = frozenset({"claim_line_start_date"})
_STANDING = frozenset(across(pl.lit(True)).meta.root_names())  # noqa: FBT003


def trace(result: Result, claim: str) -> list[TracedLine]:
    """The lines of every claim with a number, claim by claim, with every rule that ran.

    Raises:
        UsageError: no line in scope has the number.
    """
    if not claim.strip():
        raise UsageError("name a claim by its number, as in scrub why A-1001 claims.csv")
    numbers = result.lines.filter(pl.col("claim_id") == claim).sort(CLAIM_OF_PAYER, "line")["line"]
    if numbers.is_empty():
        raise UsageError(_no_such_claim(result, claim))
    flagged = _findings(result, numbers)
    # The run of these lines alone, so that a large batch costs no more than a small one.
    own = result.lines[numbers].with_columns(line=pl.int_range(pl.len(), dtype=pl.UInt32))
    part = replace(result, lines=own, outcomes=result.outcomes[numbers])
    reasons = {(line, rule): reason for line, rule, reason in reasons_by_line(part).iter_rows()}
    applies = own.select(looks_at(rule).alias(rule.code) for rule in result.rules)
    heads = line_table(part, own["line"], extra=("payer_label",)).iter_rows(named=True)
    cells = _cells(result, part)

    def outcome(rule: Rule, line: int) -> Outcome:
        if applies[rule.code][line] is False:
            return Outcome(rule=rule, kind=Kind.DOES_NOT_APPLY)
        values, decisions = _values(rule, cells[line]), _decisions(part, rule, line)
        row = flagged.get((numbers[line], rule.code))
        if row is not None:
            return _finding(rule, row, values, decisions)
        reason = reasons.get((line, rule.code), "")
        kind = Kind.NOT_CHECKED if reason else Kind.CLEAR
        return Outcome(rule=rule, kind=kind, text=reason, values=values, decisions=decisions)

    return [
        TracedLine(
            claim=own[CLAIM_OF_PAYER][line],
            number=head["claim_line_number"],
            place=_place(head),
            payer=payer_text(head),
            code=head["hcpcs_code"],
            cells=cells[line],
            outcomes=tuple(outcome(rule, line) for rule in result.rules),
        )
        for line, head in enumerate(heads)
    ]


def _place(head: Mapping[str, Any]) -> str:
    file, row = head["source_file"], head["row_id"] or head["source_row"]
    return f"row {row}" if file is None else f"{Path(file).name}:{row}"


def _no_such_claim(result: Result, claim: str) -> str:
    names = result.lines["claim_id"].unique()
    near = did_you_mean(claim, sorted(names)) if names.len() <= MOST_NAMES else ""
    return f"no claim {claim!r} with a checked code in these files{near}"


def _findings(result: Result, numbers: pl.Series) -> dict[tuple[int, str], dict[str, Any]]:
    """The findings of some lines with their texts, by line and rule."""
    chosen = result.findings.filter(pl.col("line").is_in(numbers.implode()))
    table = with_texts(result, chosen, ("line",))
    return {(int(row["line"]), row["rule"]): row for row in table.iter_rows(named=True)}


def _finding(
    rule: Rule,
    row: Mapping[str, Any],
    values: tuple[str, ...],
    decisions: tuple[Decision, ...],
) -> Outcome:
    quoted = None
    if row["source_title"]:
        quoted = Source(
            title=row["source_title"],
            at=row["source_at"],
            url=row["source_url"],
            confidence=Confidence(row["confidence"]),
        )
    return Outcome(
        rule=rule,
        kind=Kind.FINDING,
        text=f"{row['message']} {row['fix']}",
        severity=row["severity"],
        values=values,
        decisions=decisions,
        quoted=quoted,
    )


def _cells(result: Result, part: Result) -> list[dict[str, str]]:
    """The values of each line of a part by name, each in words."""
    lines = reported(part.lines)
    names = [name for name in (*_LABELS, *_GIVEN_OR_BLANK) if name in lines.columns]
    texts = lines.select(as_text(name, lines.schema[name]).alias(name) for name in names)
    modifiers = line_table(part, part.lines["line"])["modifiers"].fill_null("no column")
    diagnoses = details(part.lines)["diagnoses"]
    same_day = pl.Series([_codes_of_day(result, row) for row in _days(part)], dtype=pl.String)
    sets = {"modifiers": modifiers, "diagnoses": diagnoses, "same_day": same_day}
    every = texts.with_columns(
        series.replace("", "none").fill_null("none").alias(name) for name, series in sets.items()
    )
    return list(every.iter_rows(named=True))


def _days(part: Result) -> list[dict[str, Any]]:
    """Patient, date and place in the files of each line; without a patient where none is read."""
    names = ("person_id", "claim_line_start_date", "source", "source_row")
    read = [name for name in names if name in part.lines.columns]
    return list(part.lines.select(read).iter_rows(named=True))


def _codes_of_day(result: Result, line: Mapping[str, Any]) -> str:
    """The codes of the patient's other lines of the day."""
    if not line.get("person_id") or line["claim_line_start_date"] is None:
        return ""
    others = result.lines.filter(
        pl.col("person_id") == line["person_id"],
        pl.col("claim_line_start_date") == line["claim_line_start_date"],
        (pl.col("source") != line["source"]) | (pl.col("source_row") != line["source_row"]),
    )
    return ", ".join(sorted(others["hcpcs_code"].cast(pl.String)))


def _decisions(part: Result, rule: Rule, line: int) -> tuple[Decision, ...]:
    """The payer's values that a rule looked at on a line, that of its own parameter first."""
    own = rule.parameter
    if rule.parameter_of_replacements is not None and part.lines["is_replacement"][line]:
        own = rule.parameter_of_replacements
    read = (name for root in rule.flag.meta.root_names() for name in inputs(root))
    parameters = [name.split(".")[1] for name in read if name.startswith("policy.")]
    row = part.lines["policy_row"][line]
    numbers = [
        part.table.frame[f"policy.{name}.decision"][row]
        for name in dict.fromkeys(filter(None, (own, *parameters)))
        if row is not None
    ]
    return tuple(part.decisions[number] for number in numbers if number is not None)


def _values(rule: Rule, cells: Mapping[str, str]) -> tuple[str, ...]:
    """What of the claim a rule looked at, in words."""
    return tuple(dict.fromkeys(_words(name, cells) for name in _looked_at(rule) if name in cells))


def _words(name: str, cells: Mapping[str, str]) -> str:
    cell = cells[name]
    if label := _GIVEN_OR_BLANK.get(name):
        return f"{label} {'blank' if cell == 'blank' else 'given'}"
    if name == "same_day":
        return "nothing else that day" if cell == "none" else f"{cell} that day"
    return f"no {name}" if cell == "none" else f"{_LABELS.get(name, name)} {cell}"


def _looked_at(rule: Rule) -> Iterator[str]:
    """The names of the cells that a rule looked at, some of them twice."""
    for root in rule.flag.meta.root_names():
        if root in _STANDING:
            continue
        if root.startswith("payer_"):
            yield "payer_label"
        name = root.removesuffix(".state")
        yield name
        others = [read.removesuffix(".state") for read in inputs(root) if read != root]
        compares = "person_id" in others
        left_out = _NAMES_OTHER_LINES if compares else _DATES_A_POLICY
        yield from (_SETS.get(read, read) for read in others if read not in left_out)
        if compares:
            yield "same_day"
