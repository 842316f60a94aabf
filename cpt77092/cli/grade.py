"""`scrub grade`: predictions against what payers answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cpt77092.choices import Color, GradeFormat
from cpt77092.cli.exits import exit_if_any
from cpt77092.cli.options import (
    INPUT,
    OUTPUT,
    SettingsOptions,
    argument,
    color_option,
    document_option,
    flag,
    limit_option,
    option,
    policy_folder_option,
    with_options,
)
from cpt77092.frozen import frozen
from cpt77092.text import count

if TYPE_CHECKING:
    from cpt77092.grading import Graded


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
    from cpt77092.reports.files import GRADE_FORMATS, format_of, output_locks
    from cpt77092.reports.grade import print_grades, write_grades

    names = _output_names(options)
    outputs = [(name, format_of(name, GRADE_FORMATS)) for name in names]
    ctx.with_resource(output_locks(names))
    graded = run_grading(
        options.remits,
        reports=options.report,
        claims=options.claims or (),
        policies=options.policies,
        lenient=options.lenient,
    )
    form = options.form or GradeFormat.TEXT
    is_text_shown = form is GradeFormat.TEXT and not outputs
    document = compose(graded, limit=options.limit if is_text_shown else LISTED)
    write_grades(document, graded, outputs)
    if not outputs and (options.form or not options.quiet):
        print_grades(document, graded, form, options.color)
    exit_if_any(ctx, list(_problems(graded)))


def _output_names(options: GradeOptions) -> list[str]:
    """The files to write, their names filled in.

    Raises:
        UsageError: one of them is read.
    """
    from cpt77092.cli.options import today
    from cpt77092.cli.output_files import fill_in_names, require_no_input
    from cpt77092.run import Request

    names = fill_in_names(options.output or (), options.remits, today())
    read = [*options.remits, *options.report, *(options.claims or ())]
    request = Request(paths=read, as_of=date.min, policies=options.policies)
    require_no_input(request, [("-o", name) for name in names], [options.settings])
    return names


def _problems(graded: Graded) -> Iterator[str]:
    """What could not be read, or only with `--lenient`."""
    for path, file in zip(graded.remittances.paths, graded.remittances.files, strict=True):
        yield from (f"{path}:{fault}" for fault in file.faults)
        if file.rejects.height:
            row, reason = file.rejects.row(0)
            rows = count(file.rejects.height, "row")
            yield f"{path}:{row}: {reason} ({rows} could not be read and are in no figure)"
