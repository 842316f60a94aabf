"""`scrub why`: one claim, rule by rule."""

from __future__ import annotations

import typer

from cpt77092.cli.configured import request_of
from cpt77092.cli.exits import exit_if_unread
from cpt77092.cli.options import DocumentOptions, argument, with_options
from cpt77092.frozen import frozen


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
    from cpt77092.reports.document import print_document
    from cpt77092.run import run

    request = request_of(ctx, options)
    result = run(request)
    print_document(compose(result, options.claim), options.form, options.color)
    exit_if_unread(ctx, result, request.without)
