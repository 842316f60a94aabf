"""The few sentences that say how a batch stands, shared by the table and the concise report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from cpt77092.engine import Result
from cpt77092.findings import AtRisk, Totals
from cpt77092.policies import NO_RULE_FOUND
from cpt77092.rule import Severity
from cpt77092.text import count, dollars, safe

REASONS_SHOWN = 6
NAMES_SHOWN = 5


def headline(totals: Totals) -> str:
    """The first line: may this batch be submitted, and what is at stake?"""
    told = stakes(totals)
    return f"{verdict(totals)}. {told}." if told else f"{verdict(totals)}."


def verdict(totals: Totals) -> str:
    """May this batch be submitted? Without its full stop."""
    tally = totals.tally
    lost = unread(totals)
    if lost and not totals.error_lines:
        return f"Not all of it was checked: {lost} could not be read"
    if totals.doubtful_files and not totals.error_lines:
        return (
            f"Not sure that all of it is here: {count(totals.doubtful_files, 'file')} read on "
            f"with --lenient"
        )
    if tally.rows == tally.no_code + tally.not_data:
        return f"Nothing could be checked: none of {count(tally.rows, 'row')} has a procedure code"
    if not totals.checked_lines:
        return f"No trabecular bone score or bone-density line in {count(tally.rows, 'row')}"
    checked = count(totals.checked_lines, "checked line")
    if totals.error_lines:
        return f"Do not submit yet: {totals.error_lines:,} of {checked} would be denied"
    if totals.warning_lines:
        return (
            f"No denial expected, but look at {totals.warning_lines:,} of {checked} "
            f"before you submit"
        )
    return f"Nothing wrong found on {checked}"


def stakes(totals: Totals) -> str:
    """The money at risk, without its full stop; blank where no line has an error."""
    money = totals.at_risk
    return f"{_charged(money)}; {_expected(money)}" if totals.error_lines else ""


def unread(totals: Totals) -> str:
    """`1 file and 3 rows`: what could not be read; blank where all could."""
    rejected = totals.tally.rejected + totals.history_rejected
    parts = [(totals.unreadable_files, "file"), (rejected, "row")]
    return " and ".join(count(number, what) for number, what in parts if number)


def _charged(money: AtRisk) -> str:
    if not money.charges_known:
        return "Charges at risk not available"
    return f"{dollars(money.charges)} charged at risk{_of_all(money.charges_known, money)}"


def _expected(money: AtRisk) -> str:
    if not money.expected_known:
        return "expected payment not available (no fee on file)"
    return (
        f"expected payment {dollars(money.expected)}, "
        f"known for {money.expected_known:,} of {money.lines:,}"
    )


def _of_all(known: int, money: AtRisk) -> str:
    return "" if known == money.lines else f" (known for {known:,} of {money.lines:,})"


def at_risk(totals: Totals, *, verbose: bool) -> list[str]:
    """Whose money is at risk, where more than one payer's is; by which rules, if all is told."""
    told = []
    payers = [f"{safe(label)} {_briefly(money)}" for _, label, money in totals.at_risk_by_payer]
    if len(payers) > 1:
        told.append(f"At risk by payer: {_first(payers, 'payer', '; ')}.")
    if verbose and totals.at_risk_by_rule:
        rules = "; ".join(at_risk_by_rule(totals))
        told.append(f"At risk by rule (a line stands under each of its rules): {rules}.")
    return told


def at_risk_by_rule(totals: Totals) -> list[str]:
    """`MO001 3 lines, $135.00 charged, $30.06 expected`; a line stands under each of its rules."""
    return [f"{code} {_briefly(money)}" for code, money in totals.at_risk_by_rule]


def _briefly(money: AtRisk) -> str:
    """`3 lines, $135.00 charged, $30.06 expected (known for 2 of 3)`."""
    charged = "charge not available"
    if money.charges_known:
        charged = f"{dollars(money.charges)} charged{_of_all(money.charges_known, money)}"
    expected = "payment not available"
    if money.expected_known:
        expected = f"{dollars(money.expected)} expected{_of_all(money.expected_known, money)}"
    return f"{count(money.lines, 'line')}, {charged}, {expected}"


def rework(totals: Totals) -> list[str]:
    """Which lines are worth mending, where the user said what mending costs."""
    work = totals.rework
    if work is None or not work.lines:
        return []
    worth = "is worth it" if work.worth_it == 1 else "are worth it"
    parts = [
        f"{work.worth_it:,} of {count(work.lines, 'line')} to mend {worth} "
        f"(expected payment above it)",
        f"{work.not_worth_it:,} {'is' if work.not_worth_it == 1 else 'are'} not",
        f"of {work.unknown:,} the payment is not known" if work.unknown else "",
    ]
    return [f"At {dollars(work.cost)} of rework a line, {', '.join(filter(None, parts))}."]


def sentences(result: Result, totals: Totals, *, verbose: bool = False) -> list[str]:
    """What follows the findings: counts, conservation, what was not checked, what to do next."""
    lines: list[str] = []
    if not verbose:
        lines += infos(result, totals)
    lines += at_risk(totals, verbose=verbose)
    lines += rework(totals)
    lines += unreadable(result)
    lines.append(conservation(totals))
    lines += rejects(result)
    lines += doubts(result)
    lines += [f"Note: {safe(note)}." for note in result.batch.notes]
    lines += history(result)
    lines += commonest(result)
    lines += not_checked(result, totals, verbose=verbose)
    lines.append(basis(result))
    lines += following(totals)
    return lines


def basis(result: Result) -> str:
    """What the answer rests on."""
    return f"As of {result.as_of}. Policies: {', '.join(result.policies.origin)}."


def following(totals: Totals) -> list[str]:
    """The next command: the page of the worst rule, and of those the commonest."""
    if not totals.by_rule:
        return []
    first = min(totals.by_rule, key=lambda row: (list(Severity).index(row[1]), -row[2]))
    return [f"Next: scrub explain {first[0]}"]


def infos(result: Result, totals: Totals) -> list[str]:
    """Findings of severity info, one line per rule with its payers."""
    titles = {rule.code: rule.title for rule in result.rules}
    by_rule: dict[str, list[str]] = {}
    for code, payer, number in totals.infos_by_payer:
        by_rule.setdefault(code, []).append(f"{safe(payer)} {number:,}")
    return [
        f"Info {code} {titles[code][0].lower()}{titles[code][1:]}: {_first(payers, 'payer')}."
        for code, payers in by_rule.items()
    ]


def conservation(totals: Totals) -> str:
    """Every row accounted for, and how many findings there are of each severity."""
    found = ", ".join(count(totals.by_severity[severity], severity.value) for severity in Severity)
    return f"{row_counts(totals)} {found}."


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
    told = " + ".join(count(number, one, many or one) for number, one, many in parts if number)
    return f"{count(tally.rows, 'row')} = {told or 0}."


def history(result: Result) -> list[str]:
    """What earlier claims were looked at, and what stretch of time they cover."""
    past = result.history
    if past is None:
        return []
    told = [f"History ignored, since it is checked here: {safe(name)}." for name in past.ignored]
    if not past.files:
        return [*told, "History: no other file was given."]
    covered = "no readable service dates"
    if past.first_day is not None:
        covered = f"services of {past.first_day} to {past.last_day}"
    told.append(
        f"History: {count(past.rows, 'row')} in {count(len(past.files), 'file')}, {covered}; "
        f"{count(past.lines.height, 'line')} of this batch's patients and claims."
    )
    told += [
        f"Rejected in history {safe(file)}:{row}: {reason}"
        for file, row, reason in past.rejects.head(REASONS_SHOWN).iter_rows()
    ]
    more = past.rejects.height - REASONS_SHOWN
    if more > 0:
        told.append(f"Rejected in history: {count(more, 'row')} more")
    return told + [
        f"Read on with --lenient in history: {safe(file)}:{safe(fault)}."
        for file, faults in past.faults.items()
        for fault in faults
    ]


def unreadable(result: Result) -> list[str]:
    """Files that could not be read, among others that could."""
    return [f"Not read: {safe(problem)}" for problem in result.batch.unreadable]


def doubts(result: Result) -> list[str]:
    """What is wrong with files that were read all the same."""
    return [f"Read on with --lenient: {safe(fault)}." for fault in result.batch.faults]


def commonest(result: Result) -> list[str]:
    """What codes the batch has, where none of them is looked at."""
    if not result.batch.commonest_codes:
        return []
    codes = ", ".join(f"{safe(code)} ({n:,})" for code, n in result.batch.commonest_codes)
    return [f"Commonest codes in it: {codes}."]


def unchecked(result: Result, why: str) -> str:
    """Why not all could be checked, with the first such place: all that a quiet run tells."""
    past = [told for told in history(result) if told.startswith("Rejected")]
    first = [*rejects(result), *past, *doubts(result)][:1]
    return ". ".join([why, *first])


def rejects(result: Result) -> list[str]:
    """Rows that could not be read, with file, row and reason."""
    rows = result.batch.rejects
    shown = [
        f"Rejected {safe(result.batch.scans[source].path)}:{line}: {reason}"
        for source, _, line, reason, _ in rows.head(REASONS_SHOWN).iter_rows()
    ]
    more = rows.height - len(shown)
    return [*shown, f"Rejected: {count(more, 'row')} more"] if more > 0 else shown


def not_checked(result: Result, totals: Totals, *, verbose: bool) -> list[str]:
    """Why rules could not be checked: one sentence per reason, with the rules and their lines.

    Absent columns are one sentence together, and so is what nobody has on file: both are the same
    with every batch of an office. All is told one by one where every reason is asked for.
    """
    by_reason: dict[str, dict[str, Counter[str]]] = {}
    for rule, reason, payer, lines in totals.not_checked:
        rules = by_reason.setdefault(reason, {})
        rules.setdefault(rule, Counter())[result.policies[payer].label] += lines
    told: list[str] = []
    if not verbose:
        absent = _taken(by_reason, lambda reason: _between(reason, "no ", " column"))
        if absent:
            told.append(f"No such columns, so not checked: {_rules_of(absent)}.")
        silent = _taken(by_reason, lambda reason: _between(reason, "", NO_RULE_FOUND))
        if silent:
            told.append(f"Not on file for some payers, so not checked: {_rules_of(silent)}.")
    ranked = sorted(by_reason.items(), key=lambda item: (-_most(item[1]), item[0]))
    shown = ranked if verbose else ranked[:REASONS_SHOWN]
    told += [f"Not checked: {_rules_and_lines(rules)}: {safe(reason)}." for reason, rules in shown]
    more = len(ranked) - len(shown)
    return [*told, f"Not checked for {count(more, 'more reason')}; -v shows all."] if more else told


def _taken(
    by_reason: dict[str, dict[str, Counter[str]]], subject: Callable[[str], str]
) -> dict[str, dict[str, int]]:
    """Takes out the reasons that have a subject: by subject the rules and their lines."""
    taken: dict[str, dict[str, int]] = {}
    for reason in [reason for reason in by_reason if subject(reason)]:
        for rule, payers in by_reason.pop(reason).items():
            rules = taken.setdefault(subject(reason), {})
            rules[rule] = rules.get(rule, 0) + payers.total()
    return taken


def _between(reason: str, before: str, after: str) -> str:
    """What stands between two marks of a reason; blank where they are not there."""
    if not reason.startswith(before) or after not in reason:
        return ""
    return reason.removeprefix(before).partition(after)[0]


def _rules_of(subjects: Mapping[str, Mapping[str, int]]) -> str:
    """`coverage position (CV001, CV003 on 6 lines); prior authorization (CV002 on 31 lines)`."""
    return "; ".join(
        f"{what} ({', '.join(sorted(rules))} on {count(max(rules.values()), 'line')})"
        for what, rules in sorted(subjects.items())
    )


def _most(rules: Mapping[str, Counter[str]]) -> int:
    return max(payers.total() for payers in rules.values())


def _rules_and_lines(rules: Mapping[str, Counter[str]]) -> str:
    """`MO001, MO004 on 3 lines (Aetna 2, Cigna 1); UN001 on 1 line (Aetna)`."""
    same: dict[tuple[tuple[str, int], ...], list[str]] = {}
    for rule, payers in rules.items():
        same.setdefault(tuple(payers.most_common()), []).append(rule)
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
