"""One run's report, printed or written in every format that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from cpt77092.choices import By, Color, Format, Sort
from cpt77092.engine import Result
from cpt77092.errors import OutputError, UsageError
from cpt77092.findings import Totals, rollup
from cpt77092.reports.check import concise, summary
from cpt77092.reports.check.writers import WRITERS
from cpt77092.reports.files import write_atomically
from cpt77092.reports.log import Log

if TYPE_CHECKING:
    from cpt77092.split import Split

TABLE_LIMIT = 50
"""Rows shown in a table unless the user asks for another number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A finished run, and how its user wants it reported."""

    result: Result
    totals: Totals
    options: Mapping[str, Any]
    """What the user asked for, for the manifest."""
    exit_code: int
    why: str
    limit: int | None = None
    """Rows to show; None is the format's own limit, 0 is none."""
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
    color: Color = Color.AUTO

    def pieces(self) -> Iterator[pl.DataFrame]:
        """The rows for every format that a program reads: pieces, at least one."""
        sort = self.sort or Sort.FILE
        return rollup.as_pieces(self.result, by=self.by, sort=sort, extra=self.extra)

    def print(self, form: Format) -> None:
        """Print findings to standard output; in a pipe the summary goes to standard error.

        Raises:
            UsageError: the format is not for a terminal.
            OutputError: what writes the format is not installed.
        """
        if form is Format.AUTO:
            form = Format.TABLE if sys.stdout.isatty() else Format.CONCISE
        if form is Format.TABLE:
            self._print_table()
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
        rejects: str | None = None,
        progress: Callable[[str], None],
    ) -> list[str]:
        """Write all files that can be written.

        Args:
            outputs: report files and their formats.
            rejects: a file for the rows that could not be read.
            progress: called with each step.

        Returns:
            A message for each file that could not be written.

        Raises:
            UsageError: a file would replace one of the claim files.
        """
        files: list[tuple[str, Callable[[str], None]]]
        files = [(name, partial(self.write_file, form=form)) for name, form in outputs]
        files += [(rejects, self.write_rejects)] if rejects is not None else []
        failures: list[str] = []
        for name, write in files:
            progress(f"Writing {name}")
            try:
                write(name)
            except OutputError as problem:
                failures += problem.lines
        return failures

    def write_file(self, name: str, form: Format) -> None:
        """Write one report file, whole or not at all.

        Raises:
            OutputError: it cannot be written.
            UsageError: it would replace one of the claim files.
        """
        require_no_input(self.result, "-o", name)
        write_atomically(name, lambda stream: WRITERS[form].write(stream, self))

    def write_rejects(self, name: str) -> None:
        """Write the rejected rows as they are in their file, under its header.

        Raises:
            OutputError: the file cannot be written.
            UsageError: it would replace one of the claim files.
        """
        require_no_input(self.result, "--rejects", name)
        rows = self.result.batch.rejected_rows()
        write_atomically(name, lambda stream: stream.writelines(rows), option="--rejects")

    def write_parts(
        self, split: Split | None, parts: Mapping[int, tuple[str, str]], log: Log
    ) -> list[str]:
        """Write the batch's own rows in parts.

        Args:
            split: the run as parts, where any is wanted.
            parts: option and file name of each part that is wanted.
            log: gets the number of rows in each part.

        Returns:
            A message for each part that could not be written.

        Raises:
            ClaimsError: a claim file cannot be read again.
            UsageError: a part would replace one of the claim files.
        """
        if split is None:
            return []
        from cpt77092.reports.check.split_notes import PARTS
        from cpt77092.split import require_splittable

        for option, name in parts.values():
            require_no_input(self.result, option, name)
        try:
            # Checked again: standard input could not be looked at before the run.
            files = [scan.opened for scan in self.result.batch.scans]
            require_splittable(files, list(parts.values()))
            split.plans  # noqa: B018 - fails before anything is written
        except OutputError as problem:
            return list(problem.lines)
        failures: list[str] = []
        for part, (option, name) in parts.items():
            try:
                write_atomically(name, partial(split.write, name=name, part=part), option=option)
            except OutputError as problem:
                failures += problem.lines
                continue
            log.event("split", file=name, part=PARTS[part], rows=split.row_count(part))
        return failures

    def print_parts(self, split: Split | None, parts: Mapping[int, tuple[str, str]]) -> None:
        """Print to standard error how many rows each part has."""
        if split is not None and not self.quiet:
            from cpt77092.reports.check.split_notes import split_notes

            notes = split_notes(split, {part: name for part, (_, name) in parts.items()})
            sys.stderr.write("".join(f"{note}\n" for note in notes))

    def _print_table(self) -> None:
        # Rich is slow to import, and only this format needs it.
        from cpt77092.reports.check import terminal
        from cpt77092.reports.console import make_console

        shown = terminal.Shown(
            by=self.by,
            sort=self.sort or Sort.SEVERITY,
            limit=TABLE_LIMIT if self.limit is None else self.limit or None,
            quiet=self.quiet,
            verbose=self.verbose,
            extra=self.extra,
        )
        terminal.show(make_console(self.color), self.result, self.totals, shown)

    def _print_concise(self) -> None:
        limit = self.limit or None
        for piece in self.pieces() if limit is None else [self._first(limit)]:
            concise.write_rows(sys.stdout, piece, self.by)
        sys.stdout.flush()
        if self.quiet:
            return
        notes = [summary.headline(self.totals)]
        notes += summary.notes(self.result, self.totals, verbose=self.verbose)
        total = rollup.count(self.result, self.by)
        if limit is not None and limit < total:
            notes.append(f"showing {limit:,} of {total:,}; --limit 0 shows all")
        sys.stderr.write("".join(f"{note}\n" for note in notes))

    def _first(self, limit: int) -> pl.DataFrame:
        sort = self.sort or Sort.FILE
        return rollup.as_table(self.result, by=self.by, sort=sort, limit=limit, extra=self.extra)


def require_json(forms: Iterable[Format], *, checked_lines: bool) -> None:
    """Refuse what only JSON can hold where no output is JSON.

    Raises:
        UsageError: all checked lines are asked for.
    """
    if checked_lines and Format.JSON not in forms:
        raise UsageError("--checked-lines: only JSON lists them; add --format json or -o NAME.json")


def require_no_input(result: Result, option: str, name: str) -> None:
    """Refuse to write over what was read.

    Raises:
        UsageError: a file that is to be written is one of the claim files.
    """
    inputs = [scan.file for scan in result.batch.scans if scan.file is not None]
    if result.history is not None:
        inputs += [Path(file) for file in result.history.files]
    if any(file.resolve() == Path(name).resolve() for file in inputs):
        raise UsageError(
            f"{option} {name}: that is one of the claim files; inputs are never changed"
        )
