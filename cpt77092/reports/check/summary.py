"""How a batch stands, in short texts that the terminal, concise, HTML and Excel reports share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from shlex import quote
from typing import Any

from cpt77092.engine import Result
from cpt77092.facts.diagnoses import OTHER_YEAR
from cpt77092.findings import Totals
from cpt77092.findings.totals import Question
from cpt77092.findings.unchecked import without_code
from cpt77092.followup.outcome import State
from cpt77092.policies.national_tables import DIAGNOSES
from cpt77092.reports.check import at_risk
from cpt77092.rule import Severity
from cpt77092.text import count, dollars, gathered, safe

REASONS_SHOWN = 6
NAMES_SHOWN = 5


def headline(totals: Totals) -> str:
    """The first line: may this batch be submitted, and what is at stake?"""
    return " ".join(headline_sentences(totals))


def headline_sentences(totals: Totals) -> list[str]:
    """The sentences of the first line, the verdict first."""
    clauses = (
        verdict(totals),
        stakes(totals),
        accepted(totals),
        changes(totals),
        *columns(totals),
    )
    return [f"{clause}." for clause in clauses if clause]


def verdict(totals: Totals) -> str:
    """May this batch be submitted? Without its full stop."""
    rows = count(totals.tally.rows, "row")
    checked = count(totals.checked_lines, "checked line")
    if totals.error_lines:
        counts = [(totals.denied_lines, "would be denied"), (totals.unjudged_lines, _UNJUDGED)]
        number, *rest = [(n, what) for n, what in counts if n]
        others = "".join(f", {n:,} {what}" for n, what in rest)
        return f"Do not submit yet: {number[0]:,} of {checked} {number[1]}{others}"
    if reason := _unchecked(totals):
        return f"Not everything was checked: {reason}"
    if totals.doubtful_files:
        return (
            f"Lines may be missing: {count(totals.doubtful_files, 'damaged file')} read with "
            f"--lenient"
        )
    if totals.tally.rows == totals.tally.no_code + totals.tally.not_data:
        return f"Nothing could be checked: none of {rows} has a procedure code"
    if not totals.checked_lines:
        return f"No trabecular bone score or bone-density line in {rows}"
    errors = count(totals.accepted_errors, "error")
    if totals.warning_lines:
        expected = f"{errors} accepted and no other" if totals.accepted_errors else _NO_DENIALS
        return f"{expected}, but review {totals.warning_lines:,} of {checked} before you submit"
    if totals.accepted_errors:
        return f"{errors} accepted and no other on {checked}"
    return f"{_CLEAN} on {checked}"


def _unchecked(totals: Totals) -> str:
    """What was not checked; blank where all of it was, or where other words say more."""
    if unread_parts := unread(totals):
        return f"{unread_parts} could not be read"
    if rows := ", ".join(without_code(totals)):
        return rows
    lacks = [gap.lack or "a header is in question" for gap in totals.gaps if gap.exits_2]
    return ", ".join(dict.fromkeys(lacks))


_UNJUDGED = "cannot be judged"
_NO_DENIALS = "No denials expected"
_CLEAN = "No errors in the edits that ran"


def is_clean(totals: Totals) -> bool:
    """Whether all was read and no error or warning was found."""
    return verdict(totals).startswith(_CLEAN)


def stakes(totals: Totals) -> str:
    """The money at risk, without its full stop; blank where no line has an error."""
    return at_risk.stakes(totals.at_risk) if totals.error_lines else ""


def accepted(totals: Totals) -> str:
    """`Accepted: 2 errors on 2 lines, $165.00 charged (MO012 1, PO004 1)`; blank if nothing is."""
    if totals.accepted is None or not totals.accepted.findings:
        return ""
    of_rules = [f"{rule} {number:,}" for rule, number in totals.accepted.by_rule]
    numbers = [count(n, severity) for severity, n in totals.accepted.by_severity.items() if n]
    money = totals.accepted.money
    lines = count(money.lines, "line")
    return (
        f"Accepted: {', '.join(numbers)} on {lines}, {at_risk.charged(money)} "
        f"({_first(of_rules, 'rule')})"
    )


def decisions(totals: Totals, *, verbose: bool = True) -> list[str]:
    """The decisions on file that do not hold any more, and those that match nothing here."""
    if totals.accepted is None:
        return []
    over, unmatched = [], []
    for outcome in totals.accepted.outcomes:
        name = safe(outcome.entry.name)
        if outcome.state is State.UNMATCHED:
            unmatched.append(name)
        elif outcome.state in (State.EXPIRED, State.LAPSED):
            back = f", {count(outcome.findings, 'finding')} back on the list"
            over.append(f"{name}: {safe(outcome.why)}{back if outcome.findings else ''}")
    most = None if verbose else NAMES_SHOWN
    texts = [f"No longer accepted: {text}." for text in over[:most]]
    if len(texts) < len(over):
        texts.append(f"No longer accepted: {len(over) - len(texts):,} more; -v lists all.")
    if unmatched:
        names = ", ".join(unmatched) if verbose else _first(unmatched, "other")
        texts.append(f"Accepted, but no such finding here: {names}.")
    return texts


_STATUSES = {
    "new": "new",
    "open": "still open",
    "fixed": "fixed",
    "accepted": "accepted since",
    "unchecked": "could not be checked this time",
    "gone": "not in this batch",
}
"""What became of findings since a former report, in words."""


def changes(totals: Totals) -> str:
    """`Since old.json: 2 new, 22 still open, 5 fixed`: findings by status; blank without --since.

    Infos and questions, which are not worked claim by claim, are left out.
    """
    if totals.since is None:
        return ""
    counts = [f"{group.findings:,} {_STATUSES[group.status]}" for group in totals.since.groups]
    return f"Since {safe(totals.since.former.file)}: {', '.join(counts) or 'nothing to work on'}"


def in_words(status: str) -> str:
    """`Still open`: a status of `findings.since`, as a title."""
    return _STATUSES[status].capitalize()


def since(totals: Totals, *, verbose: bool = True) -> list[str]:
    """What became of findings since a former report, one text per status with its claims."""
    if totals.since is None:
        return []
    texts = []
    for group in totals.since.groups:
        rows = totals.since.by_claim.filter(status=group.status)
        shown = rows if verbose else rows.head(NAMES_SHOWN)
        claims = [claim_since(row) for row in shown.iter_rows(named=True)]
        more = rows.height - shown.height
        claims += [f"and {count(more, 'more claim')}"] if more else []
        what, number = count(group.findings, "finding"), count(group.claims, "claim")
        texts.append(
            f"{in_words(group.status)}: {what} on {number}, {dollars(group.charges)} charged: "
            f"{'; '.join(claims)}."
        )
    return [*texts, *since_doubts(totals)]


def exit_reason(totals: Totals, code: int, why: str) -> str:
    """`Exit code 0: no new finding ..., 22 old errors left out (--only-new).`; blank otherwise."""
    is_narrowed = totals.since is not None and "--only-new" in why
    return f"Exit code {code}: {why}." if is_narrowed else ""


def since_doubts(totals: Totals) -> list[str]:
    """What a comparison with a former report cannot tell."""
    texts, compared = [], totals.since
    if compared is not None and not compared.former.is_verified:
        name = safe(compared.former.file)
        texts.append(
            f"{name} is CSV, so nothing shows whether it was changed, or which policies it is on."
        )
    if compared is not None and compared.not_compared:
        lines = count(compared.not_compared, "former finding")
        texts.append(f"Not compared: {lines} of rules that did not run this time.")
    return texts


def claim_since(row: Mapping[str, Any]) -> str:
    """`A-1009 MO012 $120.00`, of a row of `findings.schema.SINCE`."""
    amount = "" if row["charges"] is None else f" {dollars(row['charges'])}"
    return f"{safe(row['claim_id'] or 'no claim id')} {row['rules']}{amount}"


def since_title(totals: Totals) -> str:
    """`Since old.json (as of 2026-11-22)`; blank without --since."""
    if totals.since is None:
        return ""
    day = f" (as of {totals.since.former.as_of})" if totals.since.former.as_of else ""
    return f"Since {safe(totals.since.former.file)}{day}"


def columns(totals: Totals) -> list[str]:
    """What the columns and payers leave unchecked or in question, without full stops."""
    missing = [gap.text for gap in totals.gaps if gap.lack]
    clauses = [f"Did not run: {'; '.join(missing)}"] if missing else []
    clauses += [gap.text for gap in totals.gaps if not gap.lack]
    if totals.unjudged:
        clauses.append(f"Not judged on modifier 26: {unjudged(totals)}")
    return [safe(clause) for clause in clauses]


def unjudged(totals: Totals, *, is_named: bool = True) -> str:
    """`3 lines with 77092 of unrecognized payers (Acme 2, Zed 1)`; a log does not name them."""
    lines = count(sum(number for _, number in totals.unjudged), "line")
    if not is_named:
        return f"{lines} with 77092 of unrecognized payers"
    payers = _first([f"{safe(payer)} {number:,}" for payer, number in totals.unjudged], "payer")
    return f"{lines} with 77092 of unrecognized payers ({payers})"


def answers(totals: Totals) -> list[str]:
    """What to type about each column without which the batch is not clean."""
    return [f"For {g.lack}: {g.answer}." for g in totals.gaps if g.exits_2 and g.answer]


def unread(totals: Totals) -> str:
    """`1 file and 3 rows`: what could not be read; blank where all could."""
    rejected = totals.tally.rejected + totals.history_rejected
    parts = [(totals.unreadable_files, "file"), (rejected, "row")]
    return " and ".join(count(number, what) for number, what in parts if number)


def money_at_risk(totals: Totals, *, verbose: bool) -> list[str]:
    """Money at risk by payer, where there is more than one, and by rule where all is shown."""
    notes = []
    payers = [
        f"{safe(label)} {at_risk.figures(money)}" for _, label, money in totals.at_risk_by_payer
    ]
    if len(payers) > 1:
        notes.append(f"At risk by payer: {_first(payers, 'payer', '; ')}.")
    if verbose and totals.at_risk_by_rule:
        rules = "; ".join(money_by_rule(totals))
        notes.append(f"At risk by rule (a line counts under each of its rules): {rules}.")
    return notes


def money_by_rule(totals: Totals) -> list[str]:
    """`MO001 3 lines, $135.00 charged, $30.06 expected`; a line counts under each of its rules."""
    return [f"{code} {at_risk.figures(money)}" for code, money in totals.at_risk_by_rule]


def rework(totals: Totals) -> list[str]:
    """How many lines pay for their rework, where the user gave its cost and lines have errors."""
    work = totals.rework
    if work is None or not work.lines:
        return []
    unknown = f"; expected payment unknown for {work.unknown:,}" if work.unknown else ""
    return [
        f"At {dollars(work.cost)} to rework a line, {work.worth_it:,} of "
        f"{count(work.lines, 'line')} with errors would pay more than that, "
        f"{work.not_worth_it:,} would not{unknown}."
    ]


def notes(result: Result, totals: Totals, *, verbose: bool = False) -> list[str]:
    """What follows the findings: counts, money, what was not checked, what to do next."""
    return [
        *([] if verbose else [f"Ask once: {text}" for text in questions(totals)]),
        *([] if verbose else infos(result, totals)),
        *money_at_risk(totals, verbose=verbose),
        *(f"{since_title(totals)}: {text}" for text in since(totals, verbose=verbose)),
        *decisions(totals, verbose=verbose),
        *rework(totals),
        *unreadable(result),
        conservation(totals),
        *rejects(result),
        *doubts(result),
        *(f"Note: {safe(note)}." for note in result.batch.notes),
        *history(result),
        *commonest(result),
        *_open(result, totals, verbose=verbose),
        basis(result),
        *following(result, totals),
    ]


def _open(result: Result, totals: Totals, *, verbose: bool) -> list[str]:
    """What was not checked: each reason, or what the user can change and how much else there is."""
    if verbose:
        files = [f"Needs you: {text}" for text in files_to_get(result, totals)]
        return [*answers(totals), *not_checked(result, totals), *files]
    texts, others = needs(result, totals)
    return [*(f"Needs you: {text}" for text in texts), *filter(None, [others])]


def basis(result: Result) -> str:
    """The as-of date and the policies."""
    locality = result.policies.locality
    fees = f" Medicare fees of {safe(locality)}." if locality else ""
    return f"As of {result.as_of}. Policies: {', '.join(result.policies.origin)}.{fees}"


def following(result: Result, totals: Totals) -> list[str]:
    """The next command: the page of the rule with the worst and then the most findings."""
    if not totals.by_rule:
        return []
    first = min(totals.by_rule, key=lambda row: (list(Severity).index(row[1]), -row[2]))
    is_own = any(rule.code == first[0] for rule in result.policies.rules)
    folder = f" --policies {quote(result.policies.origin[-1])}" if is_own else ""
    return [f"Next: scrub explain {first[0]}{folder}"]


def questions(totals: Totals) -> list[str]:
    """`Aetna: no published rule ... 2 lines without 26, 1 with 26, $90.00 (MO003 MO015).`."""
    return [
        f"{safe(one.payer)}: {one.text}. {_asked_of(one)}, {dollars(one.charges)} "
        f"({' '.join(one.rules)})."
        for one in totals.questions
    ]


def _asked_of(question: Question) -> str:
    """`2 lines without 26, 1 with 26`."""
    (what, number), *others = question.by_rule
    first = f"{count(number, 'line')} {what}".rstrip()
    return ", ".join([first, *(f"{number:,} {what}" for what, number in others)])


def infos(result: Result, totals: Totals) -> list[str]:
    """Findings of severity info that are no question, one line per rule with its payers."""
    titles = {rule.code: rule.title for rule in result.rules}
    by_rule = gathered(
        (code, f"{safe(payer)} {number:,}") for code, payer, number in totals.infos_by_payer
    )
    return [
        f"Info {code} {titles[code][0].lower()}{titles[code][1:]}: {_first(payers, 'payer')}."
        for code, payers in by_rule.items()
    ]


def conservation(totals: Totals) -> str:
    """Every row accounted for, and how many findings there are of each severity."""
    return f"{row_counts(totals)} {severity_counts(totals)}."


def severity_counts(totals: Totals) -> str:
    """`23 errors, 9 warnings, 60 infos`."""
    return ", ".join(count(totals.by_severity[severity], severity.value) for severity in Severity)


def row_counts(totals: Totals) -> str:
    """Every row accounted for: `46 rows = 43 checked + 3 other codes.`."""
    tally = totals.tally
    parts = [
        (totals.checked_lines, "checked", ""),
        (totals.partner_lines, "partner code", "partner codes"),
        (tally.out_of_scope, "other code", "other codes"),
        (tally.no_code, "without a code", ""),
        (tally.not_data, "not data", ""),
        (tally.rejected, "rejected", ""),
    ]
    terms = " + ".join(count(number, one, many or one) for number, one, many in parts if number)
    return f"{count(tally.rows, 'row')} = {terms or 0}."


def history(result: Result) -> list[str]:
    """What earlier claims were looked at, and what stretch of time they cover."""
    past = result.history
    if past is None:
        return []
    skipped = [f"History skipped, since it is checked here: {safe(name)}." for name in past.ignored]
    if not past.files:
        return [*skipped, "History: no other file was given."]
    covered = "no readable dates of service"
    if past.covered.first_day is not None:
        covered = f"dates of service {past.covered.covers()}"
    return [
        *skipped,
        f"History: {count(past.tally.rows, 'row')} in {count(len(past.files), 'file')}, {covered}; "
        f"{count(past.tally.lines, 'line')} of this batch's patients and claims.",
        *(f"Not compared in history: {safe(note)}." for note in past.tally.notes),
        *history_rejects(result),
        *(
            f"Read with --lenient in history, lines may be missing: {safe(file)}:{safe(fault)}."
            for file, faults in past.faults.items()
            for fault in faults
        ),
    ]


def history_rejects(result: Result) -> list[str]:
    """Rows of earlier claims that could not be read, with file, row and reason."""
    if result.history is None:
        return []
    rows = result.history.rejects
    places = (
        (f"{safe(file)}:{row}", reason)
        for file, row, reason in rows.head(REASONS_SHOWN).iter_rows()
    )
    return _rejected("Rejected in history", places, rows.height)


def unreadable(result: Result) -> list[str]:
    """Files that could not be read, among others that could."""
    return [f"Not read: {safe(problem)}" for problem in result.batch.unreadable]


def doubts(result: Result) -> list[str]:
    """What is wrong with files that were read all the same."""
    return [
        f"Read with --lenient, lines may be missing: {safe(fault)}."
        for fault in result.batch.faults
    ]


def reading(result: Result) -> list[str]:
    """What could not be read, and what history was looked at."""
    return [*unreadable(result), *rejects(result), *doubts(result), *history(result)]


def commonest(result: Result) -> list[str]:
    """The batch's most common codes, where none of its codes is checked."""
    if not result.batch.commonest_codes:
        return []
    codes = ", ".join(f"{safe(code)} ({n:,})" for code, n in result.batch.commonest_codes)
    return [f"Most common codes: {codes}."]


def unchecked(result: Result, why: str) -> str:
    """Why not all could be checked, with the first such place, for a quiet run."""
    first = [*rejects(result), *history_rejects(result), *doubts(result)][:1]
    return ". ".join([why, *first])


def rejects(result: Result) -> list[str]:
    """Rows that could not be read, with file, row and reason."""
    rows = result.batch.rejects
    places = (
        (f"{safe(result.batch.scans[source].path)}:{line}", reason)
        for source, _, line, reason, _ in rows.head(REASONS_SHOWN).iter_rows()
    )
    return _rejected("Rejected", places, rows.height)


def _rejected(what: str, places: Iterable[tuple[str, str]], number: int) -> list[str]:
    shown = [f"{what} {place}: {reason}" for place, reason in places]
    more = number - len(shown)
    return [*shown, f"{what}: {count(more, 'row')} more"] if more > 0 else shown


def needs(result: Result, totals: Totals) -> tuple[list[str], str]:
    """What was not checked and the user can change; and how much else was not, blank if nothing."""
    by_reason = _by_reason(result, totals)
    columns = {
        reason.removeprefix("no ").removesuffix(" column"): by_reason.pop(reason)
        for reason in sorted(by_reason)
        if reason.startswith("no ") and reason.endswith(" column")
    }
    texts = answers(totals)
    reasons = sorted((reason for reason in by_reason if "--history" in reason), key=len)
    if reasons:
        some = [by_reason.pop(reason) for reason in reasons]
        rules = sorted({rule for each in some for rule in each})
        lines = count(max(map(_most, some)), "line")
        texts.append(f"{', '.join(rules)} not checked on {lines}: {safe(reasons[0])}.")
    texts += files_to_get(result, totals)
    if totals.diagnosis_years:
        by_reason.pop(OTHER_YEAR, None)  # said with the files to get
    if columns:
        missing = ", ".join(f"{name} ({', '.join(rules)})" for name, rules in columns.items())
        texts.append(f"No column for {missing}: use --map if a file has one.")
    if not by_reason:
        return texts, ""
    number = count(len({rule for rules in by_reason.values() for rule in rules}), "rule")
    why = count(len(by_reason), "other reason")
    return texts, f"Not checked: {number} on some lines, for {why}; -v lists all."


def files_to_get(result: Result, totals: Totals) -> list[str]:
    """Which files to get from CMS where tables on file end before lines, and how to take them."""
    files = [one.table.file(one.last_service) for one in totals.outdated]
    years = [f"{year}" for year in totals.diagnosis_years]
    if years:
        lists = DIAGNOSES.file(date(totals.diagnosis_years[0], 1, 1))
        files.append(lists if len(years) == 1 else lists.replace(years[0], "YYYY"))
    if not files:
        return []
    ends = gathered((one.last_day, one.table.title) for one in totals.outdated)
    tables = [f"{', '.join(titles)} end {day}" for day, titles in sorted(ends.items())]
    unlisted = [lines for _, reason, _, lines in totals.not_checked if reason == OTHER_YEAR]
    if years:
        tables.append(f"no ICD-10-CM list for FY {', '.join(years)}")
    lines = count(max([sum(unlisted), *(one.lines for one in totals.outdated)]), "line")
    why = f"Out of date for {lines}: {'; '.join(tables)}"
    return [f"{why}. From cms.gov: {', '.join(files)}; then: {_import_command(result)}"]


def _import_command(result: Result) -> str:
    folder = result.policies.origin[-1] if len(result.policies.origin) > 1 else "FOLDER"
    return f"scrub policies import FILES --policies {safe(folder)}"


def not_checked(result: Result, totals: Totals) -> list[str]:
    """Why rules could not be checked: one text per reason, with the rules and their lines."""
    ranked = sorted(_by_reason(result, totals).items(), key=lambda item: (-_most(item[1]), item[0]))
    return [f"Not checked: {_rules_and_lines(rules)}: {safe(reason)}." for reason, rules in ranked]


def _by_reason(result: Result, totals: Totals) -> dict[str, dict[str, Counter[str]]]:
    """For each reason the rules, and for each rule the payers and their lines."""
    by_reason: dict[str, dict[str, Counter[str]]] = {}
    for rule, reason, payer, lines in totals.not_checked:
        rules = by_reason.setdefault(reason, {})
        rules.setdefault(rule, Counter())[result.policies[payer].label] += lines
    return by_reason


def _most(rules: Mapping[str, Counter[str]]) -> int:
    return max(payers.total() for payers in rules.values())


def _rules_and_lines(rules: Mapping[str, Counter[str]]) -> str:
    """`MO001, MO004 on 3 lines (Aetna 2, Cigna 1); UN001 on 1 line (Aetna)`."""
    same = gathered((tuple(payers.most_common()), rule) for rule, payers in rules.items())
    return "; ".join(
        f"{', '.join(sorted(codes))} on {count(sum(n for _, n in payers), 'line')} "
        f"({_payers(payers)})"
        for payers, codes in sorted(same.items(), key=lambda item: item[1])
    )


def _payers(payers: Sequence[tuple[str, int]]) -> str:
    if len(payers) == 1:
        return payers[0][0]
    return _first([f"{label} {number:,}" for label, number in payers], "payer")


def _first(names: Sequence[str], what: str, between: str = ", ") -> str:
    """The first few names, and how many more there are."""
    more = len(names) - NAMES_SHOWN
    shown = between.join(names[:NAMES_SHOWN])
    last = "; and " if between == "; " else " and "
    return f"{shown}{last}{count(more, f'more {what}')}" if more > 0 else shown
