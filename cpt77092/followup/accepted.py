"""Accepted findings: entries for them, and the list without them while the decision still fits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date

import polars as pl

from cpt77092.engine import SEVERITIES, Result
from cpt77092.followup.entries import Entry
from cpt77092.followup.key import KEY, ON_LINE, PAYER, as_texts
from cpt77092.followup.keyed import Secret
from cpt77092.followup.outcome import Outcome, State
from cpt77092.followup.values import line_values, policy_change, policy_text
from cpt77092.frozen import frozen
from cpt77092.policies import Decision
from cpt77092.rule import Severity

OTHER_KEY = "its digests need the key of who accepted it (accepted.key, see scrub accept --help)"
UNREAD = "IN"
"""The group of rules for cells that cannot be read: other rules did not run on such a line, so its
findings are never accepted."""


@frozen(kw_only=True)
class Accepted:
    """The findings that were taken off the list."""

    file: str
    findings: pl.DataFrame
    """As `engine.FINDINGS_SCHEMA`, with `entry`, a number of `outcomes`."""
    outcomes: tuple[Outcome, ...]

    def lines_with(self, severities: Collection[Severity]) -> pl.Series:
        """Numbers of the lines with an accepted finding of these severities, each once."""
        numbers = [SEVERITIES.index(severity) for severity in severities]
        return self.findings.filter(pl.col("severity").is_in(numbers))["line"].unique().sort()


def apply_entries(
    result: Result, file: str, entries: Sequence[Entry], secret: Secret | None
) -> tuple[Result, Accepted]:
    """The result without the findings that entries accept, and those findings.

    Where several entries fit, the first one counts.
    """
    judged = pl.concat([_single(result, entries, secret), _standing(result, entries)])
    fitting = judged.filter(why="").sort("entry").unique("finding", keep="first")
    marked = result.findings.with_row_index("finding")
    accepted = marked.join(fitting, on="finding", maintain_order="left").drop("finding", "why")
    remaining = marked.join(fitting, on="finding", how="anti", maintain_order="left")
    by_entry = {key[0]: rows for key, rows in judged.partition_by("entry", as_dict=True).items()}
    none = judged.clear()
    return (
        replace(result, findings=remaining.drop("finding")),
        Accepted(
            file=file,
            findings=accepted,
            outcomes=tuple(
                _outcome(entry, by_entry.get(number, none)["why"], result)
                for number, entry in enumerate(entries)
            ),
        ),
    )


_JUDGED = {"entry": pl.UInt32, "finding": pl.get_index_type(), "why": pl.String}
"""A finding that an entry is for, and why it is not accepted all the same; blank if it is."""


def _outcome(entry: Entry, reasons: pl.Series, result: Result) -> Outcome:
    """What became of an entry, by why each of its findings is not accepted."""
    applied = int((reasons == "").sum())
    others = sorted(set(reasons.to_list()) - {""})
    if _is_over(entry, result):
        why = f"ended {entry.until}"
        return Outcome(entry=entry, state=State.EXPIRED, findings=reasons.len(), why=why)
    if others:
        findings = reasons.len() - applied
        return Outcome(entry=entry, state=State.LAPSED, findings=findings, why="; ".join(others))
    is_run = any(rule.code == entry.rule for rule in result.rules)
    state = State.APPLIED if applied else State.UNMATCHED if is_run else State.NOT_RUN
    return Outcome(entry=entry, state=state, findings=applied)


def _is_over(entry: Entry, result: Result) -> bool:
    """Whether the last day of an entry is before the day of the run."""
    return entry.until < result.as_of


def _findings_of(result: Result, entries: Sequence[Entry]) -> pl.DataFrame:
    """The findings of the rules of some entries, numbered, with the code of the rule as text."""
    codes = [rule.code for rule in result.rules]
    wanted = {entry.rule for entry in entries if not entry.rule.startswith(UNREAD)}
    numbers = [number for number, code in enumerate(codes) if code in wanted]
    findings = result.findings.with_row_index("finding").filter(pl.col("rule").is_in(numbers))
    rule = pl.Series("rule", codes, dtype=pl.String)[findings["rule"]]
    return findings.select("finding", "line", "severity", "decision").with_columns(rule)


def _standing(result: Result, entries: Sequence[Entry]) -> pl.DataFrame:
    """The findings of entries for a rule at a payer, as `_JUDGED`."""
    numbered = [(number, entry) for number, entry in enumerate(entries) if entry.is_standing]
    findings = _findings_of(result, [entry for _, entry in numbered])
    payers = as_texts(result.lines.select(PAYER)[findings["line"]], [PAYER])
    findings = findings.hstack(payers)
    parts = [pl.DataFrame(schema=_JUDGED)]
    for place, entry in numbered:
        rows = findings.filter(rule=entry.rule, payer_label=entry.payer.strip().lower())
        changed = {
            number: policy_change(decision)
            for number in rows["decision"].unique().to_list()
            if policy_text(decision := _decision_of(result, number)) not in entry.policy
        }
        worse = pl.lit(f"now {SEVERITIES[0]}")
        other = pl.col("decision").replace_strict(changed, default="", return_dtype=pl.String)
        why = pl.when(pl.col("severity") < _SEVERITY[entry.severity]).then(worse).otherwise(other)
        if _is_over(entry, result):
            why = pl.lit(f"ended {entry.until}")
        parts.append(rows.select(pl.lit(place, pl.UInt32).alias("entry"), "finding", why=why))
    return pl.concat(parts)


_SEVERITY = {severity.value: number for number, severity in enumerate(SEVERITIES)}


def _decision_of(result: Result, number: int | None) -> Decision | None:
    """The policy's decision that a finding rests on, by its number; None where it rests on none."""
    return None if number is None else result.decisions[number]


def _single(result: Result, entries: Sequence[Entry], secret: Secret | None) -> pl.DataFrame:
    """The findings of entries for one finding each, as `_JUDGED`."""
    pairs = _same_key(result, entries)
    rows: list[tuple[int, int, str]] = []
    for (code,), some in pairs.partition_by("rule", as_dict=True).items():
        rule = next(rule for rule in result.rules if rule.code == code)
        values = line_values(result, rule, some["line"]).iter_rows(named=True)
        for row, of_line in zip(some.iter_rows(named=True), values, strict=True):
            entry = entries[row["entry"]]
            if secret is None or secret.mark != entry.key:
                why = OTHER_KEY
            elif entry.person != _person_digest(result, secret, row["line"]):
                continue  # another person has a claim of this number
            else:
                why = _changes(entry, secret, of_line, _decision_of(result, row["decision"]))
            if _is_over(entry, result):
                why = f"ended {entry.until}"
            rows.append((row["entry"], row["finding"], why))
    return pl.DataFrame(rows, schema=_JUDGED, orient="row")


def _same_key(result: Result, entries: Sequence[Entry]) -> pl.DataFrame:
    """`entry, finding, line, rule, decision` where a finding has the key of an entry."""
    single = [(number, entry) for number, entry in enumerate(entries) if not entry.is_standing]
    wanted = pl.DataFrame(
        [
            (n, e.payer.strip().lower(), e.claim, e.line, e.code, e.date, e.rule, e.billing_npi)
            for n, e in single
        ],
        schema={"entry": pl.UInt32, **dict.fromkeys((*KEY, "billing_npi"), pl.String)},
        orient="row",
    )
    findings = _findings_of(result, [entry for _, entry in single])
    claim = pl.lit(result.lines["claim_id"].fill_null("").str.strip_chars())
    is_near = claim.gather("line").is_in(wanted["claim_id"].unique().implode())
    near = findings.filter(is_near)
    keyed = _keys_of_lines(result, near["line"]).hstack(
        near.select("rule", "finding", "line", "decision")
    )
    return keyed.join(wanted, on=[*KEY, "billing_npi"]).sort("entry", "finding")


def _keys_of_lines(result: Result, lines: pl.Series) -> pl.DataFrame:
    """`ON_LINE` and `billing_npi` of some lines, by number, as texts."""
    has_npi = "billing_npi" in result.lines.columns
    npi = (pl.col("billing_npi") if has_npi else pl.lit("")).cast(pl.String).alias("billing_npi")
    return as_texts(result.lines.select(*ON_LINE, npi)[lines], (*ON_LINE, "billing_npi"))


def _person_digest(result: Result, secret: Secret, line: int) -> str:
    """The digest of the person of a line; blank where the claim names none."""
    has_people = "person_id" in result.lines.columns
    person = result.lines["person_id"][line] if has_people else None
    return secret.digest("person", str(person).strip()) if person else ""


def _changes(
    entry: Entry, secret: Secret, values: Mapping[str, str], decision: Decision | None
) -> str:
    """What has changed since the entry was given, in words; blank where nothing has."""
    changed = [
        name
        for name, text in values.items()
        if name in entry.values and secret.digest(name, text) != entry.values[name]
    ]
    texts = [f"{', '.join(changed)} changed"] if changed else []
    if policy_text(decision) not in entry.policy:
        texts.append(policy_change(decision))
    return "; ".join(texts)


@frozen(kw_only=True)
class Acceptance:
    """Why findings are accepted, by whom, and until when."""

    reason: str
    by: str
    accepted: date
    until: date


def single_entries(
    result: Result, findings: pl.DataFrame, acceptance: Acceptance, secret: Secret
) -> Iterator[Entry]:
    """An entry for each of some findings of the result."""
    for (number,), some in findings.partition_by("rule", as_dict=True, maintain_order=True).items():
        rule = result.rules[int(number)]
        values = line_values(result, rule, some["line"]).iter_rows(named=True)
        keys = _keys_of_lines(result, some["line"]).iter_rows(named=True)
        payers = result.lines[PAYER].cast(pl.String)[some["line"]]
        for row, of_line, key, payer in zip(
            some.iter_rows(named=True), values, keys, payers, strict=True
        ):
            yield Entry(
                rule=rule.code,
                payer=payer,
                claim=key["claim_id"],
                line=key["claim_line_number"],
                code=key["hcpcs_code"],
                date=key["claim_line_start_date"],
                billing_npi=key["billing_npi"],
                person=_person_digest(result, secret, row["line"]),
                severity=SEVERITIES[row["severity"]].value,
                policy=(policy_text(_decision_of(result, row["decision"])),),
                values={name: secret.digest(name, text) for name, text in of_line.items()},
                key=secret.mark,
                **asdict(acceptance),
            )


def standing_entries(
    result: Result, findings: pl.DataFrame, acceptance: Acceptance
) -> Iterator[Entry]:
    """An entry for each rule and payer of some findings of the result."""
    payers = result.lines.select(pl.col(PAYER).cast(pl.String))[findings["line"]]
    for (number, payer), some in (
        findings.hstack(payers)
        .partition_by("rule", PAYER, as_dict=True, maintain_order=True)
        .items()
    ):
        decisions = some["decision"].unique().sort().to_list()
        yield Entry(
            rule=result.rules[int(number)].code,
            payer=str(payer),
            severity=SEVERITIES[min(some["severity"].to_list())].value,
            policy=tuple(sorted({policy_text(_decision_of(result, each)) for each in decisions})),
            **asdict(acceptance),
        )
