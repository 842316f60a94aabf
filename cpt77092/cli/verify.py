"""`scrub verify`: run a JSON report again."""

from __future__ import annotations

import typer

from cpt77092.choices import LogFormat
from cpt77092.cli.exits import Exit
from cpt77092.cli.options import OUTPUT, argument, flag, log_format_option, with_options
from cpt77092.frozen import frozen
from cpt77092.reports.log import Log
from cpt77092.text import safe


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
