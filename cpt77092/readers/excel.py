"""Excel workbooks: one sheet, every cell as text. Needs the extra `cpt77092[excel]`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from cpt77092.claims.headers import match_headers
from cpt77092.errors import ClaimsError, Problem, UsageError, did_you_mean
from cpt77092.frozen import frozen
from cpt77092.readers.failures import native_errors_silenced
from cpt77092.readers.header_row import find_header, is_claims_header, titles_note, unique_names
from cpt77092.readers.line_plan import LinePlan
from cpt77092.readers.scan import (
    INDEX,
    MATCHED_ROWS,
    SAMPLE_ROWS,
    OpenedFile,
    Options,
    Rows,
    Scan,
    Selection,
)
from cpt77092.readers.sheets import survey, with_errors
from cpt77092.reference.codes import CHECKED


@frozen
class ExcelFile(OpenedFile):
    """A sheet of a workbook, in memory: a sheet holds a million rows at most."""

    rows: pl.DataFrame
    written: Mapping[str, str]
    """A name for each column to its header, as it is written."""
    sheets: tuple[str, ...]
    """Sheets with claims, this one first, where there are several and the user named none."""

    def sample(self) -> pl.DataFrame:
        """The first rows, every cell as text."""
        return self.rows.drop(INDEX).head(SAMPLE_ROWS)

    def all_rows(self) -> pl.LazyFrame:
        """Every row below the header with its number."""
        return self.rows.lazy()

    def texts(self, numbers: pl.Series) -> pl.DataFrame:
        """The rows with some numbers."""
        return self.rows.filter(pl.col(INDEX).is_in(numbers.implode())).drop(INDEX)

    def read(self, selection: Selection) -> tuple[Scan, Rows]:
        """Pick the rows.

        Raises:
            ClaimsError: another sheet has claims too: nobody shall think that they were checked.
        """
        if self.sheets:
            names = ", ".join(map(repr, self.sheets))
            claims = f"{self.path}: claims in {len(self.sheets)} sheets ({names})"
            text = f"{claims}; one is read at a time"
            typed = f"{text}: --sheet {shlex.quote(self.sheets[0])}"
            raise ClaimsError(Problem(text=text, typed=typed))
        return LinePlan.of(self, selection).read(self, self.rows.lazy(), selection)


def open_file(path: str, data: Path | bytes, options: Options) -> ExcelFile:
    """Read a sheet of a workbook.

    Raises:
        ClaimsError: it is no workbook, or the sheet is empty.
        UsageError: there is no such sheet.
    """
    book = _workbook(path, data)
    sheet = _sheet(path, book.sheet_names, options.sheet)
    texts = _cells(book, sheet, path, data)
    if options.sheet is None and not _may_hold_claims(texts, options):
        sheet, texts = _first_with_claims(book, sheet, texts, path, data)
    others = tuple(name for name in book.sheet_names if name != sheet)
    rows = [list(row) for row in texts.head(SAMPLE_ROWS).iter_rows()]
    if not rows or not any(any(row) for row in rows):
        raise ClaimsError(
            f"{path}: sheet {sheet!r} is empty; expected a header row and claim lines"
            f"{'' if options.sheet else _not_read(others)}"
        )
    lead = find_header(rows, options.named_headers)
    written = unique_names([cell.strip() for cell in rows[lead]])
    body = texts.rename(dict(zip(texts.columns, written, strict=True)))[lead + 1 :]
    body = body.with_row_index(INDEX, offset=lead + 2)
    headers = match_headers(
        written,
        options.overrides,
        file=path,
        layout=options.layout,
        cells=body.head(MATCHED_ROWS).to_dict(as_series=False),
        of_history=options.of_history,
    )
    titles = sum(any(cell.strip() for cell in row) for row in rows[:lead])
    more = tuple(name for name in others if _has_claims(book, name))
    notes = (f"sheet {sheet!r}{_not_read(more if options.sheet else others)}", *titles_note(titles))
    rivals = (sheet, *more) if more and options.sheet is None else ()
    return ExcelFile(path, data, "Excel", headers, tuple(written), notes, body, written, rivals)


def _may_hold_claims(texts: pl.DataFrame, options: Options) -> bool:
    """Whether a sheet has headers of claims or that the user named, or a code in scope."""
    rows = texts.head(SAMPLE_ROWS).iter_rows()
    if options.named_headers or any(map(is_claims_header, rows)):
        return texts.height > 0
    has_code = pl.any_horizontal(pl.all().str.contains("|".join(sorted(CHECKED))))
    return bool(texts.width) and bool(texts.select(has_code.any()).item())


def _first_with_claims(
    book: Any, first: str, texts: pl.DataFrame, path: str, data: Path | bytes
) -> tuple[str, pl.DataFrame]:
    """The sheet to read in place of a cover, a summary, a chart, or a blank one, and its cells.

    Where none has claims, the first with cells.
    """
    later = book.sheet_names[1:]
    with_claims = next((name for name in later if _has_claims(book, name)), None)
    if with_claims is not None:
        return with_claims, _cells(book, with_claims, path, data)
    for name in later if not texts.height else ():
        cells = _cells(book, name, path, data)
        if cells.height:
            return name, cells
    return first, texts


def _has_claims(book: Any, sheet: str) -> bool:
    try:
        with native_errors_silenced():
            cells = book.load_sheet(
                sheet, header_row=None, skip_rows=0, n_rows=SAMPLE_ROWS, dtypes="string"
            )
            table: pl.DataFrame = cells.to_polars()
    except Exception:  # a chart: no cell can be read
        return False
    rows = table.select(pl.all().cast(pl.String).fill_null("")).iter_rows()
    return any(is_claims_header(row) and any(any(below) for below in rows) for row in rows)


def _cells(book: Any, sheet: str, path: str, data: Path | bytes) -> pl.DataFrame:
    """Every cell of a sheet as text."""
    surveyed = survey(path, data, sheet)
    try:
        with native_errors_silenced():  # the library writes of a sheet that is a chart
            cells = book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string")
            table: pl.DataFrame = cells.to_polars()
    except Exception as problem:
        raise ClaimsError(f"{path}: sheet {sheet!r} cannot be read") from problem
    if surveyed is None:  # its error cells came as blanks
        raise ClaimsError(
            f"{path}: sheet {sheet!r} is damaged; open it and save it again, or save it as CSV"
        )
    return with_errors(table, surveyed).select(pl.all().cast(pl.String).fill_null(""))


def cells_of(path: str, data: Path | bytes, sheet: str | None) -> pl.DataFrame:
    """Every cell of one sheet of a workbook as text, its first row too.

    Args:
        path: for messages.
        data: the workbook.
        sheet: its name; the first one if None.

    Raises:
        ClaimsError: it is no workbook, or it has no such sheet.
    """
    book = _workbook(path, data)
    return _cells(book, sheet or _sheet(path, book.sheet_names, None), path, data)


def _sheet(path: str, names: Sequence[str], wanted: str | None) -> str:
    if not names:
        raise ClaimsError(f"{path}: the workbook has no sheet")
    if wanted is not None and wanted not in names:
        raise UsageError(
            f"--sheet {wanted}: {path} has no such sheet{did_you_mean(wanted, names)}; "
            f"it has {', '.join(map(repr, names))}"
        )
    return wanted or names[0]


def _not_read(others: Sequence[str]) -> str:
    """Which sheets were not read, that hold claims or may do so."""
    names = ", ".join(map(repr, others))
    return f"; sheets not read: {names} (name another with --sheet)" if others else ""


def _workbook(path: str, data: Path | bytes) -> Any:
    try:
        import fastexcel
    except ImportError:
        raise ClaimsError(
            f"{path}: an Excel workbook; install cpt77092[excel] to read it, or save the sheet as "
            f"CSV UTF-8"
        ) from None
    try:
        # By its bytes: of a path the ending would say which kind of workbook it is.
        return fastexcel.read_excel(data if isinstance(data, bytes) else data.read_bytes())
    except fastexcel.FastExcelError:
        raise ClaimsError(
            f"{path}: a zip file or a workbook that cannot be read; open it and save the sheet "
            f"as CSV"
        ) from None
