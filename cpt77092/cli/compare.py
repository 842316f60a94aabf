"""Comparisons: `scrub policies diff`, `what-if` and `verify`; and `scrub why`, on one claim."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import typer

from cpt77092 import __version__
from cpt77092.choices import DocumentFormat, LogFormat
from cpt77092.cli.configured import request_of, settings_of
from cpt77092.cli.exits import Exit, exit_if_unread
from cpt77092.cli.options import (
    OUTPUT,
    POLICIES,
    DocumentOptions,
    argument,
    flag,
    limit_option,
    log_format_option,
    option,
    parse_day,
    today,
    with_options,
)
from cpt77092.errors import UsageError
from cpt77092.frozen import frozen
from cpt77092.reports.log import Log
from cpt77092.text import safe

if TYPE_CHECKING:
    from cpt77092.analysis.policy_changes import PolicyChanges
    from cpt77092.analysis.what_if import Case
    from cpt77092.policies import PolicySet

ALL = "all"


@frozen(kw_only=True)
class DiffOptions(DocumentOptions):
    """The arguments and options of `scrub policies diff`, in the order of its help."""

    old: str = argument(
        "OLD", "Folder, wheel, version or date; packaged is this version.", is_first=True
    )
    new: str = argument("NEW", "The same, to compare it with.", is_first=True)
    limit: int = limit_option("List at most this many findings of a kind in text; 0 lists all.", 20)


@with_options
def diff(ctx: typer.Context, options: DiffOptions) -> None:
    """Show what differs between policies, and what it does to claims.

    OLD and NEW are folders, wheels or zip archives of a version, a version whose wheel is in this
    folder (nothing is downloaded), or two dates, to compare what is in force on them. A folder of
    your own files is laid over the packaged policies.

    With CLAIMS: findings that appear and vanish, dollars by payer and month. With two dates, every
    line is checked as if the policies of that day held on all dates of service.

    Exit codes: 0 compared, 2 not everything could be read.

    Example: scrub policies diff 2025-12-31 2026-01-01 claims.csv
    """
    from cpt77092.analysis.finding_changes import Comparison
    from cpt77092.analysis.policy_diff import compose
    from cpt77092.findings import totals
    from cpt77092.reports.document import print_document
    from cpt77092.run import Variant, run_each

    changes, variants, note = _compared(ctx, options)
    comparison = None
    if options.claims:
        request = request_of(ctx, options)
        old, new = run_each(request, [Variant(policies) for policies in variants])
        comparison = Comparison(old, new)
    document = compose(
        (options.old, options.new),
        changes,
        comparison,
        on=options.as_of or today(),
        limit=options.limit if options.form is DocumentFormat.TEXT else 0,
        note=note if comparison is not None else "",
    )
    print_document(document, options.form, options.color)
    if comparison is not None:
        new_totals = totals(new, without=request.without)
        exit_if_unread(ctx, new.batch.unreadable, new_totals)


def _compared(
    ctx: typer.Context, options: DiffOptions
) -> tuple[list[PolicyChanges], list[PolicySet], str]:
    """What differs, both sets as claims are checked under them, and what to know about that."""
    from cpt77092.analysis.policy_changes import between_days, between_sets
    from cpt77092.policies import load_policies
    from cpt77092.policies.named import frozen_on, load_named
    from cpt77092.policies.payer_names import with_own_names

    names = settings_of(ctx).payers
    days = [_day(options.old), _day(options.new)]
    if days[0] is not None and days[1] is not None:
        policies = with_own_names(load_policies(options.policies), names)
        note = "Each line is checked as if the policies of that day held on all dates of service."
        changes = between_days(policies, days[0], days[1])
        return changes, [frozen_on(policies, day) for day in days if day is not None], note
    if any(days):
        raise UsageError(
            f"{options.old} {options.new}: compare two dates, or two sets of policies; a date and "
            f"a set do not compare"
        )
    sets = [load_named(name, __version__, options.policies) for name in (options.old, options.new)]
    changes = between_sets(sets[0], sets[1])
    return changes, [with_own_names(policies, names) for policies in sets], ""


def _day(text: str) -> date | None:
    with suppress(typer.BadParameter):
        return parse_day(text)
    return None


@frozen(kw_only=True)
class WhatIfOptions(DocumentOptions):
    """The arguments and options of `scrub what-if`, in the order of its help."""

    payers: str | None = option(
        POLICIES,
        "Policies to check every line against: a,b or all; if omitted, those of --set, or all.",
        metavar="PAYERS",
    )
    assumed: list[str] | None = option(
        POLICIES,
        "Assume a payer's value on all dates: aetna.77092.modifier_26=not_allowed.",
        "--set",
        metavar="VALUE",
    )


@with_options
def what_if(ctx: typer.Context, options: WhatIfOptions) -> None:
    """Check the same claims under other payers' policies.

    One row for each policy: lines denied, charges at risk, lines for which the payer has no
    published rule, and the rules that deny. The first row is the batch as billed. With --set, the
    policies that come out otherwise stand twice: as they are, and with the values assumed.

    Exit codes: 0 everything was read, 2 not everything could be read.

    Example: scrub what-if claims.csv --payers aetna,cigna --set aetna.77092.modifier_26=not_allowed
    """
    from cpt77092.analysis.what_if import Answer, compose, without_repeats
    from cpt77092.findings import totals
    from cpt77092.reports.document import print_document
    from cpt77092.run import Variant, policies_of, run_each

    # --payers are policies here, and no file of names.
    request = request_of(ctx, replace(options, payers=None))
    cases = _cases(policies_of(request), options)
    variants = [Variant(case.policies, case.payer) for case in cases]
    answers = list[Answer]()
    for case, result in zip(cases, run_each(request, variants), strict=True):
        # Nothing else of the run is kept.
        answers.append(Answer(case, totals(result, without=request.without)))
        unreadable = result.batch.unreadable
    shown = without_repeats(answers)
    print_document(
        compose(shown, options.assumed or (), request.as_of), options.form, options.color
    )
    exit_if_unread(ctx, unreadable, answers[0].totals)


def _cases(policies: PolicySet, options: WhatIfOptions) -> list[Case]:
    """The batch as billed and under each payer, with and without the values assumed."""
    from cpt77092.analysis.what_if import Case
    from cpt77092.policies.named import assume
    from cpt77092.policies.payer_names import require_payer
    from cpt77092.policies.policy import DEFAULT, NATIONAL

    changed, owners = policies, list[str]()
    for text in options.assumed or ():
        changed, payer = assume(changed, text)
        owners.append(payer)
    every = [key for key in policies.policies if key not in {DEFAULT, NATIONAL}]
    every.sort(key=lambda key: policies[key].label)
    named = options.payers or (",".join(owners) or ALL)
    texts = [text.strip() for text in named.split(",") if text.strip()]
    payers = every if texts == [ALL] else [require_payer(policies, text) for text in texts]
    if NATIONAL in (*payers, *owners):
        raise UsageError(f"{NATIONAL}: these are national tables, not a payer; name a payer")
    cases = []
    names: dict[str | None, str] = {None: "As billed"}
    for key, name in (names | {key: policies[key].label for key in payers}).items():
        cases.append(Case(name, policies, key))
        if owners:
            cases.append(Case(f"{name}, assumed", changed, key, is_assumed=True))
    return cases


@frozen(kw_only=True)
class WhyOptions(DocumentOptions):
    """The arguments and options of `scrub why`, in the order of its help."""

    claim: str = argument("CLAIM", "A claim's number, as the files have it.", is_first=True)


@with_options
def why(ctx: typer.Context, options: WhyOptions) -> None:
    """Show how each rule ended on one claim, and why.

    Findings, rules not checked with the reason, rules that are clear with the values that made
    them so, and the payer's rule with its date and source. Give the other claims of the batch too:
    some rules compare lines.

    Exit codes: 0 everything was read, 2 not everything could be read.

    Example: scrub why A-1001 claims.csv
    """
    from cpt77092.analysis.why import compose
    from cpt77092.findings import totals
    from cpt77092.reports.document import print_document
    from cpt77092.run import run

    request = request_of(ctx, options)
    result = run(request)
    print_document(compose(result, options.claim), options.form, options.color)
    exit_if_unread(ctx, result.batch.unreadable, totals(result, without=request.without))


@frozen(kw_only=True)
class VerifyOptions:
    """The argument and options of `scrub verify`."""

    report: str = argument("REPORT", "A report written by scrub check -o NAME.json.")
    quiet: bool = flag(OUTPUT, "Print errors only.", "--quiet", "-q")
    log_format: LogFormat = log_format_option()


@with_options
def verify(ctx: typer.Context, options: VerifyOptions) -> None:
    """Run a JSON report again and compare the findings.

    Policies, options and the as-of date are those of the report, whatever scrub.yaml says.

    Exit codes: 0 the same, 1 not the same, 2 the report cannot be run again.

    Example: scrub verify report.json
    """
    from cpt77092.verify import verify as run_again

    verdict = run_again(options.report)
    code = Exit.CLEAN if verdict.is_same else Exit.FINDINGS
    ctx.ensure_object(Log).finished(code, verdict.headline)
    if not options.quiet:
        for line in (
            verdict.headline,
            *(f"Differs: {difference}" for difference in verdict.differences),
            *(f"Changed: {change}" for change in verdict.changes),
            *(f"Not read, then or now: {problem}" for problem in verdict.unreadable),
        ):
            typer.echo(safe(line))
    raise typer.Exit(code)
