"""One run's report, printed or written in whatever forms were asked for."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import polars as pl

from cpt77092.choices import By, Color, Format, Sort
from cpt77092.engine import Result
from cpt77092.errors import OutputError, UsageError
from cpt77092.findings import Totals, rollup
from cpt77092.reports.check import concise, machine, summary
from cpt77092.reports.files import require_writer, write_atomically
from cpt77092.reports.log import Log

if TYPE_CHECKING:
    from cpt77092.split import Split

TABLE_LIMIT = 50
"""Rows shown in a table unless the user says otherwise."""

NOT_FOR_A_TERMINAL = {Format.PARQUET: "Parquet", Format.HTML: "HTML", Format.XLSX: "Excel"}


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
    """Rows to show; None is the form's own limit, 0 is none."""
    by: By = By.FINDING
    """What a row is, in every form but a page."""
    sort: Sort | None = None
    """What comes first; None is the worst in the table, and the order of the file elsewhere."""
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
        elif form in NOT_FOR_A_TERMINAL and sys.stdout.isatty():
            raise UsageError(
                f"{NOT_FOR_A_TERMINAL[form]} is not for a terminal; write it to a file with -o"
            )
        else:
            require_writer(form, f"--format {form}")
            self._write(sys.stdout.buffer, form)
            sys.stdout.buffer.flush()

    def write_files(
        self,
        outputs: Iterable[tuple[str, Format]],
        *,
        rejects: str | None = None,
        tell: Callable[[str], None],
    ) -> list[str]:
        """Write all files that can be written; a sentence for each that cannot.

        Args:
            outputs: report files and their forms.
            rejects: a file for the rows that could not be read.
            tell: is told of each file.

        Raises:
            UsageError: one would replace one of the claim files.
        """
        written: list[tuple[str, Callable[[str], None]]]
        written = [(name, partial(self.write_file, form=form)) for name, form in outputs]
        written += [(rejects, self.write_rejects)] if rejects is not None else []
        failed: list[str] = []
        for name, write in written:
            tell(f"Writing {name}")
            try:
                write(name)
            except OutputError as problem:
                failed += problem.lines
        return failed

    def write_file(self, name: str, form: Format) -> None:
        """Write one report file, aside and renamed.

        Raises:
            UsageError: it would replace one of the claim files.
        """
        require_no_input(self.result, "-o", name)
        write_atomically(name, lambda stream: self._write(stream, form))

    def write_rejects(self, name: str) -> None:
        """Write the rejected rows as they stood, under the header of their file.

        Raises:
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
            log: is told the numbers too.

        Returns:
            A sentence for each part that could not be written.

        Returns:
            A sentence for each part that cannot be written.

        Raises:
            ClaimsError: a claim file cannot be read again.
            UsageError: a part would replace one of the claim files.
        """
        if split is None:
            return []
        from cpt77092.reports.check.split_words import PARTS
        from cpt77092.split import require_splittable

        for option, name in parts.values():
            require_no_input(self.result, option, name)
        try:
            # Once more: what comes from standard input could not be looked at before.
            files = [scan.opened for scan in self.result.batch.scans]
            require_splittable(files, list(parts.values()))
            split.plans  # noqa: B018 - what cannot be read again is said before anything is written
        except OutputError as problem:
            return list(problem.lines)
        failed: list[str] = []
        for part, (option, name) in parts.items():
            try:
                write_atomically(name, partial(split.write, name=name, part=part), option=option)
            except OutputError as problem:
                failed += problem.lines
                continue
            log.event("split", file=name, part=PARTS[part], rows=split.row_count(part))
        return failed

    def tell_parts(self, split: Split | None, parts: Mapping[int, tuple[str, str]]) -> None:
        """Say on standard error how many rows are where."""
        if split is not None and not self.quiet:
            from cpt77092.reports.check import split_words

            told = split_words.sentences(split, {p: name for p, (_, name) in parts.items()})
            sys.stderr.write("".join(f"{sentence}\n" for sentence in told))

    def _print_table(self) -> None:
        # Rich is slow to import, and only this form needs it.
        from cpt77092.reports.check import terminal
        from cpt77092.reports.console import make_console

        view = terminal.View(
            by=self.by,
            sort=self.sort or Sort.SEVERITY,
            limit=TABLE_LIMIT if self.limit is None else self.limit or None,
            quiet=self.quiet,
            verbose=self.verbose,
            extra=self.extra,
        )
        terminal.show(make_console(self.color), self.result, self.totals, view)

    def _print_concise(self) -> None:
        limit = self.limit or None
        for piece in self._pieces() if limit is None else [self._first(limit)]:
            concise.write(sys.stdout, piece, self.by)
        sys.stdout.flush()
        if self.quiet:
            return
        said = [summary.headline(self.totals)]
        said += summary.sentences(self.result, self.totals, verbose=self.verbose)
        total = rollup.count(self.result, self.by)
        if limit is not None and limit < total:
            said.append(f"showing {limit:,} of {total:,}; --limit 0 shows all")
        sys.stderr.write("".join(f"{sentence}\n" for sentence in said))

    def _write(self, stream: IO[bytes], form: Format) -> None:
        if form is Format.JSON:
            machine.write_json(
                stream,
                self.result,
                self.totals,
                shown=self._pieces(),
                name=f"{self.by}s",
                manifest=machine.manifest(
                    self.result, options=self.options, exit_code=self.exit_code, why=self.why
                ),
                with_not_checked_rows=self.not_checked,
            )
        elif form is Format.CONCISE:
            # A file is read apart from the run, so it says how the batch stands, on lines with #.
            text = io.TextIOWrapper(stream, encoding="utf-8", write_through=True)
            text.write(f"# scrub: {summary.headline(self.totals)}\n")
            for piece in self._pieces():
                concise.write(text, piece, self.by)
            for sentence in summary.sentences(self.result, self.totals, verbose=True):
                text.write(f"# {sentence}\n")
            text.detach()
        elif form is Format.HTML:
            from cpt77092.reports.check import html  # Jinja2 is slow to import

            html.write(stream, self.result, self.totals, extra=self.extra)
        elif form is Format.XLSX:
            from cpt77092.reports.check import xlsx  # XlsxWriter is an extra

            xlsx.write(stream, self.result, self.totals, extra=self.extra)
        else:
            writers = {
                Format.JSONL: machine.write_jsonl,
                Format.CSV: machine.write_csv,
                Format.PARQUET: machine.write_parquet,
            }
            writers[form](stream, self._pieces())

    def _pieces(self) -> Iterator[pl.DataFrame]:
        """What a machine reads, and the concise report."""
        sort = self.sort or Sort.FILE
        return rollup.as_pieces(self.result, by=self.by, sort=sort, extra=self.extra)

    def _first(self, limit: int) -> pl.DataFrame:
        sort = self.sort or Sort.FILE
        return rollup.as_table(self.result, by=self.by, sort=sort, limit=limit, extra=self.extra)


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
