"""The `scrub` command: parse, call, print, exit. No claim logic.

Polars and everything that needs it are imported inside the commands, so that `--version` and
`--help` answer at once.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from datetime import date
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cpt77092 import __version__
from cpt77092.errors import OutputError, ScrubError, UsageError
from cpt77092.reports.choices import Color, Format
from cpt77092.suggest import did_you_mean

if TYPE_CHECKING:
    from cpt77092.findings import Totals
    from cpt77092.policies import PolicySet

app = typer.Typer(
    name="scrub",
    help="Check trabecular bone score claim lines (CPT 77092 and family) before you submit them.",
    epilog="scrub CLAIMS... is short for scrub check CLAIMS...",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
policies_app = typer.Typer(
    help="List, show and check the payers' policies.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(policies_app, name="policies")

COMMANDS = ("check", "rules", "explain", "policies", "columns")


class Exit(IntEnum):
    """Exit codes; the highest that applies is given, and 130 when interrupted."""

    CLEAN = 0
    FINDINGS = 1
    UNCHECKED = 2
    BUG = 3
    INTERRUPTED = 130


class PageFormat(StrEnum):
    """How pages are printed."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"


class FailOn(StrEnum):
    """What makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NOT_CHECKED = "not-checked"
    NEVER = "never"


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:  # fromisoformat alone takes 20260131 too
        raise typer.BadParameter(f"{text!r} is not a date; write YYYY-MM-DD")
    return day


Day = Annotated[
    date | None,
    typer.Option(parser=_day, metavar="DATE", help="The day to look from; today if left out."),
]
PoliciesDir = Annotated[
    Path | None,
    typer.Option("--policies", envvar="SCRUB_POLICIES", help="A folder of your own policy files."),
]
Colors = Annotated[Color, typer.Option(envvar="SCRUB_COLOR", help="Colour the output.")]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)
    ] = False,
) -> None:
    if version:
        typer.echo(f"scrub {__version__}")
        raise typer.Exit


@app.command()
def check(
    claims: Annotated[
        list[str],
        typer.Argument(help="Claim files, folders or patterns; - reads standard input."),
    ],
    payer: Annotated[
        str | None,
        typer.Option(envvar="SCRUB_PAYER", help="Judge every line by this payer's policy."),
    ] = None,
    as_of: Annotated[
        date | None,
        typer.Option(parser=_day, metavar="DATE", help="The day of the check; today if left out."),
    ] = None,
    policies: PoliciesDir = None,
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=HEADER", help="Read a column from this header."),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(envvar="SCRUB_SELECT", help="Only these rules (codes or prefixes)."),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(envvar="SCRUB_IGNORE", help="Leave these rules out.")
    ] = None,
    extend_select: Annotated[
        list[str] | None, typer.Option(help="These rules too, beside --select.")
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(envvar="SCRUB_FAIL_ON", help="What makes the exit code 1.")
    ] = FailOn.ERROR,
    exit_zero: Annotated[bool, typer.Option(help="Exit 0 in place of 1.")] = False,
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
        typer.Option("--output", "-o", help="Also write a report; the ending says which kind."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=0, help="Show at most so many findings; 0 shows all. Counts stay exact."),
    ] = None,
    not_checked: Annotated[
        bool, typer.Option("--not-checked", help="List every line not checked, in JSON.")
    ] = False,
    show_phi: Annotated[
        bool, typer.Option("--show-phi", help="Add person_id, which identifies patients.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Findings only; nothing at all with -o.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Infos one by one, and every reason.")
    ] = False,
    color: Colors = Color.AUTO,
) -> None:
    """Check claim lines and say which will be denied, why, on whose word, and what to change.

    Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 not all could be checked, 3 a bug of
    ours.

    Example: scrub claims.csv -o worklist.csv
    """
    from cpt77092 import findings
    from cpt77092.reports.report import Report
    from cpt77092.run import Request, run

    request = Request(
        paths=claims,
        as_of=as_of or date.today(),  # noqa: DTZ011 - the user's own calendar day is meant
        payer=payer,
        policies=policies,
        overrides=dict(_overrides(map_ or [])),
        select=_listed(select),
        ignore=_listed(ignore),
        extend_select=_listed(extend_select),
        show_phi=show_phi,
    )
    outputs = _outputs(output or [])
    result = run(request)
    totals = findings.totals(result)
    code, why = exit_code(totals, fail_on, exit_zero=exit_zero)
    report = Report(
        result=result,
        totals=totals,
        options={
            "payer": payer,
            "map": request.overrides,
            "select": request.select,
            "ignore": request.ignore,
            "extend_select": request.extend_select,
            "fail_on": fail_on.value,
            "exit_zero": exit_zero,
            "show_phi": show_phi,
        },
        exit_code=code,
        why=why,
        limit=limit,
        extra=("person_id",) if show_phi else (),
        not_checked=not_checked,
        quiet=quiet,
        verbose=verbose,
        color=color,
    )
    for name, form in outputs:
        report.write_file(name, form)
    if not (quiet and outputs):
        try:
            report.print(format_)
        except BrokenPipeError:
            raise
        except OSError as problem:
            raise OutputError(f"standard output: cannot be written ({problem.strerror})") from None
    raise typer.Exit(code)


def exit_code(totals: Totals, fail_on: FailOn, *, exit_zero: bool) -> tuple[Exit, str]:
    """The exit code of a finished run, and why."""
    from cpt77092.rule import Severity

    rejected = totals.tally.rejected
    if rejected:
        return Exit.UNCHECKED, f"{rejected} rows could not be read"
    if totals.tally.rows == totals.tally.no_code + totals.tally.not_data:
        return Exit.UNCHECKED, "no row has a procedure code"
    counts = totals.by_severity
    ranks = {
        FailOn.ERROR: (Severity.ERROR,),
        FailOn.WARNING: (Severity.ERROR, Severity.WARNING),
        FailOn.INFO: tuple(Severity),
        FailOn.NOT_CHECKED: tuple(Severity),
        FailOn.NEVER: (),
    }
    found = sum(counts[severity] for severity in ranks[fail_on])
    unchecked = len(totals.not_checked) if fail_on is FailOn.NOT_CHECKED else 0
    if found or unchecked:
        why = f"{found} findings" if found else "rules that could not be checked"
        code = Exit.CLEAN if exit_zero else Exit.FINDINGS
        return code, f"{why} at or above --fail-on {fail_on}"
    return Exit.CLEAN, f"no finding at or above --fail-on {fail_on}"


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
    from cpt77092.reports import pages
    from cpt77092.reports.console import make_console
    from cpt77092.rules import CATALOGUE

    if format_ is PageFormat.MARKDOWN:
        typer.echo(pages.rules_markdown(CATALOGUE))
    elif format_ is PageFormat.JSON:
        typer.echo(pages.as_json(pages.rules_records(CATALOGUE)))
    else:
        pages.show_rules(make_console(color), CATALOGUE)


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(help="A rule's code or name, like MO001.")],
    on: Day = None,
    policies: PoliciesDir = None,
    color: Colors = Color.AUTO,
) -> None:
    """Print one rule's page, then every payer's value, date and source.

    Example: scrub explain MO001
    """
    from cpt77092.policies import load_policies
    from cpt77092.reports import pages
    from cpt77092.reports.console import make_console
    from cpt77092.rules import CATALOGUE

    found = [r for r in CATALOGUE if rule.upper() == r.code or rule.lower() == r.name]
    if not found:
        known = [r.code for r in CATALOGUE]
        raise UsageError(f"no rule {rule!r}{did_you_mean(rule.upper(), known)}; see scrub rules")
    pages.explain(make_console(color), found[0], load_policies(policies), on or _today())


@app.command()
def columns(
    claims: Annotated[str, typer.Argument(help="A claim file.")],
    map_: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=HEADER", help="As in check.")
    ] = None,
    color: Colors = Color.AUTO,
) -> None:
    """Print how the headers of a file are understood.

    Example: scrub columns claims.csv
    """
    from cpt77092.readers import find_files, open_claims
    from cpt77092.reports import pages
    from cpt77092.reports.console import make_console

    overrides = dict(_overrides(map_ or []))
    for path in find_files([claims]):
        pages.show_columns(make_console(color), open_claims(path, overrides))


@policies_app.command("list")
def policies_list(
    format_: Annotated[PageFormat, typer.Option("--format", help="How to print.")] = (
        PageFormat.TABLE
    ),
    policies: PoliciesDir = None,
    color: Colors = Color.AUTO,
) -> None:
    """List the policies.

    Example: scrub policies list
    """
    from cpt77092.policies import load_policies
    from cpt77092.reports import pages
    from cpt77092.reports.console import make_console

    loaded = load_policies(policies)
    if format_ is PageFormat.JSON:
        typer.echo(pages.as_json(pages.policies_list(loaded)))
    else:
        pages.show_policies(make_console(color), loaded)


@policies_app.command("show")
def policies_show(
    payer: Annotated[str, typer.Argument(help="A policy's key, a payer's name or its id.")],
    on: Day = None,
    format_: Annotated[PageFormat, typer.Option("--format", help="How to print.")] = (
        PageFormat.TABLE
    ),
    policies: PoliciesDir = None,
    color: Colors = Color.AUTO,
) -> None:
    """Print what a payer demands on a day, each value with its source.

    Example: scrub policies show medicare --on 2024-06-01
    """
    from cpt77092.policies import load_policies
    from cpt77092.reports import pages
    from cpt77092.reports.console import make_console
    from cpt77092.run import require_known_payer

    loaded = load_policies(policies)
    key = require_known_payer(loaded, payer)
    if format_ is PageFormat.JSON:
        typer.echo(pages.as_json(pages.policy_records(loaded, key, on or _today())))
    else:
        pages.show_policy(make_console(color), loaded, key, on or _today())


@policies_app.command("check")
def policies_check(
    folder: Annotated[
        Path | None, typer.Argument(help="Your folder of policy files; ours if left out.")
    ] = None,
) -> None:
    """Check policy files and print every problem with its file and line.

    Example: scrub policies check my-policies
    """
    from cpt77092.policies import load_policies

    loaded: PolicySet = load_policies(folder)
    values = sum(len(policy.values) for policy in loaded.policies.values())
    origin = " and ".join(loaded.origin)
    typer.echo(f"No problems in {len(loaded.policies)} policies, {values} values ({origin}).")


@policies_app.command("schema")
def policies_schema() -> None:
    """Print the JSON Schema of a policy file, for editors.

    Example: scrub policies schema > policy.schema.json
    """
    from cpt77092.policies.schema import json_schema
    from cpt77092.reports import pages

    typer.echo(pages.as_json(json_schema()))


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the user's own calendar day is meant


def _listed(prefixes: list[str] | None) -> list[str]:
    """`--select MO,UN001 --select PO` as a flat list."""
    return [part.strip() for text in prefixes or [] for part in text.split(",") if part.strip()]


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


def _outputs(names: list[str]) -> list[tuple[str, Format]]:
    from cpt77092.reports.files import format_of

    return [(name, format_of(name)) for name in names]


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run `scrub` and exit; the one place where failures become exit codes."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a claim id may hold what a locale cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(_run(given))
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away (`scrub ... | head`): not a failure of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.UNCHECKED)


def _run(arguments: list[str]) -> int:
    try:
        given = _with_default_command(arguments)
        return int(app(given, standalone_mode=False, prog_name="scrub") or 0)
    except ScrubError as problem:
        from cpt77092.reports.text import safe

        for line in problem.lines:
            print(f"scrub: {safe(line)}", file=sys.stderr)
        return Exit.UNCHECKED
    except typer.Exit as stop:
        return int(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as problem:
        show = getattr(problem, "show", None)
        if show is not None:  # the parser's own usage errors print themselves
            show()
            return Exit.UNCHECKED
        return _bug(problem)


def _bug(problem: Exception) -> int:
    """Say that it is ours, with what a report needs and nothing from the claims."""
    frames = traceback.extract_tb(problem.__traceback__)
    here = [frame for frame in frames if "cpt77092" in frame.filename][-3:]
    trail = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(here))
    print(
        f"scrub: this is a bug in scrub {__version__}, not in your claims. Please report: "
        f"{type(problem).__name__} at {trail or 'an unknown place'}",
        file=sys.stderr,
    )
    return Exit.BUG


def _with_default_command(arguments: list[str]) -> list[str]:
    """`scrub claims.csv` and `scrub --payer aetna claims.csv` mean `scrub check ...`."""
    plain = {"-h", "--help", "--version", "--install-completion", "--show-completion"}
    if not arguments or arguments[0] in COMMANDS or arguments[0] in plain:
        return arguments
    first = arguments[0]
    if first.isalpha() and not Path(first).exists():
        raise UsageError(f"{first}: no such file or command{did_you_mean(first, COMMANDS)}")
    return ["check", *arguments]
