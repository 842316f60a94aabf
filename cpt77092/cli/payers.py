"""`scrub payers`: what each payer of a batch was taken for, and the names to settle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from cpt77092.choices import Color, ColumnsFormat
from cpt77092.cli.configured import answers_of, settings_of
from cpt77092.cli.exits import exit_if_any
from cpt77092.cli.options import (
    OUTPUT,
    BatchOptions,
    color_option,
    file_option,
    option,
    with_options,
)
from cpt77092.frozen import frozen
from cpt77092.text import count

if TYPE_CHECKING:
    from cpt77092.policies.payer_names import SpellingCount


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
        typer.echo(_save(options.save, text, spellings, request.paths))
    elif options.form is ColumnsFormat.YAML:
        typer.echo(payer_pages.payers_yaml(spellings), nl=False)
    else:
        payer_pages.show_payers(make_console(options.color), spellings, request.paths)
    rejected = batch.total.rejected
    rows = [f"{count(rejected, 'rejected row')}; scrub check says more"] if rejected else []
    exit_if_any(ctx, [*batch.unreadable, *rows])


def _save(name: str, text: str, spellings: Sequence[SpellingCount], paths: Sequence[str]) -> str:
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
