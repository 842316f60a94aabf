"""What a user may say on the command line: the options that several commands share."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from cpt77092.choices import Color, LogFormat
from cpt77092.reports.log import Log


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:  # fromisoformat alone takes 20260131 too
        raise typer.BadParameter(f"{text!r} is not a date; write YYYY-MM-DD")
    return day


def dollars(text: str) -> Decimal:
    """An amount above zero, as `25.00` or `$25`."""
    if not re.fullmatch(r"\$?[0-9]{1,7}(\.[0-9]{1,2})?", text) or not (
        cost := Decimal(text.removeprefix("$"))
    ):
        raise typer.BadParameter(f"{text!r} is not an amount; write dollars above zero, as 25.00")
    return cost


def rule_codes(incomplete: str) -> list[str]:
    """What the shell offers for a rule."""
    from cpt77092.rules import CATALOGUE

    return [rule.code for rule in CATALOGUE if rule.code.startswith(incomplete.upper())]


def payer_keys(incomplete: str) -> list[str]:
    """What the shell offers for a payer."""
    from cpt77092.policies import load_policies

    return [key for key in load_policies(None).policies if key.startswith(incomplete.lower())]


Day = Annotated[
    date | None,
    typer.Option(parser=_day, metavar="DATE", help="The day to look from; today if left out."),
]
PoliciesDir = Annotated[
    Path | None,
    typer.Option(
        "--policies",
        envvar="SCRUB_POLICIES",
        metavar="FOLDER",
        help="A folder of your own policy files.",
    ),
]
OnePayer = Annotated[
    str | None,
    typer.Option(
        envvar="SCRUB_PAYER",
        metavar="PAYER",
        autocompletion=payer_keys,
        help="Judge every line by this payer's policy.",
    ),
]
AsOf = Annotated[
    date | None,
    typer.Option(parser=_day, metavar="DATE", help="The day of the check; today if left out."),
]
Earlier = Annotated[
    list[str] | None,
    typer.Option(metavar="PATH", help="Earlier claims: files, folders or patterns."),
]
Maps = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="COLUMN=HEADER", help="Read a column from this header."),
]
PageFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write this file instead; the ending says which kind.",
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        envvar="SCRUB_ENCODING",
        metavar="NAME",
        help="Encoding of text files; found out if left out.",
    ),
]
Sheet = Annotated[
    str | None,
    typer.Option(
        envvar="SCRUB_SHEET", metavar="NAME", help="Sheet of a workbook; the first if left out."
    ),
]
LayoutFile = Annotated[
    str | None,
    typer.Option(
        "--layout",
        envvar="SCRUB_LAYOUT",
        metavar="FILE",
        help="A YAML file of headers, as scrub columns --format yaml writes one.",
    ),
]
Isolated = Annotated[
    bool, typer.Option("--isolated", envvar="SCRUB_ISOLATED", help="Read no scrub.yaml.")
]
Lenient = Annotated[
    bool,
    typer.Option(
        "--lenient", help="Read an X12 file whose counts are off; exit code 2 all the same."
    ),
]


def _log_as(ctx: typer.Context, form: LogFormat) -> LogFormat:
    ctx.ensure_object(Log).form = form
    return form


Logs = Annotated[
    LogFormat,
    typer.Option(
        "--log-format",
        envvar="SCRUB_LOG_FORMAT",
        is_eager=True,
        callback=_log_as,
        help="json: standard error gets one object per event, with nothing of any claim.",
    ),
]
Colors = Annotated[Color, typer.Option(envvar="SCRUB_COLOR", help="Colour the output.")]
