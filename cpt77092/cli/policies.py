"""`scrub policies`: list, show, check, test, set and import payer policies."""

from __future__ import annotations

from dataclasses import MISSING
from datetime import date
from pathlib import Path
from typing import Any

import typer

from cpt77092.choices import Color, PageFormat
from cpt77092.cli.compare import diff
from cpt77092.cli.configured import ConfigurableCommand, ProfileCommand
from cpt77092.cli.exits import Exit
from cpt77092.cli.options import (
    EXIT_CODE,
    OUTPUT,
    POLICIES,
    PolicyOptions,
    SettingsOptions,
    ShownPolicyOptions,
    argument,
    color_option,
    complete_payer,
    day_option,
    flag,
    option,
    policy_folder_option,
    today,
    with_options,
)
from cpt77092.errors import UsageError
from cpt77092.frozen import frozen
from cpt77092.text import count, safe

policies_app = typer.Typer(
    name="policies",
    help="List, show, check, test, set and import payer policies.",
    epilog="Example: scrub policies show medicare",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def _folder_argument() -> Any:
    text = "Your folder; if omitted, that of --policies, or else the packaged policies."
    return argument("FOLDER", text, default=None)


def _payer_argument() -> Any:
    text = "A policy's key, a payer's name or its payer ID."
    return argument("PAYER", text, autocompletion=complete_payer)


@frozen(kw_only=True)
class ListOptions(SettingsOptions):
    """The options of `scrub policies list`."""

    policies: Path | None = policy_folder_option()
    form: PageFormat = option(OUTPUT, "Format of the list.", "--format", default=PageFormat.TABLE)
    color: Color = color_option()


policies_app.command("diff", cls=ProfileCommand)(diff)


@policies_app.command("list", cls=ConfigurableCommand)
@with_options
def list_policies(_ctx: typer.Context, options: ListOptions) -> None:
    """List the policies.

    Example: scrub policies list
    """
    from cpt77092.policies import load_policies
    from cpt77092.reports import reference_pages
    from cpt77092.reports.console import make_console

    policies = load_policies(options.policies)
    if options.form is PageFormat.JSON:
        typer.echo(reference_pages.as_json(reference_pages.policies_list(policies)))
    else:
        reference_pages.show_policies(make_console(options.color), policies)


@frozen(kw_only=True)
class ShowOptions(ShownPolicyOptions):
    """The argument and options of `scrub policies show`."""

    payer: str = _payer_argument()
    form: PageFormat = option(OUTPUT, "Format of the policy.", "--format", default=PageFormat.TABLE)


@policies_app.command("show", cls=ConfigurableCommand)
@with_options
def show_policy(_ctx: typer.Context, options: ShowOptions) -> None:
    """Show what a payer requires on a date, with sources.

    Example: scrub policies show medicare --on 2024-06-01
    """
    from cpt77092.policies.payer_names import require_payer
    from cpt77092.reports import reference_pages
    from cpt77092.reports.console import make_console

    policies = options.policy_set()
    payer = require_payer(policies, options.payer)
    if options.form is PageFormat.JSON:
        records = reference_pages.policy_records(policies, payer, options.day)
        typer.echo(reference_pages.as_json(records))
    else:
        reference_pages.show_policy(make_console(options.color), policies, payer, options.day)


@frozen(kw_only=True)
class CheckPoliciesOptions(PolicyOptions):
    """The argument and options of `scrub policies check`."""

    folder: Path | None = _folder_argument()
    max_age: int | None = option(
        POLICIES, "Warn about sources checked longer ago than this.", metavar="DAYS", min=0
    )
    strict: bool = flag(EXIT_CODE, "Exit 2 if there is any warning.", "--strict")


@policies_app.command("check", cls=ConfigurableCommand)
@with_options
def check_policies(_ctx: typer.Context, options: CheckPoliciesOptions) -> None:
    """Check policy files for mistakes.

    Lists every error, warning and note with its file and line. Warnings are entries that others
    hide, dates with nothing in force, and outdated sources.

    Exit codes: 0 no error, 2 errors (with --strict: or warnings).

    Example: scrub policies check my-policies --max-age 365
    """
    from cpt77092.policies import load_policies
    from cpt77092.policies.examples import read_examples
    from cpt77092.policies.load import packaged_folder
    from cpt77092.policy_lint import lint
    from cpt77092.rule import Severity
    from cpt77092.rules.selection import with_own

    folder = options.folder or options.policies
    loaded = load_policies(folder, trust_packaged=False)
    rules = with_own(loaded.rules)
    read_examples(folder or packaged_folder(), [rule.code for rule in rules])
    notes = lint(loaded, rules, today=options.day, max_age=options.max_age)
    if folder is not None:  # the user cannot fix the packaged files
        notes = [n for n in notes if n.where is None or Path(n.where.file).parent == folder]
    for note in notes:
        typer.echo(safe(str(note)))
    warnings = sum(note.level is Severity.WARNING for note in notes)
    numbers = f": {count(warnings, 'warning')}, {count(len(notes) - warnings, 'note')}"
    values = sum(len(policy.values) for policy in loaded.policies.values())
    own = f", {count(len(loaded.rules), 'own rule')}" if loaded.rules else ""
    typer.echo(
        f"No {'errors' if notes else 'problems'} in {len(loaded.policies)} policies, "
        f"{values} values{own} ({' and '.join(loaded.origin)}){numbers if notes else ''}."
    )
    if warnings and options.strict:
        raise typer.Exit(Exit.UNCHECKED)


@frozen(kw_only=True)
class ExamplesOptions(SettingsOptions):
    """The argument and options of `scrub policies test`."""

    folder: Path | None = _folder_argument()
    policies: Path | None = policy_folder_option()


@policies_app.command("test", cls=ConfigurableCommand)
@with_options
def run_policy_examples(_ctx: typer.Context, options: ExamplesOptions) -> None:
    """Run the example claim lines of policy files.

    Each example that comes out otherwise is shown with the value that decided, and its source.
    Examples stand at the end of a policy file, below a line of ---.

    Exit codes: 0 all as expected, 1 one is not, 2 the files have mistakes or no examples.

    Example: scrub policies test my-policies
    """
    from cpt77092.analysis.policy_examples import run_examples

    folder = options.folder or options.policies
    tested = run_examples(folder)
    for failure in tested.failures:
        for line in failure.lines():
            typer.echo(safe(line))
    for name in tested.without:
        typer.echo(safe(f"{name} has no examples."))
    numbers = f"{count(tested.examples, 'example')} in {count(tested.files, 'file')}"
    typer.echo(f"{numbers} ({folder or 'packaged'}): {tested.verdict()}")
    if tested.failures:
        raise typer.Exit(Exit.FINDINGS)


@frozen(kw_only=True)
class SetOptions(PolicyOptions):
    """The arguments and options of `scrub policies set`."""

    payer: str = _payer_argument()
    parameter: str = argument("PARAMETER", "What the payer answered about: modifier_26.")
    value: str = argument("VALUE", "Its answer, as policy files write it: not_allowed.")
    code: str = option(POLICIES, "Code or group of codes it holds for.", default="77092")
    first_day: date | None = day_option(
        POLICIES, "First day it holds, YYYY-MM-DD; today if omitted.", "--from"
    )
    source: str = option(
        POLICIES, "How the payer answered: call reference, letter, page.", default=MISSING
    )
    document: bool = flag(
        POLICIES,
        "The source is a document that you read, not what somebody told you.",
        "--document",
    )
    by: str = option(POLICIES, "Who records the answer.", metavar="NAME", default="")


@policies_app.command("set", cls=ConfigurableCommand)
@with_options
def set_value(_ctx: typer.Context, options: SetOptions) -> None:
    """Record a payer's answer in your policy folder.

    The next run is firm on it. An answer that somebody told you makes errors, but no safe fixes.

    Example: scrub policies set aetna modifier_26 not_allowed --from 2026-01-01 --source "Call 4711"
    --policies my-policies
    """
    from cpt77092.policies import load_policies
    from cpt77092.policies.payer_names import require_payer
    from cpt77092.policies.user_files import Answer, text_with
    from cpt77092.reports.files import write_text

    folder = _own_folder(options.policies)
    folder.mkdir(parents=True, exist_ok=True)
    has_files = any(folder.glob("*.yaml"))
    by = f" by {options.by}" if options.by else ""
    answer = Answer(
        payer=require_payer(load_policies(folder if has_files else None), options.payer),
        code=options.code,
        parameter=options.parameter,
        value=options.value,
        first_day=options.first_day or options.day,
        source=options.source,
        is_document=options.document,
        recorded=f"recorded on {options.day}{by}",
    )
    file = folder / f"{answer.payer}.yaml"
    write_text(str(file), text_with(folder, answer), option="--policies")
    typer.echo(
        f"{file}: {answer.parameter} on {answer.code} is {answer.value} from {answer.first_day}."
    )


@frozen(kw_only=True)
class ImportOptions(SettingsOptions):
    """The arguments and options of `scrub policies import`."""

    files: list[str] = argument("FILES", "Files as CMS or NCHS publishes them, zipped or not.")
    policies: Path | None = policy_folder_option()
    dry_run: bool = flag(OUTPUT, "Show what would change; write nothing.", "--dry-run")
    first_day: date | None = day_option(
        POLICIES,
        "First day the file holds, YYYY-MM-DD, if its name and title do not say.",
        "--from",
    )
    replace: bool = flag(POLICIES, "Replace values of the same day from another file.", "--replace")
    qp: bool = flag(POLICIES, "Take the fees of qualifying APM participants.", "--qp")
    color: Color = color_option()


@policies_app.command("import", cls=ConfigurableCommand)
@with_options
def import_files(_ctx: typer.Context, options: ImportOptions) -> None:
    """Take the values of our codes from files that CMS and NCHS publish.

    Files are recognized by their columns: the fee schedule (PPRRVU), cost indices of localities
    (GPCI), unit limits (MUE), code pairs (PTP), ICD-10-CM codes, HCPCS modifiers, places of
    service, and X12's lists of CARCs and RARCs. Nothing is downloaded. Values are written into your
    policy folder with source and digest, after the changes are shown; the packaged policies stay
    as they are.

    Example: scrub policies import rvu26d.zip --policies my-policies --dry-run
    """
    from cpt77092.cms_files import Options, read_files
    from cpt77092.cms_files.plan import plan_import
    from cpt77092.reports.console import make_console
    from cpt77092.reports.files import write_text
    from cpt77092.reports.imports import show_plan

    folder = _own_folder(options.policies)
    choices = Options(first_day=options.first_day, is_qualifying_participant=options.qp)
    reading = read_files(options.files, choices)
    plan = plan_import(reading.extracts, folder, today=today(), replace=options.replace)
    show_plan(make_console(options.color), reading, plan)
    if options.dry_run:
        typer.echo("Nothing was written (--dry-run).")
        return
    for name, text in plan.texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_text(str(folder / name), text, option="--policies")
        typer.echo(f"Wrote {folder / name}.")


@frozen(kw_only=True)
class StatusOptions(PolicyOptions):
    """The options of `scrub policies status`."""

    form: PageFormat = option(OUTPUT, "Format of the table.", "--format", default=PageFormat.TABLE)
    color: Color = color_option()


@policies_app.command("status", cls=ConfigurableCommand)
@with_options
def show_table_status(_ctx: typer.Context, options: StatusOptions) -> None:
    """Show until when each CMS table on file is good.

    Example: scrub policies status --policies my-policies
    """
    from cpt77092.policies import load_policies
    from cpt77092.policies.national_tables import coverages
    from cpt77092.reports import reference_pages
    from cpt77092.reports.console import make_console
    from cpt77092.reports.imports import show_status, status_records

    covered = coverages(load_policies(options.policies))
    if options.form is PageFormat.JSON:
        typer.echo(reference_pages.as_json(status_records(covered, options.day)))
    else:
        folder = str(options.policies or "FOLDER")
        show_status(make_console(options.color), covered, options.day, folder)


def _own_folder(folder: Path | None) -> Path:
    if folder is None:
        raise UsageError("name the folder of your policies with --policies DIR")
    return folder


@policies_app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of a policy file, for editors.

    Example: scrub policies schema > policy.schema.json
    """
    from cpt77092.policies.schema import json_schema
    from cpt77092.reports import reference_pages

    typer.echo(reference_pages.as_json(json_schema()))
