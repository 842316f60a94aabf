"""`scrub check`: check claim lines, print and write the findings, and split the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import typer

from cpt77092 import __version__
from cpt77092.choices import By, Color, Engine, FailOn, Format, Hold, LogFormat, Sort, Without
from cpt77092.cli.configured import from_file, request_of, settings_of, with_accepted
from cpt77092.cli.exits import Exit, exit_code, failing_severities, unchecked_columns
from cpt77092.cli.in_parts import for_parts, in_parts_instead
from cpt77092.cli.options import (
    EXIT_CODE,
    FOLLOWING,
    OUTPUT,
    RULES,
    SETTINGS,
    SPLITTING,
    ClaimOptions,
    color_option,
    complete_rule,
    file_option,
    flag,
    limit_option,
    log_format_option,
    option,
    parse_dollars,
    parse_memory,
    parse_parts,
    with_options,
)
from cpt77092.cli.output_files import OutputFiles, output_files, require_no_input
from cpt77092.errors import NoRoomError, OutputError, UsageError
from cpt77092.frozen import frozen
from cpt77092.reports.log import Log
from cpt77092.text import count

if TYPE_CHECKING:
    from cpt77092.engine import Result
    from cpt77092.findings import Totals
    from cpt77092.followup.outcome import Before
    from cpt77092.parts.on_disk import CheckedParts
    from cpt77092.policies.payer_names import OwnName
    from cpt77092.reports.check.former_worklist import FormerWorklist
    from cpt77092.reports.check.report import Report
    from cpt77092.run import Request
    from cpt77092.split import Split


def _rules_option(text: str) -> Any:
    return option(RULES, text, metavar="RULES", autocompletion=complete_rule)


@frozen(kw_only=True)
class CheckOptions(ClaimOptions):
    """The arguments and options of `scrub check`, in the order of its help."""

    select: list[str] | None = _rules_option("Run only these rules: codes, names or groups (MO).")
    ignore: list[str] | None = _rules_option("Skip these rules.")
    extend_select: list[str] | None = _rules_option("Run these rules in addition to --select.")

    form: Format = option(
        OUTPUT,
        "Format on standard output; auto: a table on a terminal, one line per finding in a pipe.",
        "--format",
        default=Format.AUTO,
    )
    output: list[str] | None = file_option(
        OUTPUT,
        "Also write a report; its extension sets the format, NAME/ is a folder of Parquet by payer "
        "and month. {date} and {stem} are filled in.",
        "--output",
        "-o",
    )
    worklist: str | None = file_option(
        OUTPUT, "Keep the statuses and notes of this earlier workbook in the new one."
    )
    rejects: str | None = file_option(OUTPUT, "Write rows that could not be read, unchanged.")
    by: By = option(OUTPUT, "One row per finding, line or claim.", default=By.FINDING)
    sort: Sort | None = option(
        OUTPUT, "What comes first; if omitted, severity in a table, file order elsewhere."
    )
    limit: int | None = limit_option(
        "Show at most this many claims or rows; 0 shows all. Totals stay exact.", None
    )
    rework_cost: Decimal | None = option(
        OUTPUT,
        "Your cost to rework one line; shows how many lines are worth it.",
        metavar="DOLLARS",
        parser=parse_dollars,
    )
    parts: int | None = option(
        OUTPUT,
        "Check in this many parts, kept on disk meanwhile, in less memory: for CSV, JSON, "
        "JSON lines, Parquet and text. If omitted, only where memory does not hold the lines.",
        metavar="NUMBER|auto",
        parser=parse_parts,
    )
    memory: int | None = option(
        OUTPUT,
        "Take no more memory than this, in parts where it needs them; if omitted, what is free.",
        metavar="4GB",
        parser=parse_memory,
    )
    engine: Engine = option(
        OUTPUT,
        "What checks the lines; spark: a Spark session, to try it (cpt77092[spark] and Java 17).",
        default=Engine.POLARS,
    )
    master: str | None = option(
        OUTPUT, "Where Spark works; local[*] if omitted.", metavar="local[2]"
    )
    not_checked: bool = flag(
        OUTPUT, "List every line that a rule could not check, in JSON.", "--not-checked"
    )
    checked_lines: bool = flag(
        OUTPUT, "List every checked line, also those without a finding, in JSON.", "--checked-lines"
    )
    show_phi: bool = flag(OUTPUT, "Add person_id, which identifies patients.", "--show-phi")
    quiet: bool = flag(
        OUTPUT,
        "Print one line, only if there are findings or the exit code is not 0. With --format: "
        "print findings only.",
        "--quiet",
        "-q",
    )
    verbose: bool = flag(
        OUTPUT, "Print every finding, source and reason not checked.", "--verbose", "-v"
    )
    color: Color = color_option()
    log_format: LogFormat = log_format_option()

    clean_to: str | None = file_option(SPLITTING, "Write the rows of clean claims, unchanged.")
    flagged_to: str | None = file_option(
        SPLITTING, "Write the rows of claims that --fail-on counts or that cannot be judged."
    )
    hold_list: str | None = file_option(
        SPLITTING, "List the claims to hold, with payer and reason, as CSV."
    )
    release_list: str | None = file_option(SPLITTING, "List the claims that may go, as CSV.")
    hold: Hold = option(SPLITTING, "Hold whole claims, or single lines.", default=Hold.CLAIM)

    accepted: str | None = file_option(
        FOLLOWING,
        "File of accepted findings; scrub-accepted.yaml here or above if omitted.",
    )

    since: str | None = file_option(
        FOLLOWING,
        "Compare with this former report, JSON (or CSV): what is new, still open, fixed.",
    )

    fail_on: FailOn = option(EXIT_CODE, "Lowest severity that exits 1.", default=FailOn.ERROR)
    only_new: bool = flag(
        EXIT_CODE,
        "--fail-on counts only findings that the report of --since lacks; splitting holds all.",
        "--only-new",
    )
    exit_zero: bool = flag(EXIT_CODE, "Exit 0 instead of 1.", "--exit-zero")
    allow_rejects: bool = flag(
        EXIT_CODE, "Rows that could not be read do not exit 2.", "--allow-rejects"
    )

    strict: bool = flag(
        EXIT_CODE,
        "Lines with 77092 of an unrecognized payer, not judged on modifier 26, exit 2.",
        "--strict",
    )

    show_settings: bool = flag(
        SETTINGS, "Print every setting and where it comes from.", "--show-settings"
    )

    def run_request(self, payer_names: Sequence[OwnName]) -> Request:
        """The check that the options ask for, with its rules."""
        select = _listed(self.select)
        if self.select and not select:  # as from an empty shell variable: not every rule is meant
            raise UsageError("--select: names no rule; see scrub rules, or omit it to run all")
        if self.only_new and self.since is None:
            raise UsageError("--only-new: new since when? Name a former report: --since NAME.json")
        return replace(
            ClaimOptions.run_request(self, payer_names),
            select=select,
            ignore=_listed(self.ignore),
            extend_select=_listed(self.extend_select),
            show_phi=self.show_phi,
            since=self.since,
            only_new=self.only_new,
        )

    def recorded(self) -> dict[str, Any]:
        """The options that a report's manifest records in addition to the request."""
        return {
            "allow_rejects": self.allow_rejects,
            "fail_on": self.fail_on.value,
            "exit_zero": self.exit_zero,
            **({"strict": True} if self.strict else {}),
            "rework_cost": None if self.rework_cost is None else float(self.rework_cost),
            **({"by": self.by.value} if self.by is not By.FINDING else {}),
            **({"sort": self.sort.value} if self.sort else {}),
        }


@with_options
def check(ctx: typer.Context, options: CheckOptions) -> None:
    """Check claim lines before you submit them.

    Shows which lines will be denied, why, and what to change, each with its source.

    Exit codes: 0 no finding at or above --fail-on, 1 findings, 2 not everything could be checked,
    3 a bug in scrub.

    Every option can also be set in scrub.yaml (fail-on: warning) or in the environment
    (SCRUB_FAIL_ON=warning), except --show-phi, --show-settings and --isolated.

    Example: scrub check claims.csv -o worklist.csv
    """
    if options.show_settings:
        from cpt77092.cli.configured import settings_text

        typer.echo(settings_text(ctx))
        raise typer.Exit

    from cpt77092.claims.quotable import cells_revealed
    from cpt77092.readers.memory import bounded
    from cpt77092.reports.files import output_locks
    from cpt77092.reports.progress import Watch
    from cpt77092.run import read_before

    log = ctx.ensure_object(Log)
    log.quiet = options.quiet
    request = with_accepted(request_of(ctx, options), options.accepted)
    files = output_files(request, options)
    names = [("-o", name) for name in (*dict(files.reports), *files.tables)] + files.others
    read = (options.payers, options.worklist, request.accepted, request.since)
    require_no_input(request, names, (settings_of(ctx).path, *read))
    ctx.with_resource(cells_revealed(is_wanted=options.show_phi))
    ctx.with_resource(bounded(options.memory))
    states = request.states()
    options = for_parts(options, request, files)
    worklist, before = _former_worklist(options, files), read_before(request)
    ctx.with_resource(output_locks([name for name, _ in files.reports], others=files.others))
    _log_start(ctx, request, options, log)
    with Watch(quiet=options.quiet or log.is_json, color=options.color) as watch:
        asked = _Asked(ctx, request, options, files, log, watch.step)
        options, report = _report_that_fits(asked, before)
    report = replace(report, worklist=worklist, states=states)
    with Watch(quiet=options.quiet or log.is_json, color=options.color) as watch:
        split, unwritten = _write_files(report, files, options, log, watch.step)
    if not options.quiet or options.form is not Format.AUTO:
        unwritten += _print_findings(report, options.form)
    if unwritten:
        raise OutputError(*unwritten)
    if options.quiet:
        _print_one_line(report, files, options, log)
    if not report.quiet:
        report.print_files(split, files.parts, files.lists)
    log.finished(report.exit_code, report.why)
    raise typer.Exit(report.exit_code)


def _log_start(ctx: typer.Context, request: Request, options: CheckOptions, log: Log) -> None:
    log.event(
        "started",
        version=__version__,
        as_of=str(request.as_of),
        claims=options.claims,
        settings=request.settings,
    )
    settings = settings_of(ctx)
    weakening = [name for name in from_file(ctx) if settings.weakens(name)]
    if weakening and (log.is_json or log.quiet):  # elsewhere the summary says it
        log.trouble("settings", [f"{settings.in_force(weakening)}: settings that weaken the check"])


def _former_worklist(options: CheckOptions, files: OutputFiles) -> FormerWorklist | None:
    """The workbook of `--worklist`, read before a long run."""
    if options.worklist is None:
        return None
    from cpt77092.reports.check.former_worklist import read_worklist

    if Format.XLSX not in (options.form, *dict(files.reports).values()):
        raise UsageError("--worklist: only a new workbook can keep its notes; add -o NAME.xlsx")
    return read_worklist(options.worklist)


@frozen
class _Asked:
    """A check that was asked for, and where it tells how far it is."""

    ctx: typer.Context
    request: Request
    options: CheckOptions
    files: OutputFiles
    log: Log
    progress: Callable[..., None]


def _report_that_fits(asked: _Asked, before: Before) -> tuple[CheckOptions, Report]:
    """Check the claims, in parts where memory does not hold them at once; with what was changed."""
    if asked.options.parts is None:
        try:
            return asked.options, _report(asked, before)
        except NoRoomError as problem:
            options = in_parts_instead(
                problem, asked.options, asked.request, asked.files, asked.log
            )
            asked = replace(asked, options=options)
    return asked.options, _report_of_parts(asked)


def _report(asked: _Asked, before: Before) -> Report:
    """Check the claims; the run as it is to be reported."""
    from cpt77092 import findings
    from cpt77092.run import run

    result = run(asked.request, asked.progress)
    asked.progress("Adding up")
    result, accepted, comparison = before.applied(result)
    totals = findings.totals(
        result,
        rework_cost=asked.options.rework_cost,
        without=asked.request.without,
        accepted=accepted,
        comparison=comparison,
    )
    return _as_asked(asked, result, totals, accepted=accepted)


def _report_of_parts(asked: _Asked) -> Report:
    """Check the claims in parts; their findings are on disk until the command ends."""
    from cpt77092.findings.totals import add_up

    checked = asked.ctx.with_resource(_checked_parts(asked))
    asked.progress("Adding up")
    rework_cost, without = asked.options.rework_cost, asked.request.without
    totals = add_up(checked.sums, checked.result, rework_cost=rework_cost, without=without)
    return _as_asked(asked, checked.result, totals, parts=checked)


def _checked_parts(asked: _Asked) -> AbstractContextManager[CheckedParts]:
    request, options, progress = asked.request, asked.options, asked.progress
    parts, rework_cost = options.parts or None, options.rework_cost
    if options.engine is Engine.SPARK:
        from cpt77092.spark.files import run_on_spark

        master = options.master or "local[*]"
        return run_on_spark(request, master, parts, rework_cost=rework_cost, progress=progress)
    from cpt77092.run import run_in_parts

    return run_in_parts(
        request,
        parts,
        rework_cost=rework_cost,
        extra=_extra(options),
        limit=_findings_asked_for(options, asked.files),
        progress=progress,
    )


def _findings_asked_for(options: CheckOptions, files: OutputFiles) -> int | None:
    """How many of the first findings are printed or written; None for all."""
    if files.reports or files.datasets or files.tables:
        return None
    if options.quiet and options.form is Format.AUTO:
        return 0
    return options.limit or None if options.form is Format.CONCISE else None


def _extra(options: CheckOptions) -> tuple[str, ...]:
    return ("person_id",) if options.show_phi else ()


def _as_asked(asked: _Asked, result: Result, totals: Totals, **more: Any) -> Report:
    """A run as its user wants it reported."""
    from cpt77092.reports.check.report import Report

    options, log = asked.options, asked.log
    log.result(result, totals)
    code, why = exit_code(totals, options)
    return Report(
        **more,
        result=result,
        totals=totals,
        options={**asked.request.recorded(), **options.recorded()},
        exit_code=code,
        why=why,
        limit=options.limit,
        by=options.by,
        sort=options.sort,
        extra=_extra(options),
        not_checked=options.not_checked,
        checked_lines=options.checked_lines,
        quiet=options.quiet or log.is_json,
        verbose=options.verbose,
        color=options.color,
    )


def _write_files(
    report: Report,
    files: OutputFiles,
    options: CheckOptions,
    log: Log,
    progress: Callable[[str], None],
) -> tuple[Split | None, list[str]]:
    """Write reports and parts; the split batch, and a sentence per file not written."""
    unwritten = report.write_files(
        files.reports,
        datasets=files.datasets,
        tables=files.tables,
        rejects=files.rejects,
        progress=progress,
    )
    if not (files.parts or files.lists):
        return None, unwritten
    reason = unchecked_columns(report.totals, strict=options.strict)
    if unreadable := report.totals.unreadable_files:
        reason = f"{count(unreadable, 'file')} could not be read and may hold lines of these claims"
    if reason:
        skipped = [
            f"{option} {name}: not written, since {reason}"
            for option, name in (*files.parts.values(), *files.lists.values())
        ]
        return None, unwritten + skipped
    progress("Splitting")
    split = _split(report, options)
    return split, unwritten + report.write_parts(split, files.parts, files.lists, log)


def _split(report: Report, options: CheckOptions) -> Split:
    from cpt77092.split import Split

    severities = failing_severities(options.fail_on)
    accepted = None if report.accepted is None else report.accepted.lines_with(severities)
    return Split(
        result=report.result,
        severities=severities,
        accepted_lines=accepted,
        with_unchecked=options.fail_on is FailOn.NOT_CHECKED,
        with_unjudged=Without.PAYER not in (options.without or ()),
        whole_claims=options.hold is Hold.CLAIM,
    )


def _print_findings(report: Report, form: Format) -> list[str]:
    """Print the findings; a sentence if standard output cannot be written."""
    try:
        report.print(form)
    except BrokenPipeError:
        raise
    except OSError as problem:
        return [unwritable_output(problem)]
    return []


def unwritable_output(problem: OSError) -> str:
    """Why standard output cannot be written."""
    return f"standard output: cannot be written ({problem.strerror})"


def _print_one_line(report: Report, files: OutputFiles, options: CheckOptions, log: Log) -> None:
    """Print all that a quiet run says: why not all was checked, or what was found and where it is.

    Info findings alone are no reason to print: nearly every batch has some.
    """
    from cpt77092.reports.check import summary

    totals = report.totals
    if totals.unreadable_files:
        return  # the log has named each of them
    if report.exit_code == Exit.UNCHECKED:
        log.trouble("unchecked", [summary.unchecked(report.result, report.why)])
    elif options.form is not Format.AUTO:
        return  # the findings themselves were printed
    elif totals.error_lines or totals.warning_lines or report.exit_code == Exit.FINDINGS:
        numbers = [count(n, severity) for severity, n in totals.by_severity.items() if n]
        what = ", ".join(numbers) or report.why
        where = f" Worklist: {files.reports[0][0]}" if files.reports else ""
        reason = summary.exit_reason(totals, report.exit_code, report.why)
        texts = [f"{what}. {summary.headline(totals)}{where}", reason]
        log.trouble("findings", [" ".join(filter(None, texts))])


def _listed(prefixes: Sequence[str] | None) -> list[str]:
    """`--select MO,UN001 --select PO` as a flat list."""
    return [part.strip() for text in prefixes or () for part in text.split(",") if part.strip()]
