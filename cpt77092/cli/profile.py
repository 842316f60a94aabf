"""`scrub profile`: benchmarks of a batch."""

from __future__ import annotations

import typer

from cpt77092.choices import Color, DocumentFormat
from cpt77092.cli.configured import request_of, settings_of
from cpt77092.cli.exits import exit_if_unread
from cpt77092.cli.options import (
    OUTPUT,
    ClaimOptions,
    color_option,
    document_option,
    flag,
    limit_option,
    option,
    with_options,
)
from cpt77092.cli.output_files import fill_in_names, require_no_input
from cpt77092.frozen import frozen


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
    from cpt77092.profile import compose
    from cpt77092.profile import profile as measure
    from cpt77092.reports.document import print_document, write_document
    from cpt77092.reports.files import DOCUMENT_FORMATS, format_of, output_locks
    from cpt77092.run import run

    request = request_of(ctx, options)
    names = fill_in_names(options.output or (), request.paths, request.as_of)
    outputs = [(name, format_of(name, DOCUMENT_FORMATS)) for name in names]
    settings = (settings_of(ctx).path, options.payers)
    require_no_input(request, [("-o", name) for name in names], settings)
    ctx.with_resource(output_locks(names))
    result = run(request)
    form = options.form or DocumentFormat.TEXT
    is_text_shown = form is DocumentFormat.TEXT and not outputs
    document = compose(measure(result), limit=options.limit if is_text_shown else 0)
    write_document(document, outputs)
    if not outputs and (options.form or not options.quiet):
        print_document(document, form, options.color)
    exit_if_unread(ctx, result, request.without)
