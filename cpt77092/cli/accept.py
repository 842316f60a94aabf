"""`scrub accept`: leave findings as they are, with a reason and a last day."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cpt77092.cli.configured import accepted_file, request_of, settings_of
from cpt77092.cli.exits import exit_if_any
from cpt77092.cli.options import (
    DECISION,
    FOLLOWING,
    POLICIES,
    ClaimOptions,
    complete_rule,
    day_option,
    file_option,
    flag,
    option,
    payer_option,
    today,
    with_options,
)
from cpt77092.errors import UsageError
from cpt77092.frozen import frozen
from cpt77092.text import count, safe

if TYPE_CHECKING:
    import polars as pl

    from cpt77092.engine import Result
    from cpt77092.followup.entries import Entry
    from cpt77092.policies.policy import PolicySet
    from cpt77092.run import Request

SHOWN = 20
"""Findings or entries that are named; the others are counted."""


@frozen(kw_only=True)
class AcceptOptions(ClaimOptions):
    """The arguments and options of `scrub accept`."""

    claim: list[str] | None = option(
        DECISION, "Accept findings of this claim alone.", metavar="NUMBER"
    )
    line: int | None = option(DECISION, "Of this line of the claim alone.", metavar="NUMBER")
    rule: list[str] | None = option(
        DECISION,
        "Accept findings of this rule; without --claim, later ones too.",
        metavar="RULE",
        autocompletion=complete_rule,
    )
    payer: str | None = payer_option(DECISION, "Accept findings of this payer alone.")
    reason: str | None = option(DECISION, "Why; write no patient data.", metavar="TEXT")
    by: str | None = option(DECISION, "Your initials.", metavar="INITIALS")
    until: date | None = day_option(DECISION, "The last day it holds, YYYY-MM-DD.")
    check_payer: str | None = payer_option(
        POLICIES, "Check every line against this payer's policy, as --payer of scrub check does."
    )
    list_entries: bool = flag(FOLLOWING, "List what is accepted.", "--list")
    remove: bool = flag(FOLLOWING, "Remove what the options above name.", "--remove")
    ended: bool = flag(
        FOLLOWING, "With --list or --remove: entries whose last day is over.", "--ended"
    )
    accepted: str | None = file_option(
        FOLLOWING, "The file; scrub-accepted.yaml here or above if omitted."
    )

    def accept_request(self, ctx: typer.Context) -> Request:
        """The run whose findings are accepted: that of `scrub check`, with its `--payer`."""
        of_file = settings_of(ctx).options.get("payer")
        payer = self.check_payer or os.environ.get("SCRUB_PAYER") or of_file
        return replace(request_of(ctx, self), payer=None if payer is None else str(payer))


@with_options
def accept(ctx: typer.Context, options: AcceptOptions) -> None:
    """Leave findings as they are until a day, with a reason.

    Also lists and removes such decisions. Accepted findings leave the list, and every summary
    counts them with their dollars. They come back when the day is over, or when the line's values
    or the payer's policy value have changed.

    With --claim each finding gets an entry of its own; without it, an entry holds for all findings
    of the rule at the payer, those of later claims too. The entries are in scrub-accepted.yaml,
    without patient names or numbers: they hold digests, made with a key that only you can read
    (~/.config/scrub/accepted.key; whoever is to share the file needs a copy of the key).

    Exit codes: 0 done, 2 no such finding or not everything could be read.

    Example: scrub accept claims.csv --claim A-1009 --rule MO012 --reason "Our scanner" --by KL
    --until 2027-03-31
    """
    from cpt77092.reports.files import output_locks

    file = accepted_file(ctx, options.accepted)
    if options.list_entries:
        _print_entries(file, _entries(file, options), options)
        return
    ctx.with_resource(output_locks([], others=[("--accepted", file)]))
    if options.remove:
        _remove(file, options)
        return
    _require_decision(options)
    from cpt77092.run import run

    result = run(options.accept_request(ctx))
    findings = _chosen(result, options)
    _write(file, result, findings, options)
    batch = result.batch
    if batch.unreadable or batch.total.rejected:
        unread = "some rows could not be read; scrub check names them"
        exit_if_any(ctx, [*batch.unreadable, unread])


def _require_decision(options: AcceptOptions) -> None:
    """Fail before a long run where the decision is not whole."""
    if not (options.claim or options.rule):
        raise UsageError("name what to accept: --claim NUMBER, --rule RULE, or both")
    if options.line is not None and not options.claim:
        raise UsageError("--line: name its claim with --claim")
    given = {"--reason": options.reason, "--by": options.by, "--until": options.until}
    if missing := [name for name, value in given.items() if not value]:
        raise UsageError(f"{', '.join(missing)}: missing; a decision has a reason, initials, a day")
    day = options.as_of or today()
    if options.until is not None and options.until < day:
        raise UsageError(f"--until {options.until}: is over on {day}; name a later day")


def _chosen(result: Result, options: AcceptOptions) -> pl.DataFrame:
    """The findings of the result that the options name, those on cells that were not read left out.

    Raises:
        UsageError: there is none.
    """
    import polars as pl

    from cpt77092.findings.table import needing_work
    from cpt77092.followup.accepted import UNREAD
    from cpt77092.rules.selection import select_rules

    lines = pl.lit(True)  # noqa: FBT003 - all lines
    if options.claim:
        lines &= pl.col("claim_id").str.strip_chars().is_in(options.claim)
    if options.line is not None:
        lines &= pl.col("claim_line_number") == options.line
    if options.payer is not None:
        names, key = _payer_names(result.policies, options.payer)
        label = pl.col("payer_label").cast(pl.String).str.to_lowercase()
        lines &= label.is_in(names) | (pl.col("payer_policy").cast(pl.String) == (key or ""))
    numbers = result.lines.filter(lines)["line"].implode()
    # Without a rule, what is worked claim by claim: an info or a question is accepted by name.
    listed = result if options.rule else needing_work(result)
    findings = listed.findings.filter(pl.col("line").is_in(numbers))
    if options.rule:
        wanted = {rule.code for rule in select_rules(result.rules, select=options.rule)}
        rules = [n for n, rule in enumerate(result.rules) if rule.code in wanted]
        findings = findings.filter(pl.col("rule").is_in(rules))
    unread = [n for n, rule in enumerate(result.rules) if rule.code.startswith(UNREAD)]
    kept = findings.filter(~pl.col("rule").is_in(unread))
    if kept.height:
        return kept.sort("line", "rule")
    if findings.height:
        raise UsageError(
            "a cell that cannot be read is not accepted: correct it, so that all rules run"
        )
    named = [*(options.claim or ()), *(options.rule or ()), *filter(None, [options.payer])]
    raise UsageError(f"no finding for {', '.join(named)}; scrub check lists them")


def _payer_names(policies: PolicySet, payer: str) -> tuple[list[str], str | None]:
    """The labels that a payer's name may mean, in lower case, and the key of its policy."""
    from cpt77092.policies.payer_names import require_payer

    with suppress(UsageError):
        key = require_payer(policies, payer)
        is_of_several = bool(policies[key].matches.family)
        # Of a policy for several payers, its key means all of them and a name that one.
        if payer == key or not is_of_several:
            return [payer.lower(), policies[key].label.lower()], key
    return [payer.strip().lower()], None


def _write(file: str, result: Result, findings: pl.DataFrame, options: AcceptOptions) -> None:
    """Add the entries to the file, and print what they are for."""
    from cpt77092.findings.table import with_texts
    from cpt77092.followup.accepted import Acceptance, single_entries, standing_entries
    from cpt77092.followup.entries import read_entries, with_entries
    from cpt77092.followup.keyed import require_secret
    from cpt77092.reports.check.accepted_notes import finding_notes, money_note
    from cpt77092.reports.files import write_text

    decision = Acceptance(
        reason=options.reason or "",
        by=options.by or "",
        accepted=result.as_of,
        until=options.until or result.as_of,
    )
    if options.claim:
        entries = list(single_entries(result, findings, decision, require_secret()))
    else:
        entries = list(standing_entries(result, findings, decision))
    write_text(file, with_entries(file, entries), option="--accepted")
    for note in finding_notes(with_texts(result, findings.head(SHOWN), ("payer_label",))):
        typer.echo(note)
    if findings.height > SHOWN:
        typer.echo(f"and {findings.height - SHOWN:,} more")
    typer.echo(f"Accepted until {decision.until}: {money_note(result, findings)}.")
    if not options.claim:
        names = ", ".join(entry.name for entry in entries[:SHOWN])
        typer.echo(safe(f"Holds for later claims too: {names}."))
    typer.echo(f"{file}: {count(len(read_entries(file)), 'entry', 'entries')}.")


def _entries(file: str, options: AcceptOptions) -> list[Entry]:
    """The entries that the options name; without any, all are named.

    Raises:
        UsageError: there is no file.
    """
    from cpt77092.followup.entries import read_entries
    from cpt77092.policies import load_policies

    if not Path(file).exists():
        raise UsageError(f"{file}: no such file; nothing is accepted yet")
    claims, rules = options.claim, [code.upper() for code in options.rule or ()]
    day, payers = options.as_of or today(), list[str]()
    if options.payer is not None:
        payers, _ = _payer_names(load_policies(options.policies), options.payer)
    return [
        entry
        for entry in read_entries(file)
        if (not claims or entry.claim in claims)
        and (options.line is None or entry.line == str(options.line))
        and (not rules or entry.rule in rules)
        and (not payers or entry.payer.lower() in payers)
        and (not options.ended or entry.until < day)
    ]


def _print_entries(
    file: str, entries: Sequence[Entry], options: AcceptOptions, done: str = ""
) -> None:
    from cpt77092.reports.check.accepted_notes import entry_notes

    for note in entry_notes(entries, options.as_of or today()):
        typer.echo(note)
    typer.echo(f"{file}: {count(len(entries), 'entry', 'entries')}{done}.")


def _remove(file: str, options: AcceptOptions) -> None:
    from cpt77092.followup.entries import without_entries
    from cpt77092.reports.files import write_text

    if not (options.claim or options.rule or options.payer or options.ended):
        raise UsageError("--remove: name what to remove with --claim, --rule, --payer or --ended")
    named = _entries(file, options)
    if not named:
        raise UsageError(f"{file}: no such entry; scrub accept --list lists them")
    lines = {entry.at_line for entry in named}
    text, removed = without_entries(file, lambda entry: entry.at_line in lines)
    write_text(file, text, option="--accepted")
    _print_entries(file, removed, options, " removed")
