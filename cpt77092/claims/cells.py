"""How cells become values: text is trimmed, codes become categories, the rest gets its type.

A cell that is not blank and cannot be read as its type is `unreadable`, never blank and never a
guess; its text is kept for the finding that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from cpt77092.claims.categorical import constant, index_in
from cpt77092.claims.columns import (
    BY_NAME,
    CODES,
    COLUMNS,
    DAY_FIRST,
    DTYPES,
    MONEY,
    STATE,
    TEXT_KINDS,
    UNREADABLE_TEXT,
    Column,
    Kind,
    absent_members,
)
from cpt77092.claims.dates import Order, read_dates
from cpt77092.claims.marks import plain_columns, plain_texts, without_marks
from cpt77092.claims.words import WHOLE_NUMBER, code_texts, may_hold_more


def cell_text(name: str) -> pl.Expr:
    """The text of a column's cells without blanks around it; a null is the empty string."""
    return pl.col(name).cast(pl.String).fill_null("").str.strip_chars()


_NOBODY = r"(?i)^(?:0{3,}|9{5,}|.*\bunknown\b.*)$"
"""What is keyed in for a patient who has no number; all of them would be one person."""


def written_cell(
    header: str, column: Column, dtype: pl.DataType | type[pl.DataType] = pl.String
) -> pl.Expr:
    """A source column under its canonical name: text as it is written, null as the empty string.

    Other kinds stay as they are; `with_types` reads them once the lines in scope are known.

    Args:
        header: of the column in the file.
        column: the canonical column.
        dtype: of the column in the file.
    """
    source = pl.col(header)
    if column.kind in TEXT_KINDS:
        if dtype.is_float() or dtype.is_decimal():
            # A column with a gap may have become floats; the text of an NPI would then end in .0.
            source = source.fill_nan(None) if dtype.is_float() else source
            whole = source.cast(pl.Int64, strict=False)
            source = (
                pl.when(source == whole)
                .then(whole.cast(pl.String))
                .otherwise(source.cast(pl.String))
            )
        source = source.cast(pl.String).fill_null("")
    return source.alias(column.name)


def source_cell(
    header: str, column: Column, dtype: pl.DataType | type[pl.DataType] = pl.String
) -> pl.Expr:
    """The same with text without marks."""
    cell = written_cell(header, column, dtype)
    if column.kind in TEXT_KINDS:
        cell = plain_cell(cell, column)
        if column.name == "hcpcs_code":
            cell = cell.str.to_uppercase()
    return cell.alias(column.name)


def plain_cell(cell: pl.Expr, column: Column) -> pl.Expr:
    """A text cell (`written_cell`) without marks; slow in a scan, which takes few rows at once."""
    return without_marks(cell, _replaced(column))


def _replaced(column: Column) -> dict[str, str]:
    """What else is replaced in the text of a column, pattern by pattern."""
    replaced = {WHOLE_NUMBER: "$1"} if column.kind is Kind.TEXT else {}
    return replaced | ({_NOBODY: ""} if column.name == "person_id" else {})


def columns_with(form: str, lines: pl.DataFrame, names: Iterable[str]) -> list[str]:
    """Those columns of text among some that have a cell of a form."""
    cells = [
        # Few different categories are on many lines.
        pl.col(name).unique().cast(pl.String) if dtype == pl.Categorical else pl.col(name)
        for name in names
        if (dtype := lines.schema.get(name)) in (pl.String, pl.Categorical)
    ]
    has_some = lines.select(cell.str.contains(form).any() for cell in cells)
    return [column.name for column in has_some if column.any()]


def with_plain_texts(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with text as `source_cell` has it in the columns that are neither codes nor typed.

    Args:
        lines: text as `written_cell` has it.
    """
    texts = [BY_NAME[n] for n in lines.columns if n in BY_NAME and BY_NAME[n].kind is Kind.TEXT]
    return lines.with_columns(plain_columns(lines, {c.name: _replaced(c) for c in texts}))


def with_plain_cells(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with codes as categories, and every category without marks or words.

    Args:
        lines: code columns as text or as categories; other text columns are plain already.
    """
    names = [
        name for name, dtype in lines.schema.items() if name in CODES or dtype == pl.Categorical
    ]
    cells = lines.select(pl.col(names).cast(DTYPES[Kind.CODE]).fill_null(""))
    distinct = cells.select(pl.all().unique().implode())
    known: dict[str, pl.Series] = {name: distinct[name].item() for name in names}
    texts = {name: cells.cast(pl.String) for name, cells in known.items()}
    every = plain_texts(pl.concat(texts.values()) if texts else pl.Series(dtype=pl.String))
    has_more = may_hold_more(every)
    plain, first = [], 0
    for name in names:
        own = slice(first, first := first + known[name].len())
        values = every[own].alias(name)
        if name == "hcpcs_code" or has_more[own].any():
            values = _codes(name, values)
        if not values.equals(texts[name]):
            plain.append(values.cast(DTYPES[Kind.CODE]).gather(index_in(cells[name], known[name])))
    return lines.with_columns(cells.with_columns(plain))


def plain_codes(name: str, texts: pl.Series) -> pl.Series:
    """The different cells of a column without marks; of a code column, the codes alone."""
    return _codes(name, plain_texts(texts))


def _codes(name: str, plain: pl.Series) -> pl.Series:
    if name == "hcpcs_code":
        return plain.str.to_uppercase()
    return code_texts(name, plain).alias(plain.name) if name in CODES else plain


def with_types(
    lines: pl.DataFrame, needed: frozenset[str], orders: Mapping[str, Order] | None = None
) -> pl.DataFrame:
    """The lines with every needed column in its type.

    Args:
        lines: one row per claim line, made of `source_cell` expressions; a canonical column that
            the frame lacks is one that the file lacks.
        needed: names of the canonical columns that will be read.
        orders: of month and day in columns of dates; where a column has none, the one that its
            own cells show.

    Returns:
        The same rows and columns; each needed column that is not text has a further column
        `<name>.state`, one `<name>.text` where some of its cells cannot be read, and one
        `<name>.day_first` where the order of a column is unknown and makes a difference.
    """
    present = set(lines.columns)
    blank = set(absent_members(present))
    # All codes in one call, which uses all cores.
    codes = [
        pl.col(column.name).cast(DTYPES[column.kind])
        for column in COLUMNS
        if column.kind is Kind.CODE and column.name in needed & present
    ]
    lines = lines.with_columns(codes)

    columns: list[pl.Series] = []
    for column in COLUMNS:
        if column.name not in needed:
            continue
        if column.name not in present:
            columns += _absent(column, lines.height, is_blank=column.name in blank)
        elif column.kind not in TEXT_KINDS:
            order = (orders or {}).get(column.name)
            columns += read_cells(lines[column.name], column, order)
    return lines.with_columns(columns)


def read_day_first(lines: pl.DataFrame) -> pl.DataFrame | None:
    """Typed lines in the other reading of their dates; None where they have but one."""
    others = [name for name in lines.columns if name.endswith(DAY_FIRST)]
    if not others:
        return None
    # Of another file, whose dates have one reading, the column is null.
    return lines.with_columns(
        pl.coalesce(name, name.removesuffix(DAY_FIRST)).alias(name.removesuffix(DAY_FIRST))
        for name in others
    )


def _absent(column: Column, height: int, *, is_blank: bool) -> list[pl.Series]:
    cell = "" if is_blank else None
    values = constant(height, value=cell, dtype=DTYPES[column.kind]).alias(column.name)
    if column.kind in TEXT_KINDS:
        return [values]
    return [values, constant(height, value=None, dtype=STATE).alias(f"{column.name}.state")]


def read_cells(cells: pl.Series, column: Column, order: Order | None = None) -> list[pl.Series]:
    """Values, states and, where some cell has them, other readings and unreadable texts.

    Each different cell is read once; `order` is of month and day, that of the cells without it.
    """
    if cells.dtype.is_numeric() or cells.dtype.is_temporal():
        return _read(cells, column, order)
    if cells.dtype != pl.Categorical:
        cells = cells.cast(pl.String).cast(pl.Categorical)
    cells = cells.fill_null("")
    distinct = cells.unique()
    index = index_in(cells, distinct)
    return [values.gather(index) for values in _read(distinct.cast(pl.String), column, order)]


def _read(cells: pl.Series, column: Column, order: Order | None) -> list[pl.Series]:
    """Values, states and, where some cell has them, the other readings and unreadable texts."""
    if cells.dtype == pl.String:
        cells = plain_texts(cells)
    values = _value(cells, column, order).alias(column.name)
    state = _state(cells, values).alias(f"{column.name}.state")
    columns = [values, state]
    if order is Order.UNKNOWN:
        other = _value(cells, column, Order.DAY_FIRST).alias(f"{column.name}{DAY_FIRST}")
        # What is unreadable month first may be a typing error, and stays so.
        other = other.zip_with(values.is_not_null() & other.is_not_null(), values)
        columns += [] if other.equals(values) else [other]
    if not (state == "unreadable").any():
        return columns
    text = pl.select(pl.when(state == "unreadable").then(_text_of(cells))).to_series()
    return [*columns, text.alias(f"{column.name}{UNREADABLE_TEXT}")]


def _state(cells: pl.Series, values: pl.Series) -> pl.Series:
    if not values.null_count():
        return constant(cells.len(), value="read", dtype=STATE)
    text = pl.lit(_text_of(cells))
    is_blank = text.is_null() | (text.str.strip_chars() == "")
    return pl.select(
        pl.when(pl.lit(values).is_not_null())
        .then(pl.lit("read", dtype=STATE))
        .when(is_blank)
        .then(pl.lit("blank", dtype=STATE))
        .otherwise(pl.lit("unreadable", dtype=STATE))
    ).to_series()


def _text_of(cells: pl.Series) -> pl.Series:
    if cells.dtype != pl.Date:
        return cells.cast(pl.String)
    # Polars fails on the text of a date beyond the calendar, as a damaged Parquet file may hold.
    is_far = ~cells.is_between(date.min, date.max)
    text = cells.set(is_far, None).cast(pl.String)
    if not is_far.any():
        return text
    days = pl.format("{} days from 1970-01-01", pl.lit(cells.to_physical()))
    return pl.select(pl.when(pl.lit(is_far)).then(days).otherwise(pl.lit(text))).to_series()


def _value(cells: pl.Series, column: Column, order: Order | None) -> pl.Series:
    if column.kind is Kind.DATE:
        is_birth = column.name == "patient_birth_date"
        return _plausible(_date(cells, century=1900 if is_birth else None, order=order))
    if column.kind is Kind.NUMBER:
        number = _plain(cells).cast(pl.Float64, strict=False)
        # NaN and infinity are readable floats but no quantity; NaN would compare as the largest.
        return number if number.is_finite().all() else number.set(~number.is_finite(), None)
    if column.kind is Kind.MONEY:
        return _to_four_places(_plain(cells)).cast(MONEY, strict=False)
    return _whole(_plain(cells))


def _whole(cells: pl.Series) -> pl.Series:
    whole = cells.cast(pl.Int64, strict=False) if not cells.dtype.is_float() else None
    if whole is not None and whole.null_count() == cells.null_count():
        return whole
    number = cells.cast(pl.Float64, strict=False)  # 1.0, as a spreadsheet writes it
    from_float = number.set(number != number.floor(), None).cast(pl.Int64, strict=False)
    return from_float if whole is None else pl.select(pl.coalesce(whole, from_float)).to_series()


_ODD_NUMBER = r"[\s$,()]"
_FIFTH_PLACE = r"\.[0-9]{5}"


def _plain(cells: pl.Series) -> pl.Series:
    """Number cells as a cast reads them: no padding, no dollar sign, no thousands commas."""
    if cells.dtype != pl.String or not cells.str.contains(_ODD_NUMBER).any():
        return cells
    number = (
        cells.str.strip_chars()
        .str.replace(r"^\((.*)\)$", "-$1")  # accounting negative
        .str.replace(r"^(-?)\$ ?", "$1")
    )
    has_commas = number.str.contains(r"^-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?$")
    return pl.select(
        pl.when(has_commas).then(number.str.replace_all(",", "", literal=True)).otherwise(number)
    ).to_series()


def _to_four_places(cells: pl.Series) -> pl.Series:
    """Money cells with at most the decimal places of `MONEY`; null where one would be lost.

    A cast would cut places off without a word. The noise of a float (12.300000000000001) is
    dropped, a true fifth place (45.00009) is not.
    """
    if cells.dtype != pl.String or not cells.str.contains(_FIFTH_PLACE).any():
        return cells
    exact = cells.cast(pl.Float64, strict=False)
    rounded = exact.round(4)
    is_long = cells.str.contains(_FIFTH_PLACE)
    is_noise = is_long & ((exact - rounded).abs() < 1e-9 * (1 + exact.abs()))
    return pl.select(
        pl.when(is_noise).then(rounded.cast(pl.String)).when(~is_long).then(cells)
    ).to_series()


def _date(cells: pl.Series, *, century: int | None, order: Order | None) -> pl.Series:
    """Dates of the cells; two-digit years are in the century, or in 1970-2069 where it is None."""
    if cells.dtype == pl.Date:
        return cells
    if isinstance(cells.dtype, pl.Datetime):
        return cells.dt.date()
    if cells.dtype.is_numeric():
        cells = cells.cast(pl.Int64, strict=False)  # 20260302, or 20260302.0 in a column with a gap
    return read_dates(cells.cast(pl.String), century=century, order=order)


def _plausible(dates: pl.Series) -> pl.Series:
    """Years before 1900 (0026-03-02) or of five digits are typing errors: null."""
    is_error = ~dates.is_between(date(1900, 1, 1), date.max)
    return dates.set(is_error, None) if is_error.any() else dates
