"""`scrub grade` and `scrub profile`: what payers answered to a batch, and its benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cpt77092.choices import Color, DocumentFormat, GradeFormat
from cpt77092.cli.configured import request_of, settings_of
from cpt77092.cli.exits import exit_if_any, exit_if_unread
from cpt77092.cli.options import (
    INPUT,
    OUTPUT,
    ClaimOptions,
    SettingsOptions,
    argument,
    color_option,
    document_option,
    flag,
    limit_option,
    option,
    policy_folder_option,
    today,
    with_options,
)
from cpt77092.cli.output_files import fill_in_names, require_no_input
from cpt77092.frozen import frozen
from cpt77092.text import count

if TYPE_CHECKING:
    from cpt77092.document import Document
    from cpt77092.grading import Graded
    from cpt77092.run import Request


@frozen(kw_only=True)
class GradeOptions(SettingsOptions):
    """The arguments and options of `scrub grade`."""

    remits: list[str] = argument(
        "REMITS", "Remittances: 835 files or tables with reason codes; folders or patterns."
    )
    report: list[str] = option(
        INPUT, "JSON report that scrub check wrote; several may be given.", default=MISSING,
        metavar="FILE",
    )  # fmt: skip
    claims: list[str] | None = option(
        INPUT,
        "Claim files of a report without --checked-lines, to grade missed denials too.",
        metavar="PATH",
    )
    lenient: bool = flag(
        INPUT, "Read 835 files whose segment counts are wrong; still exits 2.", "--lenient"
    )
    policies: Path | None = policy_folder_option()
    form: GradeFormat | None = option(
        OUTPUT, "Format on standard output; text if omitted. csv: a row per line.", "--format"
    )
    output: list[str] | None = document_option()
    limit: int = limit_option("Show at most this many lines of a list in text; 0 shows all.", 10)
    quiet: bool = flag(
        OUTPUT, "Print errors only. With --format: print the grades too.", "--quiet", "-q"
    )
    color: Color = color_option()


@with_options
def grade(ctx: typer.Context, options: GradeOptions) -> None:
    """Grade predictions by remittances: which denials came true.

    False alarms, missed denials, changes of mind, policies to review, underpayments.

    Exit codes: 0 everything was read, 2 not everything could be read.

    Example: scrub grade june.835 --report report.json -o grades.html
    """
    from cpt77092.grading import LISTED, compose, run_grading
    from cpt77092.reports.files import GRADE_FORMATS
    from cpt77092.run import Request

    read = [*options.remits, *options.report, *(options.claims or ())]
    request = Request(paths=read, as_of=today(), policies=options.policies)
    names = fill_in_names(options.output or (), options.remits, request.as_of)
    outputs = _outputs(ctx, names, request, [options.settings], GRADE_FORMATS)
    graded = run_grading(
        options.remits,
        reports=options.report,
        claims=options.claims or (),
        policies=options.policies,
        lenient=options.lenient,
    )
    _show(options, outputs, partial(compose, graded), LISTED)
    exit_if_any(ctx, list(_problems(graded)))


def _outputs(
    ctx: typer.Context,
    names: Sequence[str],
    request: Request,
    read: Sequence[Path | str | None],
    endings: Mapping[str, StrEnum],
) -> list[tuple[str, StrEnum]]:
    """The files to write with their formats, kept for this run.

    Raises:
        UsageError: one of them is read.
        OutputError: one cannot be written, or its ending is not that of a format.
    """
    from cpt77092.reports.files import format_of, output_locks

    outputs = [(name, format_of(name, endings)) for name in names]
    require_no_input(request, [("-o", name) for name in names], read)
    ctx.with_resource(output_locks(names))
    return outputs


def _show(
    options: GradeOptions | ProfileOptions,
    outputs: Sequence[tuple[str, StrEnum]],
    compose: Callable[..., Document],
    most: int,
) -> None:
    """Write a document, or print it.

    Args:
        options: of the command; their limit is for text on standard output alone.
        outputs: the files to write, with their formats.
        compose: makes the document with a `limit` of its lists.
        most: the limit of all other formats, and of files.
    """
    from cpt77092.reports.document import print_document, write_document

    form = options.form or DocumentFormat.TEXT
    is_text_shown = form == DocumentFormat.TEXT and not outputs
    document = compose(limit=options.limit if is_text_shown else most)
    write_document(document, outputs)
    if not outputs and (options.form or not options.quiet):
        print_document(document, form, options.color)


def _problems(graded: Graded) -> Iterator[str]:
    """What could not be read, or only with `--lenient`."""
    for path, file in zip(graded.remittances.paths, graded.remittances.files, strict=True):
        yield from (f"{path}:{fault}" for fault in file.faults)
        if file.rejects.height:
            row, reason = file.rejects.row(0)
            rows = count(file.rejects.height, "row")
            yield f"{path}:{row}: {reason} ({rows} could not be read and are in no figure)"


@frozen(kw_only=True)
class ProfileOptions(ClaimOptions):
    """The arguments and options of `scrub profile`, in the order of its help."""

    form: DocumentFormat | None = option(
        OUTPUT, "Format on standard output; text if omitted.", "--format"
    )
    output: list[str] | None = document_option()
    limit: int = limit_option("Show at most this many payers in text; 0 shows all.", 10)
    quiet: bool = flag(
        OUTPUT, "Print errors only. With --format: print the benchmarks too.", "--quiet", "-q"
    )
    color: Color = color_option()


@with_options
def profile(ctx: typer.Context, options: ProfileOptions) -> None:
    """Benchmark a batch by payer and month against each policy.

    Lines, use of 26 and TC, sites of service, units, charges against the fee, clean rate, findings.

    Exit codes: 0 everything was read, 2 not everything could be read.

    Example: scrub profile claims.csv -o profile.html
    """
    from cpt77092.findings import totals
    from cpt77092.profile import compose
    from cpt77092.profile import profile as measure
    from cpt77092.reports.files import DOCUMENT_FORMATS
    from cpt77092.run import run

    request = request_of(ctx, options)
    names = fill_in_names(options.output or (), request.paths, request.as_of)
    read = (settings_of(ctx).path, options.payers)
    outputs = _outputs(ctx, names, request, read, DOCUMENT_FORMATS)
    result = run(request)
    _show(options, outputs, partial(compose, measure(result)), 0)
    exit_if_unread(ctx, result.batch.unreadable, totals(result, without=request.without))
