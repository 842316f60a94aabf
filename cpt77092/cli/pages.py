"""The commands that explain: `columns`, `payers`, `rules`, `schema`, `explain` and `brief`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cpt77092.choices import Color, ColumnsFormat, DocumentFormat, PageFormat, TableName
from cpt77092.cli.configured import answers_of, settings_of
from cpt77092.cli.exits import exit_if_any
from cpt77092.cli.options import (
    INPUT,
    OUTPUT,
    POLICIES,
    BatchOptions,
    ReadingOptions,
    SettingsOptions,
    ShownPolicyOptions,
    argument,
    color_option,
    complete_payer,
    complete_rule,
    file_option,
    flag,
    option,
    parse_column_map,
    payer_option,
    policy_folder_option,
    with_options,
)
from cpt77092.errors import ClaimsError, UsageError, did_you_mean
from cpt77092.frozen import frozen
from cpt77092.text import count, safe

if TYPE_CHECKING:
    from cpt77092.claims.headers import Question
    from cpt77092.policies.payer_names import SpellingCount
    from cpt77092.readers import OpenedFile, Options
    from cpt77092.rule import Rule


@frozen(kw_only=True)
class ColumnsOptions(ReadingOptions):
    """The argument and options of `scrub columns`."""

    claims: str = argument("FILE", "A claim file.")
    history: bool = option(INPUT, "The file is of earlier claims, as of check --history.")
    save: str | None = option(
        OUTPUT, "Save the answers as a layout; files with these headers use it.", metavar="NAME"
    )
    form: ColumnsFormat = option(
        OUTPUT, "table, or yaml for a --layout file.", "--format", default=ColumnsFormat.TABLE
    )
    color: Color = color_option()


@with_options
def columns(ctx: typer.Context, options: ColumnsOptions) -> None:
    """Show how the columns of a claim file are recognized.

    Each column comes with sample values; patient data is masked. Headers that are likely, asked
    for or only look like a column are named, each with the answer to type.

    Example: scrub columns claims.csv --map hcpcs_modifier_1=MOD_X --save epic
    """
    from cpt77092.claims.layouts import load_layout, saved_layouts
    from cpt77092.readers import Options, find_files, open_claims
    from cpt77092.reports import reference_pages
    from cpt77092.reports.console import make_console

    reading = Options(
        overrides=parse_column_map(options.column_map),
        encoding=options.encoding,
        sheet=options.sheet,
        layout=load_layout(options.layout) if options.layout else None,
        saved_layouts=() if options.isolated else saved_layouts(answers_of(ctx)["layouts"]),
        of_history=options.history,
    )
    for path in find_files([options.claims]):
        opened = open_claims(path, reading)
        if options.save:
            typer.echo(_save(opened, options.save, _asked(opened, reading)))
        elif options.form is ColumnsFormat.YAML:
            typer.echo(reference_pages.layout_yaml(opened), nl=False)
        else:
            console, asked = make_console(options.color), _asked(opened, reading)
            reference_pages.show_columns(console, opened, asked)


def _asked(opened: OpenedFile, options: Options) -> tuple[Question, ...]:
    """What a check would ask of the columns of a file: of some, only all rows can tell."""
    from cpt77092.policies import load_policies
    from cpt77092.readers.batch import late_questions
    from cpt77092.reference.codes import CHECKED

    if options.of_history or not opened.headers.silent.words:
        return opened.headers.asked
    scope = CHECKED | load_policies().partner_codes()
    try:
        late = late_questions(opened, scope, options)
    except ClaimsError:  # a check will say so
        late = ()
    return (*opened.headers.asked, *late)


def _save(opened: OpenedFile, name: str, asked: Sequence[Question]) -> str:
    """Keep how the headers of a file are understood; a sentence on where, and what is open."""
    from cpt77092.claims.layouts import fitting, saved_layouts
    from cpt77092.cli.settings import layout_folder
    from cpt77092.readers import require_columns
    from cpt77092.reports.files import write_text
    from cpt77092.reports.reference_pages import layout_yaml

    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise UsageError(f"--save {name}: name it with letters, digits, - and _, as in --save epic")
    require_columns(opened)
    folder = layout_folder()
    other = fitting(saved_layouts(str(folder)), opened.names)
    if other is not None and other.name != name:
        raise UsageError(f"--save {name}: these headers are saved already, as {other.name}")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{name}.yaml"
    write_text(str(file), layout_yaml(opened, name), option="--save")
    still_open = [f"Still asked: {question}" for question in asked]
    used = f"Saved {file}: used for every file with these {count(len(opened.names), 'header')}."
    return "\n".join([used, *still_open])


@frozen(kw_only=True)
class RulesOptions(SettingsOptions):
    """The options of `scrub rules`."""

    policies: Path | None = policy_folder_option()
    form: PageFormat = option(OUTPUT, "Format of the list.", "--format", default=PageFormat.TABLE)
    names: bool = flag(OUTPUT, "List what rules of your own may use instead.", "--names")
    color: Color = color_option()


@with_options
def rules(_ctx: typer.Context, options: RulesOptions) -> None:
    """List the rules, with your own from --policies.

    --names lists the columns, facts, parameters and functions that conditions of own rules may use.

    Example: scrub rules --policies my-policies
    """
    from cpt77092.policies import load_policies
    from cpt77092.reports import reference_pages, schema_pages
    from cpt77092.reports.console import make_console
    from cpt77092.rules.selection import with_own

    if options.names:
        schema_pages.print_names(options.form, options.color)
        return
    own = load_policies(options.policies).rules if options.policies is not None else ()
    catalogue = with_own(own)
    if options.form is PageFormat.MARKDOWN:
        typer.echo(reference_pages.rules_markdown(catalogue))
    elif options.form is PageFormat.JSON:
        typer.echo(reference_pages.as_json(reference_pages.rules_records(catalogue)))
    else:
        reference_pages.show_rules(make_console(options.color), catalogue)


@frozen(kw_only=True)
class SchemaOptions:
    """The argument and options of `scrub schema`."""

    table: TableName = argument("TABLE", "findings, lines, claims, or another table.")
    form: PageFormat = option(OUTPUT, "Format of the list.", "--format", default=PageFormat.TABLE)
    color: Color = color_option()


@with_options
def schema(_ctx: typer.Context, options: SchemaOptions) -> None:
    """Show the columns of a machine-readable table.

    Names, types, and meanings. Tables: findings, lines, claims, checked-lines, not-checked, totals.

    Example: scrub schema findings --format json
    """
    from cpt77092.reports import schema_pages
    from cpt77092.reports.console import make_console

    if options.form is PageFormat.JSON:
        typer.echo(schema_pages.schema_json(options.table))
    elif options.form is PageFormat.MARKDOWN:
        typer.echo(schema_pages.schema_markdown(options.table))
    else:
        schema_pages.show_schema(make_console(options.color), options.table)


@frozen(kw_only=True)
class ExplainOptions(ShownPolicyOptions):
    """The argument and options of `scrub explain`."""

    rule: str = argument("RULE", "A rule's code or name, like MO001.", autocompletion=complete_rule)
    payer: str | None = payer_option(POLICIES, "Only this payer's answer.")
    code: str | None = option(POLICIES, "Only this procedure code.", metavar="CODE")
    letter: bool = flag(
        OUTPUT,
        "Print a paragraph to cite in a letter, such as an appeal; needs --payer.",
        "--letter",
    )


@with_options
def explain(_ctx: typer.Context, options: ExplainOptions) -> None:
    """Explain one rule, with each payer's answer and its source.

    --letter prints the payer's rule with its citation instead, for --on, the date of service. What
    is secondary is marked; what is only recalled is refused.

    Example: scrub explain MO001 --payer medicare --code 77092 --letter
    """
    from cpt77092.policies.payer_names import require_payer
    from cpt77092.policies.policy import NATIONAL
    from cpt77092.reports import reference_pages
    from cpt77092.reports.console import make_console
    from cpt77092.reports.letter import letter
    from cpt77092.rules.selection import with_own

    policies = options.policy_set()
    rule = _rule_named(options.rule, with_own(policies.rules))
    codes = sorted(rule.codes)
    if options.code is not None:
        if options.code not in rule.codes:
            raise UsageError(f"--code {options.code}: {rule.code} checks {', '.join(codes)}")
        codes = [options.code]
    payer = require_payer(policies, options.payer) if options.payer else None
    if not options.letter:
        payers = [payer] if payer else [name for name in policies.policies if name != NATIONAL]
        console = make_console(options.color)
        reference_pages.explain(console, rule, policies, options.day, payers, codes)
        return
    if payer is None:
        raise UsageError("--letter: name the payer it is for, as in --payer medicare")
    for paragraph in letter(rule, policies, payer, codes, options.day):
        typer.echo(safe(paragraph))


def _rule_named(name: str, catalogue: Sequence[Rule]) -> Rule:
    """The rule with a code or a name."""
    for rule in catalogue:
        if name.upper() == rule.code or name.lower() == rule.name:
            return rule
    hint = did_you_mean(name.upper(), [rule.code for rule in catalogue])
    raise UsageError(f"no rule {name!r}{hint}; see scrub rules")


@frozen(kw_only=True)
class BriefOptions(ShownPolicyOptions):
    """The argument and options of `scrub brief`."""

    payer: str | None = argument(
        "PAYER",
        "A payer, to see its rules only; all payers if omitted.",
        default=None,
        autocompletion=complete_payer,
    )
    full: bool = flag(OUTPUT, "Everything on file, with each source's place and address.", "--full")
    form: DocumentFormat = option(
        OUTPUT, "Format on standard output.", "--format", default=DocumentFormat.TEXT
    )
    output: list[str] | None = file_option(
        OUTPUT, "Write to a file instead; its extension sets the format.", "--output", "-o"
    )


@with_options
def brief(_ctx: typer.Context, options: BriefOptions) -> None:
    """Print how to bill CPT 77092 on one page, with sources.

    The answer of one payer, or all of them compared; --full adds clinical context, remarks, fees by
    year and published prices.

    Example: scrub brief medicare -o medicare.html
    """
    from cpt77092.brief import compose, one_page
    from cpt77092.policies.payer_names import require_payer
    from cpt77092.reports.document import print_document, write_document
    from cpt77092.reports.files import DOCUMENT_FORMATS, fill_in, format_of

    policies = options.policy_set()
    payer = require_payer(policies, options.payer) if options.payer else None
    inputs = [payer or "brief"]
    names = [fill_in(name, inputs=inputs, day=options.day) for name in options.output or ()]
    outputs = [(name, format_of(name, DOCUMENT_FORMATS)) for name in names]
    document = (compose if options.full else one_page)(policies, payer, options.day)
    write_document(document, outputs)
    if not outputs:
        print_document(document, options.form, options.color)


@frozen(kw_only=True)
class PayersOptions(BatchOptions):
    """The arguments and options of `scrub payers`."""

    save: str | None = file_option(
        OUTPUT, "Add the payers that are not recognized to a --payers file, for you to answer."
    )
    form: ColumnsFormat = option(
        OUTPUT, "table, or yaml for a --payers file.", "--format", default=ColumnsFormat.TABLE
    )
    color: Color = color_option()


@with_options
def payers(ctx: typer.Context, options: PayersOptions) -> None:
    """Show what each payer of a batch was taken for, and why.

    Payers that are not recognized are listed first, with a proposal where one is near.

    Exit codes: 0 everything was read, 2 not everything could be read.

    Example: scrub payers claims.csv --save payers.yaml
    """
    from cpt77092.cli.settings import payers_to_extend
    from cpt77092.reports import payer_pages
    from cpt77092.reports.console import make_console
    from cpt77092.run import read_payers

    text, own = payers_to_extend(options.save) if options.save else ("", ())
    request = options.request([*settings_of(ctx).payers, *own])
    batch, spellings = read_payers(replace(request, **answers_of(ctx)))
    if options.save:
        typer.echo(_save_payers(options.save, text, spellings, request.paths))
    elif options.form is ColumnsFormat.YAML:
        typer.echo(payer_pages.payers_yaml(spellings), nl=False)
    else:
        payer_pages.show_payers(make_console(options.color), spellings, request.paths)
    rejected = batch.total.rejected
    rows = [f"{count(rejected, 'rejected row')}; scrub check says more"] if rejected else []
    exit_if_any(ctx, [*batch.unreadable, *rows])


def _save_payers(
    name: str, text: str, spellings: Sequence[SpellingCount], paths: Sequence[str]
) -> str:
    """Add the payers that are not recognized to a file; a sentence on what to do with it."""
    from cpt77092.reports import payer_pages
    from cpt77092.reports.files import write_text

    new = payer_pages.payers_yaml(spellings, after=text)
    open_names = len(payer_pages.unanswered(spellings))
    if not open_names:
        return "Every payer is recognized; nothing to save."
    write_text(name, new, option="--save")
    to_answer = count(open_names, "payer")
    return f"Saved {name}: {to_answer} to answer. {payer_pages.next_step(name, paths)}"
