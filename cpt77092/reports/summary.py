"""The few sentences that say how a batch stands, shared by the table and the concise report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from cpt77092.engine import Result
from cpt77092.findings import Totals
from cpt77092.reports.text import count, dollars, safe
from cpt77092.rule import Severity

REASONS_SHOWN = 6
NAMES_SHOWN = 5


def headline(totals: Totals) -> str:
    """The first line: may this batch be submitted?"""
    tally = totals.tally
    if tally.rejected and not totals.error_lines:
        return f"Not all of it was checked: {count(tally.rejected, 'row')} could not be read."
    if tally.rows == tally.no_code + tally.not_data:
        return f"Nothing could be checked: none of {count(tally.rows, 'row')} has a procedure code."
    if not totals.checked_lines:
        return f"No trabecular bone score or bone-density line among {count(tally.rows, 'row')}."
    checked = count(totals.checked_lines, "checked line")
    if totals.error_lines:
        return (
            f"Do not submit yet: {totals.error_lines:,} of {checked} would be denied. "
            f"{_charged(totals)}; {_expected(totals)}."
        )
    if totals.warning_lines:
        return (
            f"No denial expected, but look at {totals.warning_lines:,} of {checked} "
            f"before you submit."
        )
    return f"Nothing wrong found on {checked}."


def _charged(totals: Totals) -> str:
    known, lines = totals.at_risk_charges_known, totals.error_lines
    if not known:
        return "Charges at risk not available"
    of_all = "" if known == lines else f" (known for {known:,} of {lines:,})"
    return f"{dollars(totals.at_risk)} charged at risk{of_all}"


def _expected(totals: Totals) -> str:
    if not totals.expected_known:
        return "expected payment not available (no fee on file)"
    return (
        f"expected payment {dollars(totals.expected)}, "
        f"known for {totals.expected_known:,} of {totals.error_lines:,}"
    )


def sentences(result: Result, totals: Totals, *, verbose: bool = False) -> list[str]:
    """What follows the findings: counts, conservation, what was not checked, what to do next."""
    lines: list[str] = []
    if not verbose:
        lines += infos(result, totals)
    lines.append(conservation(totals))
    lines += rejects(result)
    if result.batch.commonest_codes:
        codes = ", ".join(f"{safe(code)} ({n:,})" for code, n in result.batch.commonest_codes)
        lines.append(f"Commonest codes in it: {codes}.")
    lines += not_checked(result, totals, verbose=verbose)
    lines.append(f"As of {result.as_of}. Policies: {', '.join(result.policies.origin)}.")
    if totals.by_rule:
        first = min(totals.by_rule, key=lambda row: (list(Severity).index(row[1]), -row[2]))
        lines.append(f"Next: scrub explain {first[0]}")
    return lines


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
    tally = totals.tally
    parts = [
        (totals.checked_lines, "checked"),
        (totals.partner_lines, "partner codes"),
        (tally.out_of_scope, "other codes"),
        (tally.no_code, "without a code"),
        (tally.not_data, "not data"),
        (tally.rejected, "rejected"),
    ]
    rows = " + ".join(f"{number:,} {what}" for number, what in parts if number)
    found = ", ".join(count(totals.by_severity[severity], severity.value) for severity in Severity)
    return f"{count(tally.rows, 'row')} = {rows or 0}. {found}."


def rejects(result: Result) -> list[str]:
    """Rows that could not be read, with file, row and reason."""
    rows = result.batch.rejects
    shown = [
        f"Rejected {safe(result.batch.scans[source].path)}:{row}: {reason}"
        for source, row, reason in rows.head(REASONS_SHOWN).iter_rows()
    ]
    more = rows.height - len(shown)
    return [*shown, f"Rejected: {count(more, 'row')} more"] if more > 0 else shown


def not_checked(result: Result, totals: Totals, *, verbose: bool) -> list[str]:
    """Why rules could not be checked: one sentence per reason, with the rules and their lines."""
    by_reason: dict[str, dict[str, Counter[str]]] = {}
    for rule, reason, payer, lines in totals.not_checked:
        rules = by_reason.setdefault(reason, {})
        rules.setdefault(rule, Counter())[result.policies[payer].label] += lines
    ranked = sorted(by_reason.items(), key=lambda item: (-_most(item[1]), item[0]))
    shown = ranked if verbose else ranked[:REASONS_SHOWN]
    told = [f"Not checked: {_rules_and_lines(rules)}: {safe(reason)}." for reason, rules in shown]
    more = len(ranked) - len(shown)
    return [*told, f"Not checked for {count(more, 'more reason')}; -v shows all."] if more else told


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


def _first(names: Sequence[str], what: str) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - NAMES_SHOWN
    shown = ", ".join(names[:NAMES_SHOWN])
    return f"{shown} and {count(more, f'more {what}')}" if more > 0 else shown
