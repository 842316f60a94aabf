"""The files that a command writes: names filled in, and everything refused that cannot work."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cpt77092.choices import FailOn, Format, Hold
from cpt77092.databases.address import file_of, is_address
from cpt77092.errors import ClaimsError, OutputError, UsageError
from cpt77092.frozen import frozen
from cpt77092.lakehouse.address import is_in_store, is_table

if TYPE_CHECKING:
    from cpt77092.cli.check import CheckOptions
    from cpt77092.run import Request


@frozen(kw_only=True)
class OutputFiles:
    """The files that `scrub check` writes, their names filled in."""

    reports: list[tuple[str, Format]]
    datasets: list[str] = field(default_factory=list)
    """Folders of Parquet files."""
    tables: list[str] = field(default_factory=list)
    """Addresses of tables in databases."""
    rejects: str | None = None
    parts: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """Option and file name by part of the split batch."""
    lists: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """The same of the lists of claims by part."""

    @property
    def others(self) -> list[tuple[str, str]]:
        """Option and name of every file that is not a report."""
        rejects = [] if self.rejects is None else [("--rejects", self.rejects)]
        datasets = [("-o", name) for name in self.datasets]
        return [*datasets, *rejects, *self.parts.values(), *self.lists.values()]


def output_files(request: Request, options: CheckOptions) -> OutputFiles:
    """The files of a check, looked at before anything is read.

    Raises:
        UsageError: the options contradict each other.
        OutputError: a file cannot be written, or the claim files cannot be split.
    """
    claims, day = request.paths, request.as_of
    outputs = _reports(fill_in_names(options.output or (), claims, day))
    asked = {
        "--rejects": options.rejects,
        "--clean-to": options.clean_to,
        "--flagged-to": options.flagged_to,
        "--hold-list": options.hold_list,
        "--release-list": options.release_list,
    }
    others = {
        option: fill_in_names([name], claims, day, option=option)[0]
        for option, name in asked.items()
        if name is not None
    }
    parts, lists = {}, {}
    if others.keys() - {"--rejects"}:
        from cpt77092.split import CLEAN, FLAGGED

        of_parts = (("--clean-to", CLEAN), ("--flagged-to", FLAGGED))
        of_lists = (("--release-list", CLEAN), ("--hold-list", FLAGGED))
        parts = {part: (o, others[o]) for o, part in of_parts if o in others}
        lists = {part: (o, others[o]) for o, part in of_lists if o in others}
    outputs = replace(outputs, rejects=others.get("--rejects"), parts=parts, lists=lists)
    if parts or lists:
        _require_parts(request, outputs, options)
    if options.checked_lines and Format.JSON not in (options.form, *dict(outputs.reports).values()):
        raise UsageError("--checked-lines: only JSON lists them; add --format json or -o NAME.json")
    return outputs


def _reports(names: Sequence[str]) -> OutputFiles:
    """Where the findings go, by the kind of place that each name means."""
    from cpt77092.databases.address import parse
    from cpt77092.databases.failures import driver
    from cpt77092.reports.check.writers import format_of_report
    from cpt77092.reports.files import require_folder

    tables = [name for name in names if is_address(name)]
    datasets = [name for name in names if name.endswith("/") and name not in tables]
    files = [name for name in names if name not in (*tables, *datasets)]
    for name in tables:
        driver(parse(name, needs_table=True).engine, writes=True)  # refused before a long run
    for name in datasets:
        require_folder(name)
    reports = [(name, format_of_report(name)) for name in files]
    return OutputFiles(reports=reports, datasets=datasets, tables=tables)


def require_no_input(
    request: Request, outputs: Sequence[tuple[str, str]], settings: Sequence[Path | str | None]
) -> None:
    """Refuse to write over what is read, whatever name or link leads to it.

    Args:
        request: what is read.
        outputs: option and name of each file that will be written.
        settings: files of settings that were read, if any.

    Raises:
        UsageError: an output is an input.
    """
    written = {place: output for output in outputs if (place := _identity(output[1]))}
    if not written:  # nothing is there that could be lost
        return
    inputs = (*_inputs(request), *(str(file) for file in settings if file))
    for name in inputs:
        place = _identity(name)
        if place and (output := written.get(place)):
            raise UsageError(
                f"{' '.join(output)}: that is one of the inputs ({name}); inputs are never changed"
            )


def _identity(name: str) -> tuple[int, int] | None:
    """Device and inode of a file, links followed; None where there is none, or it is no file."""
    name = file_of(name)
    with suppress(OSError, ValueError):
        status = os.fstat(sys.stdin.fileno()) if name == "-" else Path(name).stat()
        if stat.S_ISREG(status.st_mode):
            return status.st_dev, status.st_ino
    return None


def _inputs(request: Request) -> Iterator[str]:
    """Every file that a run reads, whether or not it can be read."""
    from cpt77092.readers import find_files

    for name in (*request.paths, *request.history):
        try:
            yield from find_files([name])
        except ClaimsError:
            yield name
    for folder in (request.policies, request.layouts):
        with suppress(OSError):
            yield from map(str, Path(folder).iterdir() if isinstance(folder, str | Path) else ())
    if request.layout:
        yield request.layout


def fill_in_names(
    names: Sequence[str], claims: Sequence[str], day: date, *, option: str = "-o"
) -> list[str]:
    """Names of output files with `{date}`, and `{stem}` of the claim files, filled in."""
    from cpt77092.readers import find_readable
    from cpt77092.reports.files import fill_in

    for name in names:
        if is_in_store(name):
            raise UsageError(f"{option} {name}: outputs are local files; write one and copy it")
    inputs = ["database"] if any(map(is_address, claims)) else claims
    is_one_path = len(claims) == 1 and Path(claims[0]).exists()
    if inputs is claims and not is_one_path and any("{stem}" in name for name in names):
        inputs = find_readable(claims)[0] or claims
    return [fill_in(name, inputs=inputs, day=day, option=option) for name in names]


def _require_parts(request: Request, outputs: OutputFiles, options: CheckOptions) -> None:
    """Refuse parts and lists that cannot be written, or that no finding would separate."""
    if options.fail_on is FailOn.NEVER:
        raise UsageError(
            "--fail-on never: no row would be held back; choose a severity, and --exit-zero for "
            "exit code 0"
        )
    if outputs.parts and (request.query_file or any(map(is_table, request.paths))):
        option, name = next(iter(outputs.parts.values()))
        raise UsageError(
            f"{option} {name}: the rows of a query or a table are not split; use --hold-list and "
            "--release-list, or a table of findings"
        )
    names = [name for name, _ in outputs.reports] + [outputs.rejects or ""]
    taken = {Path(name).resolve() for name in names if name}
    for option, name in (*outputs.parts.values(), *outputs.lists.values()):
        file = Path(name)
        if name == "-":
            raise UsageError(f"{option} -: standard output is for the findings; name a file")
        if not file.parent.is_dir():
            raise OutputError(f"{option} {name}: the folder {file.parent} does not exist")
        if file.resolve() in taken:
            raise UsageError(f"{option} {name}: another option writes that file; name a new one")
        taken.add(file.resolve())
    for option, name in outputs.lists.values():
        _require_list(option, name, options.hold)
    if outputs.parts:
        from cpt77092.run import open_inputs
        from cpt77092.split import require_splittable

        require_splittable(
            open_inputs(request),
            list(outputs.parts.values()),
            whole_claims=options.hold is Hold.CLAIM,
        )


def _require_list(option: str, name: str, hold: Hold) -> None:
    if hold is Hold.LINE:
        raise UsageError(f"{option}: a list names whole claims; leave out --hold line")
    if Path(name).suffix.lower() not in (".csv", ""):
        raise OutputError(f"{option} {name}: a list is CSV; name a .csv file")
