"""Excel workbooks, one sheet of one, every cell as text. Needs the extra `cpt77092[excel]`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from cpt77092.claims.headers import HeaderMatch, match_headers
from cpt77092.claims.layouts import Layout
from cpt77092.errors import ClaimsError, UsageError, did_you_mean
from cpt77092.readers.classify import INDEX, REJECT, ROW, SAMPLE_ROWS, Scan, code_header
from cpt77092.readers.line_plan import LinePlan
from cpt77092.readers.text.csv import find_header, unique_names


@dataclass(frozen=True, slots=True)
class ExcelFile:
    """A sheet of a workbook, in memory: a sheet holds a million rows at most."""

    path: str
    data: Path | bytes
    rows: pl.DataFrame
    written: Mapping[str, str]
    headers: HeaderMatch
    sheet: str
    others: tuple[str, ...] = ()
    """Sheets that were passed over, where the user named none."""
    kind: str = "Excel"

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each of the sheet's columns."""
        return tuple(self.written)

    def sample(self) -> pl.DataFrame:
        """The first rows, every cell as text."""
        return self.rows.drop(INDEX).head(SAMPLE_ROWS)

    def scan(self, *, needed: frozenset[str], scope: frozenset[str]) -> Scan:
        """The plan that reads the rows.

        Raises:
            ClaimsError: no column is the procedure code.
        """
        try:
            written = self.written[code_header(self)]
        except ClaimsError as problem:
            raise ClaimsError(
                *problem.lines[:-1], f"{problem.lines[-1]}{_not_read(self.others)}"
            ) from None
        plan = LinePlan.of(self.headers, needed, scope, written=written)
        rows = self.rows.lazy()
        nothing = pl.lit(None, dtype=pl.String).alias(REJECT)
        kept = rows.filter(plan.keep).select(pl.col(INDEX).alias(ROW), nothing, *plan.cells)
        return Scan.of(
            self,
            kept=plan.spread(kept),
            rows=rows,
            code=plan.code,
            total=rows.select(plan.total),
            notes=(f"sheet {self.sheet!r}{_not_read(self.others)}",),
        )


def open_excel(
    path: str,
    data: Path | bytes,
    overrides: Mapping[str, str],
    *,
    sheet: str | None = None,
    layout: Layout | None = None,
) -> ExcelFile:
    """Read a sheet of a workbook.

    Raises:
        ClaimsError: it is no workbook, or the sheet is empty.
        UsageError: there is no such sheet.
    """
    book = _workbook(path, data)
    names: list[str] = book.sheet_names
    if not names:
        raise ClaimsError(f"{path}: the workbook has no sheet")
    if sheet is not None and sheet not in names:
        raise UsageError(
            f"--sheet {sheet}: {path} has no such sheet{did_you_mean(sheet, names)}; "
            f"it has {', '.join(map(repr, names))}"
        )
    name = sheet or names[0]
    others = () if sheet else tuple(names[1:])
    try:
        cells = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
    except Exception as problem:
        raise ClaimsError(f"{path}: sheet {name!r} cannot be read") from problem
    texts = cells.select(pl.all().cast(pl.String).fill_null(""))
    rows = [list(row) for row in texts.head(SAMPLE_ROWS).iter_rows()]
    if not rows or not any(any(row) for row in rows):
        raise ClaimsError(
            f"{path}: sheet {name!r} is empty; expected a header row and claim lines"
            f"{_not_read(others)}"
        )
    expected = [*overrides.values()]
    if layout is not None:
        expected += [header for headers in layout.columns.values() for header in headers]
    lead = find_header(rows, expected)
    written = unique_names([cell.strip() for cell in rows[lead]])
    body = texts.rename(dict(zip(texts.columns, written, strict=True)))[lead + 1 :]
    body = body.with_row_index(INDEX, offset=lead + 2)
    headers = match_headers(written, overrides, file=path, layout=layout)
    return ExcelFile(path, data, body, written, headers, name, others)


def _not_read(others: Sequence[str]) -> str:
    """What to know of the other sheets, which may hold claims too."""
    names = ", ".join(map(repr, others))
    return f"; of this workbook not read: {names} (--sheet says which to read)" if others else ""


def _workbook(path: str, data: Path | bytes) -> Any:
    try:
        import fastexcel
    except ImportError:
        raise ClaimsError(
            f"{path}: an Excel workbook; install cpt77092[excel] to read it, or save the sheet as "
            f"CSV UTF-8"
        ) from None
    try:
        return fastexcel.read_excel(data if isinstance(data, bytes) else str(data))
    except fastexcel.FastExcelError:
        raise ClaimsError(f"{path}: a zip file or a workbook that cannot be read") from None
