"""One run's report, printed or written in whatever forms were asked for."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cpt77092.engine import Result
from cpt77092.errors import UsageError
from cpt77092.findings import Totals
from cpt77092.reports import concise, machine, summary
from cpt77092.reports.choices import Color, Format
from cpt77092.reports.files import write_aside

TABLE_LIMIT = 50
"""Findings shown in a table unless the user says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A finished run and how its user wants to hear of it."""

    result: Result
    totals: Totals
    options: Mapping[str, Any]
    """What the user said, for the manifest."""
    exit_code: int
    why: str
    limit: int | None = None
    """Findings to show; None is the form's own limit, 0 is none."""
    extra: tuple[str, ...] = ()
    """Patient columns, where the user asked for them."""
    not_checked: bool = False
    quiet: bool = False
    verbose: bool = False
    color: Color = Color.AUTO

    def print(self, form: Format) -> None:
        """Findings to standard output; in a pipe the summary goes to standard error.

        Raises:
            UsageError: the form is not for a terminal.
        """
        if form is Format.AUTO:
            form = Format.TABLE if sys.stdout.isatty() else Format.CONCISE
        if form is Format.TABLE:
            self._print_table()
        elif form is Format.CONCISE:
            self._print_concise()
        elif form is Format.PARQUET and sys.stdout.isatty():
            raise UsageError("Parquet is not for a terminal; write it to a file with -o")
        else:
            self._write(sys.stdout.buffer, form)
            sys.stdout.buffer.flush()

    def write_file(self, name: str, form: Format) -> None:
        """Write one report file, aside and renamed.

        Raises:
            UsageError: it would replace one of the claim files.
        """
        inputs = (scan.file for scan in self.result.batch.scans if scan.file is not None)
        if any(file.resolve() == Path(name).resolve() for file in inputs):
            raise UsageError(f"-o {name}: that is one of the claim files; inputs are never changed")
        write_aside(name, lambda stream: self._write(stream, form))

    def _print_table(self) -> None:
        # Rich is slow to import, and only this form needs it.
        from cpt77092.reports import table
        from cpt77092.reports.console import make_console

        table.show(
            make_console(self.color),
            self.result,
            self.totals,
            limit=TABLE_LIMIT if self.limit is None else self.limit or None,
            quiet=self.quiet,
            verbose=self.verbose,
            extra=self.extra,
        )

    def _print_concise(self) -> None:
        limit = self.limit or None
        concise.write(sys.stdout, self.result, limit=limit, extra=self.extra)
        sys.stdout.flush()
        if self.quiet:
            return
        said = [summary.headline(self.totals)]
        said += summary.sentences(self.result, self.totals, verbose=self.verbose)
        total = sum(self.totals.by_severity.values())
        if limit is not None and limit < total:
            said.append(f"showing {limit:,} of {total:,}; --limit 0 shows all")
        sys.stderr.write("".join(f"{sentence}\n" for sentence in said))

    def _write(self, stream: IO[bytes], form: Format) -> None:
        if form is Format.JSON:
            machine.write_json(
                stream,
                self.result,
                self.totals,
                manifest=machine.manifest(
                    self.result, options=self.options, exit_code=self.exit_code, why=self.why
                ),
                with_not_checked_rows=self.not_checked,
                extra=self.extra,
            )
        elif form is Format.CONCISE:
            # A file is read apart from the run, so it says how the batch stands, on lines with #.
            text = io.TextIOWrapper(stream, encoding="utf-8", write_through=True)
            text.write(f"# scrub: {summary.headline(self.totals)}\n")
            concise.write(text, self.result, limit=None, extra=self.extra)
            for sentence in summary.sentences(self.result, self.totals, verbose=True):
                text.write(f"# {sentence}\n")
            text.detach()
        else:
            writers = {
                Format.JSONL: machine.write_jsonl,
                Format.CSV: machine.write_csv,
                Format.PARQUET: machine.write_parquet,
            }
            writers[form](stream, self.result, extra=self.extra)
