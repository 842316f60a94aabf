"""One run's report, printed or written in every format that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from cpt77092.choices import By, Color, Format, Sort
from cpt77092.claims.headers import REPORT_COLUMNS
from cpt77092.engine import Result
from cpt77092.errors import OutputError, UsageError
from cpt77092.file_state import FileState
from cpt77092.findings import Totals, rollup
from cpt77092.frozen import frozen
from cpt77092.reports.check import concise, summary
from cpt77092.reports.check.writers import WRITERS
from cpt77092.reports.files import failures, write_atomically, write_folder
from cpt77092.reports.log import Log
from cpt77092.text import safe

if TYPE_CHECKING:
    from cpt77092.followup.accepted import Accepted
    from cpt77092.parts.on_disk import CheckedParts
    from cpt77092.reports.check.former_worklist import FormerWorklist
    from cpt77092.split import Split


@frozen(kw_only=True)
class Report:
    """A finished run, and how its user wants it reported."""

    result: Result
    totals: Totals
    options: Mapping[str, Any]
    """What the user asked for, for the manifest."""
    exit_code: int
    why: str
    limit: int | None = None
    """Rows to show; None is 50 in a table and all elsewhere, 0 is all."""
    by: By = By.FINDING
    """What a row is, in every format but HTML and Excel."""
    sort: Sort | None = None
    """What comes first; None is the worst in the table, and the order of the file elsewhere."""
    extra: tuple[str, ...] = ()
    """Patient columns, where the user asked for them."""
    not_checked: bool = False
    """Whether JSON lists every line and rule that could not be checked."""
    checked_lines: bool = False
    """Whether JSON lists every checked line."""
    quiet: bool = False
    verbose: bool = False
    worklist: FormerWorklist | None = None
    """A workbook of an earlier run, whose statuses and notes a new one keeps."""
    states: Mapping[str, FileState | None] = field(default_factory=dict)
    """Of the files that options name before they were read, by name."""
    parts: CheckedParts | None = None
    """Where the lines were checked in parts on disk: the findings, of which `result` has none."""
    accepted: Accepted | None = None
    """The findings that decisions on file took off the list."""
    color: Color = Color.AUTO

    def pieces(self, limit: int | None = None) -> Iterator[pl.DataFrame]:
        """The rows for every format that a program reads: pieces, at least one."""
        if self.parts is not None:
            return self.parts.pieces(limit)
        sort = self.sort or Sort.FILE
        return rollup.as_pieces(self.result, by=self.by, sort=sort, limit=limit, extra=self.extra)

    def print(self, form: Format) -> None:
        """Print findings to standard output; in a pipe the summary goes to standard error.

        Raises:
            UsageError: the format is not for a terminal.
            OutputError: what writes the format is not installed.
        """
        if form is Format.AUTO:
            form = Format.TABLE if sys.stdout.isatty() else Format.CONCISE
        if form is Format.TABLE:
            # Rich is slow to import, and only this format needs it.
            from cpt77092.reports.check import terminal
            from cpt77092.reports.console import make_console

            terminal.show(make_console(self.color), self)
        elif form is Format.CONCISE:
            self._print_concise()
        else:
            writer = WRITERS[form]
            if writer.binary_name and sys.stdout.isatty():
                raise UsageError(
                    f"{writer.binary_name} is not for a terminal; write it to a file with -o"
                )
            writer.require_installed(f"--format {form}")
            writer.write(sys.stdout.buffer, self)
            sys.stdout.buffer.flush()

    def write_files(
        self,
        outputs: Iterable[tuple[str, Format]],
        *,
        datasets: Iterable[str] = (),
        tables: Iterable[str] = (),
        rejects: str | None = None,
        progress: Callable[[str], None],
    ) -> list[str]:
        """Write reports, datasets and tables, and rejected rows under the header of their file.

        Returns a message for each file that could not be written.
        """
        unwritten: list[str] = []

        def attempt(name: str, write: Callable[..., object], *how: Any, **options: Any) -> None:
            progress(f"Writing {name}")
            unwritten.extend(failures(write, name, *how, **options))

        for name, form in outputs:
            attempt(name, write_atomically, partial(WRITERS[form].write, report=self))
        for name in datasets:
            attempt(name, self._write_dataset)
        for name in tables:
            attempt(name, self._write_table)
        if rejects is not None:
            rows = self.result.batch.rejected_rows()
            attempt(rejects, write_atomically, lambda to: to.writelines(rows), option="--rejects")
        return unwritten

    def write_parts(
        self,
        split: Split,
        parts: Mapping[int, tuple[str, str]],
        lists: Mapping[int, tuple[str, str]],
        log: Log,
    ) -> list[str]:
        """Write the batch's own rows, and lists of its claims, to the files that options name.

        Returns a message for each file that could not be written.

        Raises:
            ClaimsError: a claim file cannot be read again.
        """
        from cpt77092.reports.check.split_notes import PARTS
        from cpt77092.split import require_splittable
        from cpt77092.split.lists import write_list

        unwritten: list[str] = []
        for part, (option, name) in lists.items():
            write = partial(write_list, split=split, part=part)
            if failed := failures(write_atomically, name, write, option=option):
                unwritten += failed
            else:
                log.event("list", file=name, part=PARTS[part])
        if not parts:
            return unwritten
        try:
            # Checked again: standard input could not be looked at before the run.
            files = [scan.opened for scan in self.result.batch.scans]
            named = list(parts.values())
            require_splittable(files, named, whole_claims=split.whole_claims)
            split.plans  # noqa: B018 - fails before anything is written
        except (OutputError, UsageError) as problem:
            return [*unwritten, *problem.lines]
        for part, (option, name) in parts.items():
            write = partial(split.write, name=name, part=part)
            if failed := failures(write_atomically, name, write, option=option):
                unwritten += failed
            else:
                log.event("split", file=name, part=PARTS[part], rows=split.row_count(part))
        return unwritten

    def _write_dataset(self, name: str) -> None:
        """Write a folder of Parquet files, whole or not at all."""
        from cpt77092.reports.check import parquet

        write = partial(parquet.write_folder, report=self)
        write_folder(name, write, may_replace=parquet.is_dataset)

    def _write_table(self, name: str) -> None:
        """Replace a table of a database, whole or not at all."""
        from cpt77092.databases.address import parse
        from cpt77092.databases.findings_table import write_table

        address = parse(name, needs_table=True)
        write_table(address, f"-o {name}", self.pieces(), known_by=REPORT_COLUMNS)

    def print_files(
        self,
        split: Split | None,
        parts: Mapping[int, tuple[str, str]],
        lists: Mapping[int, tuple[str, str]],
    ) -> None:
        """Print to standard error what was kept of a workbook, and what each part has."""
        notes: list[str] = []
        if self.worklist is not None:
            from cpt77092.reports.check.former_worklist import worklist_note

            notes.append(worklist_note(self.result, self.worklist))
        if split is not None:
            from cpt77092.reports.check.split_notes import list_notes, split_notes

            if parts:
                notes += split_notes(split, {part: name for part, (_, name) in parts.items()})
            if lists:
                notes += list_notes(split, {part: name for part, (_, name) in lists.items()})
        sys.stderr.write("".join(f"{safe(note)}\n" for note in notes))

    def _print_concise(self) -> None:
        limit = self.limit or None
        for piece in self.pieces(limit):
            concise.write_rows(sys.stdout, piece, self.by)
        sys.stdout.flush()
        if self.quiet:
            return
        notes = [summary.headline(self.totals)]
        notes += summary.notes(self.result, self.totals, verbose=self.verbose)
        notes += filter(None, [summary.exit_reason(self.totals, self.exit_code, self.why)])
        result, parts = self.result, self.parts
        total = rollup.count(result, self.by) if parts is None else parts.findings
        if limit is not None and limit < total:
            notes.append(f"showing {limit:,} of {total:,}; --limit 0 shows all")
        sys.stderr.write("".join(f"{note}\n" for note in notes))
