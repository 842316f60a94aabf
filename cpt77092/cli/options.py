"""Options: how a command declares them, which ones are shared, and how their values are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import MISSING, field, fields, replace
from datetime import date
from decimal import Decimal
from functools import wraps
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from cpt77092.choices import Color, DocumentFormat, LogFormat, Without
from cpt77092.errors import UsageError
from cpt77092.frozen import frozen
from cpt77092.reports.log import Log

if TYPE_CHECKING:
    from cpt77092.policies.payer_names import OwnName
    from cpt77092.policies.policy import PolicySet
    from cpt77092.run import Request

INPUT, POLICIES, RULES, OUTPUT = "Input", "Policies", "Rules", "Output"
SPLITTING, DECISION, FOLLOWING = "Splitting", "Decision", "From day to day"
EXIT_CODE, SETTINGS = "Exit code", "Settings"
HEADINGS = (*(DECISION, INPUT, POLICIES, RULES, OUTPUT, SPLITTING, FOLLOWING, EXIT_CODE, SETTINGS),)
"""Headings of `--help`, in order."""


def option(
    heading: str, text: str, *names: str, default: Any = None, is_last: bool = False, **details: Any
) -> Any:
    """A field of a dataclass of options; `with_options` shows it to Typer as an option.

    `--help` lists it with its text under the heading. Without names it is named like the field.
    `is_last` puts it after those of the classes that inherit it.
    """
    described = typer.Option(*names, rich_help_panel=heading, help=text, **details)
    return field(default=default, metadata={"typer": described, "place": int(is_last)})


def flag(heading: str, text: str, *names: str) -> Any:
    """An option without a value, off by default; named, or else Typer adds `--no-NAME`."""
    return option(heading, text, *names, default=False)


def file_option(heading: str, text: str, *names: str) -> Any:
    """An option whose value is a file name."""
    return option(heading, text, *names, metavar="FILE")


def argument(
    metavar: str, text: str, *, default: Any = MISSING, is_first: bool = False, **details: Any
) -> Any:
    """A field that is an argument, required unless it has a default.

    `is_first` puts it before those that its class inherits.
    """
    described = typer.Argument(metavar=metavar, help=text, **details)
    return field(default=default, metadata={"typer": described, "place": -is_first})


def with_options(command: Callable[[typer.Context, Any], None]) -> Callable[..., None]:
    """Give Typer one parameter for each field of the dataclass that a command calls `options`."""
    options = get_type_hints(command)["options"]

    @wraps(command)
    def run_command(ctx: typer.Context, **values: Any) -> None:
        command(ctx, options(**values))

    types = get_type_hints(options)
    context = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [
        Parameter(
            one.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if one.default is MISSING else one.default,
            annotation=Annotated[types[one.name], one.metadata["typer"]],
        )
        for one in sorted(fields(options), key=lambda one: one.metadata["place"])
    ]
    run_command.__signature__ = Signature([context, *parameters])  # type: ignore[attr-defined]
    return run_command


def today() -> date:
    """The user's own calendar day."""
    return date.today()  # noqa: DTZ011 - a time zone of ours would be wrong at midnight


def parse_day(text: str) -> date:
    """A date as `2026-01-31`."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:  # fromisoformat alone takes 20260131 too
        raise typer.BadParameter(f"{text!r} is not a date; write YYYY-MM-DD")
    return day


def parse_dollars(text: str) -> Decimal:
    """An amount above zero, as `25.00` or `$25`."""
    if not re.fullmatch(r"\$?[0-9]{1,7}(\.[0-9]{1,2})?", text) or not (
        amount := Decimal(text.removeprefix("$"))
    ):
        raise typer.BadParameter(f"{text!r} is not an amount; write dollars above zero, as 25.00")
    return amount


AUTO_PARTS = 0
"""What `--parts auto` is: as many as memory needs."""


def parse_parts(text: str) -> int:
    """A number of parts from 1, or `auto`."""
    if text == "auto":
        return AUTO_PARTS
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise UsageError(f"--parts {text}: write 1 to 9999, or auto")
    return int(text)


_UNITS = {"MB": 10**6, "GB": 10**9}


def parse_memory(text: str) -> int:
    """Bytes as `4GB`, `2.5 GB` or `1500MB`, from 1 GB."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]+)?) ?([MG]B)", text.strip(), re.IGNORECASE)
    most = int(Decimal(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if most < _UNITS["GB"]:
        raise UsageError(f"--memory {text}: write an amount from 1GB, as 4GB or 2.5GB")
    return most


def parse_column_map(pairs: Sequence[str] | None) -> dict[str, str]:
    """Header by column, from `--map COLUMN=HEADER`.

    Raises:
        UsageError: a pair is malformed, or a column or header is mapped twice.
    """
    headers: dict[str, str] = {}
    for pair in pairs or ():
        column, _, header = pair.partition("=")
        column = column.strip()
        if not header:
            raise UsageError(f"--map {pair}: write --map COLUMN=HEADER, as in --map hcpcs_code=CPT")
        if column in headers or header in headers.values():
            raise UsageError(f"--map {pair}: the column or the header is mapped already")
        headers[column] = header
    return headers


def complete_rule(incomplete: str) -> list[str]:
    """The rule codes that begin like this."""
    from cpt77092.rules import CATALOGUE

    return [rule.code for rule in CATALOGUE if rule.code.startswith(incomplete.upper())]


def complete_payer(incomplete: str) -> list[str]:
    """The packaged policies whose key begins like this."""
    from cpt77092.policies import load_policies

    return [key for key in load_policies(None).policies if key.startswith(incomplete.lower())]


def _set_log_format(ctx: typer.Context, form: LogFormat) -> LogFormat:
    ctx.ensure_object(Log).form = form
    return form


def policy_folder_option() -> Any:
    """`--policies`, a `Path`."""
    return option(POLICIES, "Folder with your own policy files.", metavar="FOLDER")


def day_option(heading: str, text: str, *names: str) -> Any:
    """An option whose value is a `date`."""
    return option(heading, text, *names, parser=parse_day, metavar="DATE")


def payer_option(heading: str, text: str) -> Any:
    """An option whose value is a payer."""
    return option(heading, text, metavar="PAYER", autocompletion=complete_payer)


def limit_option(text: str, default: int | None) -> Any:
    """`--limit`, an `int`: how much is shown; 0 shows all."""
    return option(OUTPUT, text, default=default, metavar="NUMBER", min=0)


def document_option() -> Any:
    """`--output` of a command that prints a document, or writes it instead."""
    text = (
        "Write to a file instead; its extension sets the format. {date} and {stem} are filled in."
    )
    return file_option(OUTPUT, text, "--output", "-o")


def locality_option() -> Any:
    """`--locality`, a `str`."""
    text = "Use Medicare's fees of this locality: 10112-00, or its name."
    return option(POLICIES, text, metavar="LOCALITY")


def color_option(*, is_last: bool = False) -> Any:
    """`--color`, a `Color`."""
    text, name = "Color the output.", "SCRUB_COLOR"
    return option(OUTPUT, text, default=Color.AUTO, is_last=is_last, envvar=name)


def log_format_option() -> Any:
    """`--log-format`, a `LogFormat`: set at once, so that mistakes are logged in it too."""
    text = "Log on standard error; json: one object per event, without claim data."
    return option(OUTPUT, text, default=LogFormat.TEXT, is_eager=True, callback=_set_log_format)


@frozen(kw_only=True)
class SettingsOptions:
    """Which settings file is read, before the other options are."""

    isolated: bool = option(
        SETTINGS,
        "Do not read scrub.yaml.",
        "--isolated",
        default=False,
        envvar="SCRUB_ISOLATED",
        is_last=True,
    )
    settings: str | None = option(
        SETTINGS,
        "Use this settings file; naming it is trusting it.",
        "--settings",
        metavar="FILE",
        is_last=True,
    )


@frozen(kw_only=True)
class ReadingOptions(SettingsOptions):
    """How claim files are read."""

    column_map: list[str] | None = option(
        INPUT, "Read a column from this header.", "--map", metavar="COLUMN=HEADER"
    )
    layout: str | None = file_option(
        INPUT, "YAML file of headers; scrub columns --format yaml writes one."
    )
    encoding: str | None = option(
        INPUT, "Encoding of text files; detected if omitted.", metavar="NAME"
    )
    sheet: str | None = option(
        INPUT, "Sheet of an Excel workbook; the first if omitted.", metavar="NAME"
    )


@frozen(kw_only=True)
class BatchOptions(ReadingOptions):
    """Which claims are read and how: the options that `check`, `profile` and `payers` share."""

    claims: list[str] | None = argument(
        "CLAIMS",
        "Claim files, folders, patterns, s3:// az:// gs:// addresses, Delta or Iceberg tables; "
        "- reads standard input; or one database.",
        default=None,
    )
    query_file: str | None = file_option(
        INPUT, "The SELECT statement for the claims, where CLAIMS is a database."
    )
    row_id: str | None = option(
        INPUT, "The column of a query or a table that names its rows in findings.", metavar="COLUMN"
    )
    lenient: bool = flag(
        INPUT, "Read X12 files whose segment counts are wrong; still exits 2.", "--lenient"
    )
    payers: str | None = option(
        POLICIES, "YAML file with your payer names under payers:, as in scrub.yaml.", metavar="FILE"
    )
    policies: Path | None = policy_folder_option()

    def request(self, payer_names: Sequence[OwnName], *, as_of: date | None = None) -> Request:
        """The run that the options ask for, with the user's own names for payers.

        Raises:
            UsageError: no claims are named, or `--map` is wrong.
        """
        from cpt77092.cli.settings import read_payers
        from cpt77092.run import Request

        if not self.claims:
            raise UsageError("name claim files, folders or patterns, or - for standard input")
        return Request(
            paths=self.claims,
            as_of=as_of or today(),
            policies=self.policies,
            overrides=parse_column_map(self.column_map),
            layout=self.layout,
            encoding=self.encoding,
            sheet=self.sheet,
            lenient=self.lenient,
            query_file=self.query_file,
            row_id=self.row_id,
            payers=[*payer_names, *(read_payers(self.payers) if self.payers else ())],
        )


@frozen(kw_only=True)
class ClaimOptions(BatchOptions):
    """Which claims are checked and how: the options that `check` and `profile` share."""

    history: list[str] | None = option(
        INPUT, "Prior claims: files, folders or patterns.", metavar="PATH"
    )
    without: list[Without] | None = option(
        INPUT, "Columns that the files lack on purpose: do not exit 2 for them.", metavar="COLUMNS"
    )
    payer: str | None = payer_option(POLICIES, "Check every line against this payer's policy.")
    locality: str | None = locality_option()
    as_of: date | None = day_option(
        POLICIES, "Check as of this date, YYYY-MM-DD; today if omitted."
    )

    def run_request(self, payer_names: Sequence[OwnName]) -> Request:
        """The check that the options ask for, as `request` is the reading."""
        return replace(
            self.request(payer_names, as_of=self.as_of),
            history=tuple(self.history or ()),
            payer=self.payer,
            locality=self.locality,
            without=[group.value for group in self.without or ()],
        )


@frozen(kw_only=True)
class DocumentOptions(ClaimOptions):
    """Which claims a document is on, and how it is printed."""

    form: DocumentFormat = option(
        OUTPUT, "Format on standard output.", "--format", default=DocumentFormat.TEXT
    )
    color: Color = color_option(is_last=True)


@frozen(kw_only=True)
class PolicyOptions(SettingsOptions):
    """Which policies are shown, and as of when."""

    policies: Path | None = policy_folder_option()
    on: date | None = day_option(
        POLICIES, "Show what is in force on this date, YYYY-MM-DD; today if omitted."
    )

    @property
    def day(self) -> date:
        """The date to show."""
        return self.on or today()


@frozen(kw_only=True)
class ShownPolicyOptions(PolicyOptions):
    """Which policies are shown, with the fees of which locality, and as of when."""

    locality: str | None = locality_option()
    color: Color = color_option(is_last=True)

    def policy_set(self) -> PolicySet:
        """The policies to show.

        Raises:
            ScrubError: files are wrong, or there are no fees of the locality.
        """
        from cpt77092.policies import load_policies
        from cpt77092.policies.localities import with_locality

        policies = load_policies(self.policies)
        return policies if self.locality is None else with_locality(policies, self.locality)
