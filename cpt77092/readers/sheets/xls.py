"""Sheets of `.xls`, the workbooks of Excel before 2007."""

from __future__ import annotations

from cpt77092.readers.sheets.survey import Survey

SIGNATURE = b"\xd0\xcf\x11\xe0"


def survey(content: bytes, sheet: str) -> Survey:
    """Look over a sheet of a workbook.

    Raises:
        ValueError: the workbook is damaged.
    """
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=content, on_demand=True)
        cells = book.sheet_by_name(sheet)
    except Exception as problem:  # of a damaged file, whatever its bytes lead to
        raise ValueError(str(problem)) from None
    kinds = [cells.row_types(row) for row in range(cells.nrows)]
    empty = (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK)
    filled = (next((n for n, kind in enumerate(row) if kind not in empty), None) for row in kinds)
    errors = [
        (column + 1, row + 1, xlrd.error_text_from_code[int(cells.cell_value(row, column))])
        for row, of_row in enumerate(kinds)
        if xlrd.XL_CELL_ERROR in of_row
        for column, kind in enumerate(of_row)
        if kind == xlrd.XL_CELL_ERROR
    ]
    left = min((column for column in filled if column is not None), default=0) + 1
    return Survey(cells.ncols, cells.nrows, left, errors)
