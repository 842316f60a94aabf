"""The `scrub` command: parse, call, print, exit. No claim logic.

Polars and everything that needs it are imported inside the commands, so that `--version` and
`--help` answer at once.
"""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import date
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from cpt77092 import __version__
from cpt77092.choices import (
    By,
    Color,
    ColumnsFormat,
    DocumentFormat,
    FailOn,
    Format,
    Hold,
    LogFormat,
    PageFormat,
    Sort,
)
from cpt77092.cli.configured import (
    CheckCommand,
    ConfigurableCommand,
    ProfileCommand,
    Program,
    setting_rows,
    settings_of,
    unknown_variables,
)
from cpt77092.cli.options import (
    AsOf,
    Colors,
    Day,
    Earlier,
    Encoding,
    Isolated,
    LayoutFile,
    Lenient,
    Logs,
    Maps,
    OnePayer,
    PageFiles,
    PoliciesDir,
    Sheet,
    dollars,
    payer_keys,
    rule_codes,
)
from cpt77092.errors import OutputError, ScrubError, UsageError, did_you_mean
from cpt77092.reports.log import Log
from cpt77092.signals import Stops

if TYPE_CHECKING:
    from collections.abc import Callable

    from cpt77092.engine import Result
    from cpt77092.findings import Totals
    from cpt77092.policies import PolicySet
    from cpt77092.rule import Severity
    from cpt77092.run import Request
    from cpt77092.split import Split

app = typer.Typer(
    name="scrub",
    cls=Program,
    help="Check trabecular bone score claim lines (CPT 77092 and family) before you submit them.",
    epilog="Example: scrub claims.csv, which is short for scrub check claims.csv",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
policies_app = typer.Typer(
    help="List, show and check the payers' policies.",
    epilog="Example: scrub policies show medicare",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(policies_app, name="policies")

COMMANDS = ("check", "rules", "explain", "policies", "brief", "columns", "profile", "verify")
OWN_OPTIONS = ("-h", "--help", "--version", "--install-completion", "--show-completion")
"""Options of the program itself; any other that goes first is one of `scrub check`."""


class Exit(IntEnum):
    """Exit codes; the highest that applies is given, and 130 or 143 when it was stopped."""

    CLEAN = 0
    FINDINGS = 1
    UNCHECKED = 2
    BUG = 3
    INTERRUPTED = 130
    TERMINATED = 143


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)
    ] = False,
) -> None:
    if version:
        typer.echo(f"scrub {__version__}")
        raise typer.Exit


@app.command(
    cls=CheckCommand, short_help="Say which claim lines will be denied, why, and what to change."
)
def check(  # noqa: PLR0915
    ctx: typer.Context,
    claims: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CLAIMS", help="Claim files, folders or patterns; - reads standard input."
        ),
    ] = None,
    payer: OnePayer = None,
    as_of: AsOf = None,
    history: Earlier = None,
    policies: PoliciesDir = None,
    map_: Maps = None,
    layout: LayoutFile = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    rejects: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the rows that could not be read, as they were."),
    ] = None,
    allow_rejects: Annotated[
        bool, typer.Option("--allow-rejects", help="Rows that cannot be read do not make it 2.")
    ] = False,
    select: Annotated[
        list[str] | None,
        typer.Option(
            envvar="SCRUB_SELECT",
            metavar="RULES",
            autocompletion=rule_codes,
            help="Only these rules (codes, names or groups, like MO).",
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            envvar="SCRUB_IGNORE",
            metavar="RULES",
            autocompletion=rule_codes,
            help="Leave these rules out.",
        ),
    ] = None,
    extend_select: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULES", autocompletion=rule_codes, help="These rules too, beside --select."
        ),
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(envvar="SCRUB_FAIL_ON", help="What makes the exit code 1.")
    ] = FailOn.ERROR,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 in place of 1.")] = False,
    rework_cost: Annotated[
        Decimal | None,
        typer.Option(
            envvar="SCRUB_REWORK_COST",
            parser=dollars,
            metavar="DOLLARS",
            help="What mending one line costs you: shows how many are worth it.",
        ),
    ] = None,
    format_: Annotated[
        Format,
        typer.Option(
            "--format",
            envvar="SCRUB_FORMAT",
            help="auto: a table at a terminal, one finding per line in a pipe.",
        ),
    ] = Format.AUTO,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Also write a report, of the kind its ending says; {date}, {stem} are filled in.",
        ),
    ] = None,
    clean_to: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the rows of clean claims, as they are."),
    ] = None,
    flagged_to: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write the rows of claims with findings as in --fail-on.",
        ),
    ] = None,
    hold: Annotated[
        Hold, typer.Option(envvar="SCRUB_HOLD", help="Flag whole claims, or single lines.")
    ] = Hold.CLAIM,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="NUMBER",
            help="Show at most so many rows; 0 shows all. Counts stay exact.",
        ),
    ] = None,
    by: Annotated[
        By, typer.Option(envvar="SCRUB_BY", help="A row for each finding, line or claim.")
    ] = By.FINDING,
    sort: Annotated[
        Sort | None,
        typer.Option(
            envvar="SCRUB_SORT",
            help="What comes first; if left out, severity in a table and file elsewhere.",
        ),
    ] = None,
    not_checked: Annotated[
        bool, typer.Option("--not-checked", help="List every line not checked, in JSON.")
    ] = False,
    checked_lines: Annotated[
        bool, typer.Option("--checked-lines", help="List every checked line, in JSON.")
    ] = False,
    show_phi: Annotated[
        bool, typer.Option("--show-phi", help="Add person_id, which identifies patients.")
    ] = False,
    lenient: Lenient = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Findings only; with -o, trouble only.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Infos one by one, and every reason.")
    ] = False,
    _log_format: Logs = LogFormat.TEXT,
    show_settings: Annotated[
        bool, typer.Option("--show-settings", help="Print every setting and where it comes from.")
    ] = False,
    _isolated: Isolated = False,
    color: Colors = Color.AUTO,
) -> None:
    """Check claim lines and say which will be denied, why, on whose word, and what to change.

    Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 not all could be checked, 3 a bug of
    ours.

    Example: scrub check claims.csv -o worklist.csv
    """
    if show_settings:
        _show_settings(ctx)
    if not claims:
        raise UsageError("name claim files, folders or patterns, or - for standard input")

    from cpt77092 import findings
    from cpt77092.reports.check import summary
    from cpt77092.reports.check.report import Report, require_json
    from cpt77092.reports.files import output_locks
    from cpt77092.reports.progress import Watch
    from cpt77092.run import Request, run

    log = ctx.ensure_object(Log)
    log.quiet = quiet
    request = Request(
        paths=claims,
        as_of=as_of or _today(),
        history=tuple(history or ()),
        payer=payer,
        policies=policies,
        overrides=dict(_overrides(map_ or [])),
        layout=layout,
        encoding=encoding,
        sheet=sheet,
        select=_selected(select),
        ignore=_listed(ignore),
        extend_select=_listed(extend_select),
        show_phi=show_phi,
        lenient=lenient,
        payers=settings_of(ctx).payers,
    )
    outputs = _outputs(output or [], claims, request.as_of)
    require_json([format_, *(form for _, form in outputs)], checked_lines=checked_lines)
    asked = {"--rejects": rejects, "--clean-to": clean_to, "--flagged-to": flagged_to}
    others = _others(asked, claims, request.as_of)
    parts = _parts(request, others, [name for name, _ in outputs], fail_on)
    ctx.with_resource(output_locks([name for name, _ in outputs], others=list(others.items())))
    log.event("started", version=__version__, as_of=str(request.as_of), claims=claims)
    with Watch(quiet=quiet or log.is_json, color=color) as watch:
        result = run(request, watch.step)
        watch.step("Adding up")
        totals = findings.totals(result, rework_cost=rework_cost)
    code, why = exit_code(totals, fail_on, exit_zero=exit_zero, allow_rejects=allow_rejects)
    report = Report(
        result=result,
        totals=totals,
        options={
            **request.recorded(),
            "allow_rejects": allow_rejects,
            "fail_on": fail_on.value,
            "exit_zero": exit_zero,
            "rework_cost": None if rework_cost is None else float(rework_cost),
            # Only where it was said: a report in the ordinary shape stays as it always was.
            **({"by": by.value} if by is not By.FINDING else {}),
            **({"sort": sort.value} if sort else {}),
        },
        exit_code=code,
        why=why,
        limit=limit,
        by=by,
        sort=sort,
        extra=("person_id",) if show_phi else (),
        not_checked=not_checked,
        checked_lines=checked_lines,
        quiet=quiet or log.is_json,
        verbose=verbose,
        color=color,
    )
    log.result(result, totals)
    with Watch(quiet=quiet or log.is_json, color=color) as watch:
        failed = report.write_files(outputs, rejects=others.get("--rejects"), progress=watch.step)
        split = None
        if parts and totals.unreadable_files:
            failed += _not_parted(parts, totals.unreadable_files)
        else:
            split = _split(
                result, parts, fail_on, hold, one_payer=payer is not None, tell=watch.step
            )
        failed += report.write_parts(split, parts, log)
    if not (quiet and outputs):
        try:
            report.print(format_)
        except BrokenPipeError:
            raise
        except OSError as problem:
            failed.append(_unwritten(problem))
    if failed:
        raise OutputError(*failed)
    if quiet and code is Exit.UNCHECKED and not totals.unreadable_files:  # those are told by name
        log.trouble("unchecked", [summary.unchecked(result, why)])
    report.print_parts(split, parts)
    log.finished(code, why)
    raise typer.Exit(code)


def _show_settings(ctx: typer.Context) -> NoReturn:
    from cpt77092.reports.settings_page import settings_text

    settings = settings_of(ctx)
    file = str(settings.path or "")
    unknown = unknown_variables(ctx)
    typer.echo(settings_text(file, setting_rows(ctx), settings.payers, unknown=unknown))
    raise typer.Exit


def exit_code(
    totals: Totals, fail_on: FailOn, *, exit_zero: bool, allow_rejects: bool = False
) -> tuple[Exit, str]:
    """The exit code of a finished run, and why."""
    from cpt77092.text import count

    if totals.unreadable_files:
        return Exit.UNCHECKED, f"{count(totals.unreadable_files, 'file')} could not be read"
    rejected = totals.tally.rejected + totals.history_rejected
    if rejected and not allow_rejects:
        return Exit.UNCHECKED, f"{count(rejected, 'row')} could not be read"
    if totals.doubtful_files:
        doubtful = count(totals.doubtful_files, "file")
        return Exit.UNCHECKED, f"{doubtful} read on with --lenient may lack lines"
    if totals.tally.rows == totals.tally.no_code + totals.tally.not_data:
        return Exit.UNCHECKED, "no row has a procedure code"
    counts = totals.by_severity
    found = sum(counts[severity] for severity in counting(fail_on))
    unchecked = len(totals.not_checked) if fail_on is FailOn.NOT_CHECKED else 0
    if found or unchecked:
        why = count(found, "finding") if found else "rules that could not be checked"
        code = Exit.CLEAN if exit_zero else Exit.FINDINGS
        return code, f"{why} at or above --fail-on {fail_on}"
    return Exit.CLEAN, f"no finding at or above --fail-on {fail_on}"


def counting(fail_on: FailOn) -> tuple[Severity, ...]:
    """The findings that count for `--fail-on`."""
    from cpt77092.rule import Severity

    return {
        FailOn.ERROR: (Severity.ERROR,),
        FailOn.WARNING: (Severity.ERROR, Severity.WARNING),
        FailOn.INFO: tuple(Severity),
        FailOn.NOT_CHECKED: tuple(Severity),
        FailOn.NEVER: (),
    }[fail_on]


@app.command()
def rules(
    format_: Annotated[PageFormat, typer.Option("--format", help="How to print.")] = (
        PageFormat.TABLE
    ),
    color: Colors = Color.AUTO,
) -> None:
    """List the rules.

    Example: scrub rules --format markdown
    """
    from cpt77092.reports import reference_pages
    from cpt77092.reports.console import make_console
    from cpt77092.rules import CATALOGUE

    if format_ is PageFormat.MARKDOWN:
        typer.echo(reference_pages.rules_markdown(CATALOGUE))
    elif format_ is PageFormat.JSON:
        typer.echo(reference_pages.as_json(reference_pages.rules_records(CATALOGUE)))
    else:
        reference_pages.show_rules(make_console(color), CATALOGUE)


@app.command(short_help="Run a JSON report again, and say whether it is still the same.")
def verify(
    ctx: typer.Context,
    report: Annotated[
        str, typer.Argument(metavar="REPORT", help="A report that -o NAME.json wrote.")
    ],
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="Print nothing but mistakes; the exit code says the rest."
        ),
    ] = False,
    _log_format: Logs = LogFormat.TEXT,
) -> None:
    """Run a JSON report again as its manifest says, and say whether the findings are the same.

    Policies, options and the as-of date are the report's, whatever scrub.yaml says. Exit codes: 0
    the same, 1 not the same, 2 it cannot be run again.

    Example: scrub verify report.json
    """
    from cpt77092.text import safe
    from cpt77092.verify import verify as run_again

    verdict = run_again(report)
    code = Exit.CLEAN if verdict.is_same else Exit.FINDINGS
    ctx.ensure_object(Log).finished(code, verdict.headline)
    if not quiet:
        typer.echo(safe(verdict.headline))
        for what, lines in (
            ("Differs", verdict.differences),
            ("Changed", verdict.changes),
            ("Left out then as now", verdict.left_out),
        ):
            for line in lines:
                typer.echo(safe(f"{what}: {line}"))
    raise typer.Exit(code)


@app.command(cls=ConfigurableCommand, short_help="Print one rule's page, and each payer's value.")
def explain(
    rule: Annotated[
        str,
        typer.Argument(
            metavar="RULE",
            autocompletion=rule_codes,
            help="A rule's code or name, like MO001.",
        ),
    ],
    on: Day = None,
    policies: PoliciesDir = None,
    _isolated: Isolated = False,
    color: Colors = Color.AUTO,
) -> None:
    """Print one rule's page, then every payer's value, date and source.

    Example: scrub explain MO001
    """
    from cpt77092.policies import load_policies
    from cpt77092.reports import reference_pages
    from cpt77092.reports.console import make_console
    from cpt77092.rules import CATALOGUE

    found = [r for r in CATALOGUE if rule.upper() == r.code or rule.lower() == r.name]
    if not found:
        known = [r.code for r in CATALOGUE]
        raise UsageError(f"no rule {rule!r}{did_you_mean(rule.upper(), known)}; see scrub rules")
    reference_pages.explain(make_console(color), found[0], load_policies(policies), on or _today())


@app.command(
    cls=ConfigurableCommand, short_help="Print the publication on CPT 77092, with sources."
)
def brief(
    payer: Annotated[
        str | None,
        typer.Argument(
            metavar="PAYER",
            autocompletion=payer_keys,
            help="A payer, to see its position alone; all if left out.",
        ),
    ] = None,
    on: Day = None,
    format_: Annotated[DocumentFormat, typer.Option("--format", help="How to print.")] = (
        DocumentFormat.TEXT
    ),
    output: PageFiles = None,
    policies: PoliciesDir = None,
    _isolated: Isolated = False,
    color: Colors = Color.AUTO,
) -> None:
    """Print the publication on CPT 77092: modifiers, coverage, fees, prices, each with its source.

    Example: scrub brief medicare -o medicare.html
    """
    from cpt77092.brief import compose
    from cpt77092.policies import load_policies
    from cpt77092.reports.document import print_document, write_document
    from cpt77092.reports.files import DOCUMENT_FORMATS, fill_in, format_of
    from cpt77092.run import require_known_payer

    loaded = load_policies(policies)
    key = require_known_payer(loaded, payer) if payer else None
    day = on or _today()
    names = [fill_in(name, inputs=[key or "brief"], day=day) for name in output or []]
    outputs = [(name, format_of(name, DOCUMENT_FORMATS)) for name in names]
    document = compose(loaded, key, day)
    write_document(document, outputs)
    if not outputs:
        print_document(document, format_, color)


@app.command(cls=ConfigurableCommand, short_help="Print how the headers of a file are understood.")
def columns(
    claims: Annotated[str, typer.Argument(metavar="FILE", help="A claim file.")],
    map_: Maps = None,
    layout: LayoutFile = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    format_: Annotated[
        ColumnsFormat, typer.Option("--format", help="table, or yaml for a --layout file.")
    ] = ColumnsFormat.TABLE,
    _isolated: Isolated = False,
    color: Colors = Color.AUTO,
) -> None:
    """Print how the headers of a file are understood, with samples; patient data is masked.

    Example: scrub columns claims.csv --format yaml > our-layout.yaml
    """
    from cpt77092.claims.layouts import load_layout
    from cpt77092.readers import Options, find_files, open_claims
    from cpt77092.reports import reference_pages
    from cpt77092.reports.console import make_console

    overrides = dict(_overrides(map_ or []))
    options = Options(
        overrides=overrides,
        encoding=encoding,
        sheet=sheet,
        layout=load_layout(layout) if layout else None,
    )
    for path in find_files([claims]):
        opened = open_claims(path, options)
        if format_ is ColumnsFormat.YAML:
            typer.echo(reference_pages.layout_yaml(opened), nl=False)
        else:
            reference_pages.show_columns(make_console(color), opened)


@app.command(cls=ProfileCommand, short_help="Print benchmarks of a batch by payer and month.")
def profile(
    ctx: typer.Context,
    claims: Annotated[
        list[str], typer.Argument(metavar="CLAIMS", help="Claim files, as in check.")
    ],
    payer: OnePayer = None,
    as_of: AsOf = None,
    history: Earlier = None,
    policies: PoliciesDir = None,
    map_: Maps = None,
    layout: LayoutFile = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    format_: Annotated[DocumentFormat, typer.Option("--format", help="How to print.")] = (
        DocumentFormat.TEXT
    ),
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write this file instead; the ending says which kind. {date}, {stem} as in check.",
        ),
    ] = None,
    limit: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="NUMBER",
            help="Show at most so many payers in the table; 0 shows all.",
        ),
    ] = 10,
    lenient: Lenient = False,
    _isolated: Isolated = False,
    color: Colors = Color.AUTO,
) -> None:
    """Print benchmarks of a batch by payer and month, beside what each policy expects.

    Lines, use of 26 and TC, sites of service, units, charges against the fee, clean rate, findings.
    Exit codes: 0 all was read, 2 not all could be.

    Example: scrub profile claims.csv -o profile.html
    """
    from cpt77092 import findings
    from cpt77092.profile import compose
    from cpt77092.profile import profile as benchmarks_of
    from cpt77092.reports.check.report import require_no_input
    from cpt77092.reports.document import print_document, write_document
    from cpt77092.reports.files import DOCUMENT_FORMATS, format_of, output_locks
    from cpt77092.run import Request, run

    day = as_of or _today()
    names = _filled_in(output or [], claims, day)
    outputs = [(name, format_of(name, DOCUMENT_FORMATS)) for name in names]
    ctx.with_resource(output_locks(names))
    request = Request(
        paths=claims,
        as_of=day,
        history=tuple(history or ()),
        payer=payer,
        policies=policies,
        overrides=dict(_overrides(map_ or [])),
        layout=layout,
        encoding=encoding,
        sheet=sheet,
        lenient=lenient,
        payers=settings_of(ctx).payers,
    )
    result = run(request)
    for name in names:
        require_no_input(result, "-o", name)
    is_shown = format_ is DocumentFormat.TEXT and not outputs
    document = compose(benchmarks_of(result), limit=limit if is_shown else 0)
    write_document(document, outputs)
    if not outputs:
        print_document(document, format_, color)
    code, why = exit_code(findings.totals(result), FailOn.NEVER, exit_zero=False)
    if code is not Exit.CLEAN:
        told = [*result.batch.unreadable, f"{why}; scrub check says more"]
        ctx.ensure_object(Log).trouble("unchecked", told)
    raise typer.Exit(code)


@policies_app.command("list", cls=ConfigurableCommand)
def policies_list(
    format_: Annotated[PageFormat, typer.Option("--format", help="How to print.")] = (
        PageFormat.TABLE
    ),
    policies: PoliciesDir = None,
    _isolated: Isolated = False,
    color: Colors = Color.AUTO,
) -> None:
    """List the policies.

    Example: scrub policies list
    """
    from cpt77092.policies import load_policies
    from cpt77092.reports import reference_pages
    from cpt77092.reports.console import make_console

    loaded = load_policies(policies)
    if format_ is PageFormat.JSON:
        typer.echo(reference_pages.as_json(reference_pages.policies_list(loaded)))
    else:
        reference_pages.show_policies(make_console(color), loaded)


@policies_app.command("show", cls=ConfigurableCommand)
def policies_show(
    payer: Annotated[
        str,
        typer.Argument(
            metavar="PAYER",
            autocompletion=payer_keys,
            help="A policy's key, a payer's name or its id.",
        ),
    ],
    on: Day = None,
    format_: Annotated[PageFormat, typer.Option("--format", help="How to print.")] = (
        PageFormat.TABLE
    ),
    policies: PoliciesDir = None,
    _isolated: Isolated = False,
    color: Colors = Color.AUTO,
) -> None:
    """Print what a payer demands on a day, each value with its source.

    Example: scrub policies show medicare --on 2024-06-01
    """
    from cpt77092.policies import load_policies
    from cpt77092.reports import reference_pages
    from cpt77092.reports.console import make_console
    from cpt77092.run import require_known_payer

    loaded = load_policies(policies)
    key = require_known_payer(loaded, payer)
    if format_ is PageFormat.JSON:
        typer.echo(
            reference_pages.as_json(reference_pages.policy_records(loaded, key, on or _today()))
        )
    else:
        reference_pages.show_policy(make_console(color), loaded, key, on or _today())


@policies_app.command("check", cls=ConfigurableCommand)
def policies_check(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="FOLDER", help="Your folder; that of --policies, or ours, if left out."
        ),
    ] = None,
    policies: PoliciesDir = None,
    max_age: Annotated[
        int | None,
        typer.Option(min=0, metavar="DAYS", help="Warn of sources read longer ago than this."),
    ] = None,
    on: Day = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 2 where there is a warning.")
    ] = False,
    _isolated: Isolated = False,
) -> None:
    """Check policy files: every mistake, then warnings and notes, each with its file and line.

    Warnings are entries that others hide, dates with nothing in force, and sources read too long
    ago. Exit codes: 0 no error, 2 errors (or warnings, with --strict).

    Example: scrub policies check my-policies --max-age 365
    """
    from cpt77092.policies import load_policies
    from cpt77092.policy_lint import NoteLevel, lint
    from cpt77092.rules import CATALOGUE
    from cpt77092.text import count, safe

    folder = folder or policies
    loaded: PolicySet = load_policies(folder, trust_packaged=False)
    notes = lint(loaded, CATALOGUE, today=on or _today(), max_age=max_age)
    if folder is not None:  # nobody can mend ours from there
        notes = [n for n in notes if n.where is None or Path(n.where.file).parent == folder]
    for note in notes:
        typer.echo(safe(str(note)))
    warnings = sum(note.level is NoteLevel.WARNING for note in notes)
    told = (
        f": {count(warnings, 'warning')}, {count(len(notes) - warnings, 'note')}" if notes else ""
    )
    values = sum(len(policy.values) for policy in loaded.policies.values())
    origin = " and ".join(loaded.origin)
    what = "errors" if notes else "problems"
    typer.echo(f"No {what} in {len(loaded.policies)} policies, {values} values ({origin}){told}.")
    if warnings and strict:
        raise typer.Exit(Exit.UNCHECKED)


@policies_app.command("schema")
def policies_schema() -> None:
    """Print the JSON Schema of a policy file, for editors.

    Example: scrub policies schema > policy.schema.json
    """
    from cpt77092.policies.schema import json_schema
    from cpt77092.reports import reference_pages

    typer.echo(reference_pages.as_json(json_schema()))


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the user's own calendar day is meant


def _listed(prefixes: list[str] | None) -> list[str]:
    """`--select MO,UN001 --select PO` as a flat list."""
    return [part.strip() for text in prefixes or [] for part in text.split(",") if part.strip()]


def _selected(prefixes: list[str] | None) -> list[str]:
    found = _listed(prefixes)
    if prefixes and not found:  # as of an empty variable of a shell: not every rule is meant
        raise UsageError("--select: names no rule; see scrub rules, or leave it out to run all")
    return found


def _overrides(pairs: list[str]) -> list[tuple[str, str]]:
    split: list[tuple[str, str]] = []
    for pair in pairs:
        column, equals, header = pair.partition("=")
        if not equals or not header:
            raise UsageError(f"--map {pair}: write --map COLUMN=HEADER, as in --map hcpcs_code=CPT")
        if any(column.strip() == other or header == taken for other, taken in split):
            raise UsageError(f"--map {pair}: the column or the header is mapped already")
        split.append((column.strip(), header))
    return split


def _outputs(names: list[str], claims: list[str], day: date) -> list[tuple[str, Format]]:
    from cpt77092.reports.check.writers import format_of_report

    return [(name, format_of_report(name)) for name in _filled_in(names, claims, day)]


def _filled_in(names: list[str], claims: list[str], day: date, *, option: str = "-o") -> list[str]:
    from cpt77092.readers import find_readable
    from cpt77092.reports.files import fill_in

    inputs = claims if len(claims) == 1 and Path(claims[0]).exists() else None
    if inputs is None and any("{stem}" in name for name in names):
        inputs, _ = find_readable(claims)
    return [fill_in(name, inputs=inputs or claims, day=day, option=option) for name in names]


def _others(asked: Mapping[str, str | None], claims: list[str], day: date) -> dict[str, str]:
    """Files that are written beside the reports, by the option that asks for them."""
    return {
        option: _filled_in([name], claims, day, option=option)[0]
        for option, name in asked.items()
        if name is not None
    }


def _not_parted(parts: Mapping[int, tuple[str, str]], unreadable: int) -> list[str]:
    """A sentence for each part of a batch that is not all there."""
    from cpt77092.text import count

    lost = count(unreadable, "file")
    return [
        f"{option} {name}: not written, since {lost} could not be read, and a claim may go on there"
        for option, name in parts.values()
    ]


def _parts(
    request: Request, others: Mapping[str, str], reports: list[str], fail_on: FailOn
) -> dict[int, tuple[str, str]]:
    """Option and file of each part that a batch is split into; refuses what cannot be."""
    if others.keys() <= {"--rejects"}:
        return {}
    if fail_on is FailOn.NEVER:
        raise UsageError(
            "--fail-on never: no row would be held back; say what should be, and --exit-zero for "
            "an exit code of 0"
        )
    from cpt77092.run import opened
    from cpt77092.split import CLEAN, FLAGGED, require_splittable

    asked = {CLEAN: "--clean-to", FLAGGED: "--flagged-to"}
    parts = {part: (option, others[option]) for part, option in asked.items() if option in others}
    for option, name in parts.values():
        if name == "-":
            raise UsageError(f"{option} -: standard output is for the findings; name a file")
    taken = {Path(name).resolve() for name in [*reports, others.get("--rejects", "")] if name}
    for option, name in parts.values():
        if not Path(name).parent.is_dir():
            raise OutputError(f"{option} {name}: the folder {Path(name).parent} does not exist")
        if Path(name).resolve() in taken:
            raise UsageError(f"{option} {name}: another option writes that file; name a new one")
        taken.add(Path(name).resolve())
    require_splittable(opened(request), list(parts.values()))
    return parts


def _split(
    result: Result,
    parts: dict[int, tuple[str, str]],
    fail_on: FailOn,
    hold: Hold,
    *,
    one_payer: bool,
    tell: Callable[[str], None],
) -> Split | None:
    """The run as parts, where any is wanted."""
    if not parts:
        return None
    from cpt77092.split import Split

    tell("Splitting")
    return Split(
        result=result,
        severities=counting(fail_on),
        with_unchecked=fail_on is FailOn.NOT_CHECKED,
        whole_claims=hold is Hold.CLAIM,
        one_payer=one_payer,
    )


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run `scrub` and exit; the one place where failures become exit codes."""
    # Nearly all objects that a run makes stay to its end: looking through them for garbage, time
    # and again and once more at the end, takes a sixth of a short check.
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)
    given = list(sys.argv[1:] if arguments is None else arguments)
    # A stream that was closed on purpose (`>&-`) is none at all to Python.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a claim id may hold what a locale cannot show
            stream.reconfigure(errors="backslashreplace")
    stops = Stops(Exit.TERMINATED)
    if "_SCRUB_COMPLETE" in os.environ:
        _complete_the_short_form()
    try:
        sys.exit(_run(given, stops))
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away (`scrub ... | head`): not a failure of ours.
        _drop_output()
        sys.exit(Exit.UNCHECKED)
    finally:
        stops.end()


def _invoked(arguments: list[str], log: Log) -> int:
    if arguments == ["--version"]:  # Typer would first build every command
        typer.echo(f"scrub {__version__}")
        return Exit.CLEAN
    given = _with_default_command(arguments)
    program = _program(given[:1])
    code = program(given, standalone_mode=False, prog_name="scrub", obj=log)
    sys.stdout.flush()  # what cannot be written is told by us, not by Python at its end
    return int(code or 0)


def _program(command: Sequence[str]) -> typer.Typer:
    """The program with what a run may come to: Typer makes every command that it knows of."""
    if not set(command) & set(COMMANDS):
        return app
    needed = {*command, "check"}  # whose options the settings file names
    program = copy(app)
    program.registered_commands = [
        info for info in app.registered_commands if getattr(info.callback, "__name__", "") in needed
    ]
    program.registered_groups = [info for info in app.registered_groups if info.name in needed]
    return program


def _run(arguments: list[str], stops: Stops) -> int:
    log = Log.of(arguments)
    try:
        with stops.heeded():
            return _invoked(arguments, log)
    except ScrubError as problem:
        log.trouble("failed", problem.lines, exit_code=int(Exit.UNCHECKED))
        return Exit.UNCHECKED
    except typer.Exit as stop:
        return int(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except BrokenPipeError:
        raise
    except OSError as problem:
        if problem.errno not in _FULL:
            return _bug(problem, log)
        log.trouble("failed", [_unwritten(problem)], exit_code=int(Exit.UNCHECKED))
        _drop_output()
        return Exit.UNCHECKED
    except Exception as problem:
        if not hasattr(problem, "show"):
            return _bug(problem, log)
        _misused(problem, log)
        return Exit.UNCHECKED


def _misused(problem: Any, log: Log) -> None:
    """Tell of arguments that the parser does not take; in text it prints them itself."""
    problem.message = problem.message.removeprefix("Value error, ")
    if log.is_json:
        log.trouble("failed", [problem.format_message()], exit_code=int(Exit.UNCHECKED))
    else:
        problem.show()


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""No room left: files that we write say so themselves, so it is standard output."""


def _unwritten(problem: OSError) -> str:
    return f"standard output: cannot be written ({problem.strerror})"


def _nowhere() -> io.TextIOWrapper:
    return io.TextIOWrapper(os.fdopen(os.open(os.devnull, os.O_RDWR), "wb"), encoding="utf-8")


def _drop_output() -> None:
    """Let nothing more go to standard output: Python would fail on it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _bug(problem: Exception, log: Log) -> int:
    """Say that it is ours, with what a report needs and nothing from the claims."""
    frames = traceback.extract_tb(problem.__traceback__)
    here = [frame for frame in frames if "cpt77092" in frame.filename][-3:]
    trail = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(here))
    told = (
        f"this is a bug in scrub {__version__}, not in your claims. Please report: "
        f"{type(problem).__name__} at {trail or 'an unknown place'}"
    )
    log.trouble("bug", [told], exit_code=int(Exit.BUG))
    return Exit.BUG


def _complete_the_short_form() -> None:
    """A shell that completes `scrub claims.csv --pa` is told the options of `scrub check`."""
    for name in ("COMP_WORDS", "_TYPER_COMPLETE_ARGS"):
        given = os.environ.get(name, "")
        between = "\n" if "\n" in given else " "  # Bash gives a word a line
        program, *words = given.split(between)
        if _is_short_form(words):
            os.environ[name] = between.join([program, "check", *words])
            if "COMP_CWORD" in os.environ:
                os.environ["COMP_CWORD"] = str(int(os.environ["COMP_CWORD"]) + 1)


def _is_short_form(words: Sequence[str]) -> bool:
    """Whether words, of which the last is not yet written out, are those of `scrub check`."""
    if len(words) != 1:
        return bool(words) and words[0] not in COMMANDS
    # `scrub --pay` goes on as a check, `scrub --v` as the program's own --version.
    return words[0].startswith("-") and not any(own.startswith(words[0]) for own in OWN_OPTIONS)


def _with_default_command(arguments: list[str]) -> list[str]:
    """`scrub claims.csv` and `scrub --payer aetna claims.csv` mean `scrub check ...`."""
    if not arguments or arguments[0] in COMMANDS or arguments[0] in OWN_OPTIONS:
        return arguments
    if arguments[0] == "--isolated" and arguments[1:] and arguments[1] in COMMANDS:
        return [arguments[1], arguments[0], *arguments[2:]]
    first = arguments[0]
    if first.isalpha() and not Path(first).exists():
        raise UsageError(f"{first}: no such file or command{did_you_mean(first, COMMANDS)}")
    return ["check", *arguments]
