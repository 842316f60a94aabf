"""What a check in parts (`--parts`) can give: all that is written finding by finding."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cpt77092.choices import By, Engine, Format, Sort
from cpt77092.cli.options import AUTO_PARTS
from cpt77092.errors import NoRoomError, UsageError

if TYPE_CHECKING:
    from cpt77092.cli.check import CheckOptions
    from cpt77092.cli.output_files import OutputFiles
    from cpt77092.reports.log import Log
    from cpt77092.run import Request

FORMATS = frozenset({Format.CSV, Format.JSON, Format.JSONL, Format.PARQUET, Format.CONCISE})
"""Formats that have findings alone, one after the other."""
_SHOWN = 50
"""Findings on a terminal unless more are asked for."""


def for_parts(options: CheckOptions, request: Request, files: OutputFiles) -> CheckOptions:
    """The options; those of a check in parts print its findings one per line.

    Raises:
        UsageError: an option needs all findings or lines at once, and the check is in parts.
    """
    if options.engine is Engine.SPARK:
        _require_spark(options, request)
        options = replace(options, parts=options.parts or AUTO_PARTS)
    elif options.master is not None:
        raise UsageError(f"--master {options.master}: is for Spark; add --engine spark")
    if options.parts is None:
        return options
    by = "--engine spark" if options.engine is Engine.SPARK else "--parts"
    for name, form in files.reports:
        _require_format(form, f"-o {name}", by)
    form = options.form
    if form is Format.AUTO and not options.quiet:
        form = Format.CONCISE
    elif form is not Format.AUTO:
        _require_format(form, f"--format {form.value}", by)
    asked = {
        "--by": options.by is not By.FINDING,
        "--sort": options.sort not in (None, Sort.FILE),
        "--worklist": options.worklist is not None,
        "--since": request.since is not None,
        "--checked-lines": options.checked_lines,
        "--not-checked": options.not_checked,
        **dict.fromkeys((option for option, _ in files.parts.values()), True),
        **dict.fromkeys((option for option, _ in files.lists.values()), True),
    }
    _refuse(asked, f"needs all lines at once; leave it out, or leave out {by}")
    if request.accepted is not None:
        raise UsageError(
            f"{by}: the decisions in {request.accepted} need all findings at once; add "
            f"--isolated to check without them, or leave out {by}"
        )
    is_long = options.limit is None and form is Format.CONCISE and sys.stdout.isatty()
    return replace(options, form=form, limit=_SHOWN if is_long else options.limit)


def in_parts_instead(
    problem: NoRoomError,
    options: CheckOptions,
    request: Request,
    files: OutputFiles,
    log: Log,
) -> CheckOptions:
    """The options of a check in parts, in place of one that memory does not hold; a line says so.

    Raises:
        NoRoomError: claims were read that can be read only once.
        UsageError: an option needs all findings or lines at once.
    """
    from cpt77092.readers import is_read_once  # slow to import, for the help

    if any(map(is_read_once, request.paths)):
        raise problem
    try:
        changed = for_parts(replace(options, parts=AUTO_PARTS), request, files)
    except UsageError as needs_all:
        why = "; ".join(needs_all.lines)
        raise NoRoomError(f"memory does not hold all lines at once, and in parts: {why}") from None
    text = "memory does not hold all lines at once: checked in parts on disk, which takes longer"
    if log.is_json:
        log.event("parts", message=text)
    elif not options.quiet:
        sys.stderr.write(f"{text}\n")
    return changed


def _require_spark(options: CheckOptions, request: Request) -> None:
    """Refuse what Spark lacks here, and what it is not handed.

    Raises:
        UsageError: what is not installed, or which option to leave out.
    """
    if not all(map(find_spec, ("pyspark", "pyarrow", "pandas"))):
        raise UsageError("--engine spark: Spark is not installed; pip install 'cpt77092[spark]'")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise UsageError("--engine spark: Java is not installed; install Java 17, as Spark asks")
    asked = {
        "--show-phi": options.show_phi,
        "--row-id": request.row_id is not None,
        "--query-file": request.query_file is not None,
        "-": "-" in request.paths,
    }
    _refuse(asked, "not with --engine spark, which takes files; leave it out")


def _refuse(asked: Mapping[str, bool], why: str) -> None:
    """Refuse the first of some options that is asked for."""
    for option in (name for name, is_asked in asked.items() if is_asked):
        raise UsageError(f"{option}: {why}")


def _require_format(form: Format, asked: str, by: str) -> None:
    if form not in FORMATS:
        raise UsageError(
            f"{asked}: needs all findings at once; with {by} write .csv, .json, .jsonl, .parquet "
            "or NAME/"
        )
