"""The claim-line contract: canonical columns, their types, and how a text cell becomes a value.

Names follow the Tuva Input Layer where it has one. After `typed`, a null always means *unknown*:
the file has no such column, or (for a typed column) the cell is blank or unreadable, which the
column's `.state` tells apart. A blank text cell is the empty string, which is a known value:
a blank modifier is no modifier.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import polars as pl

from cpt77092.claims.categorical import index_in
from cpt77092.claims.dates import read_dates


class Kind(StrEnum):
    """What a cell of a column holds."""

    TEXT = "text"
    CODE = "code"
    """Text of which a batch has few different ones on many lines: kept as categories, which are
    compared as fast as numbers."""
    DATE = "date"
    NUMBER = "number"
    MONEY = "money"
    INTEGER = "whole number"


MONEY = pl.Decimal(18, 4)
"""Dollars. Four places, so that a cell with a fraction of a cent is kept as it stands."""

DTYPES: dict[Kind, pl.DataType | type[pl.DataType]] = {
    Kind.TEXT: pl.String,
    Kind.CODE: pl.Categorical(),
    Kind.DATE: pl.Date,
    Kind.NUMBER: pl.Float64,
    Kind.MONEY: MONEY,
    Kind.INTEGER: pl.Int64,
}

UNREADABLE_TEXT = ".text"
"""Suffix of the column that keeps the text of unreadable cells."""

STATE = pl.Enum(["read", "blank", "unreadable"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One canonical column: `needed_for` says what goes unchecked where it is absent."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    patient: bool = False
    """Identifies a patient: never shown, logged or written unless asked for."""
    needed_for: str = ""
    set_name: str | None = None
    """Numbered columns of one set: where one is present, absent ones are blank, not unknown."""


MODIFIERS = tuple(f"hcpcs_modifier_{n}" for n in range(1, 6))
DIAGNOSES = tuple(f"diagnosis_code_{n}" for n in range(1, 13))

NO_RULE = "IN001 alone: no other rule rests on it"

COLUMNS: tuple[Column, ...] = (
    Column(name="claim_id", required=True, needed_for="everything"),
    Column(name="claim_line_number", kind=Kind.INTEGER, needed_for="naming a line"),
    Column(name="line_control_number", needed_for="naming a line"),
    Column(name="person_id", patient=True, needed_for="tests across claims"),
    Column(name="payer", kind=Kind.CODE, required=True, needed_for="the payer's policy"),
    Column(name="payer_id", kind=Kind.CODE, needed_for="the payer's policy"),
    Column(
        name="claim_line_start_date", kind=Kind.DATE, required=True, needed_for="everything dated"
    ),
    Column(name="claim_line_end_date", kind=Kind.DATE, needed_for="DT006"),
    Column(name="place_of_service_code", kind=Kind.CODE, needed_for="PO rules"),
    Column(name="hcpcs_code", kind=Kind.CODE, required=True, needed_for="everything"),
    *(
        Column(
            name=name,
            kind=Kind.CODE,
            needed_for="MO and CV rules, CH002",
            set_name="modifiers",
        )
        for name in MODIFIERS
    ),
    Column(
        name="service_unit_quantity",
        kind=Kind.NUMBER,
        needed_for="UN rules, CH002 and expected payment",
    ),
    Column(name="charge_amount", kind=Kind.MONEY, needed_for="CH rules and dollars at risk"),
    *(
        Column(name=name, kind=Kind.CODE, needed_for="DX rules", set_name="diagnoses")
        for name in DIAGNOSES
    ),
    Column(
        name="diagnosis_pointer",
        kind=Kind.CODE,
        needed_for="DX006 and which diagnoses are the line's",
    ),
    Column(name="rendering_npi", kind=Kind.CODE, needed_for="ID001"),
    Column(name="billing_npi", kind=Kind.CODE, needed_for="ID002 and tests across claims"),
    Column(name="ordering_npi", kind=Kind.CODE, needed_for="ID003 and ID004"),
    Column(name="prior_authorization_number", needed_for="CV002"),
    Column(
        name="claim_frequency_code",
        kind=Kind.CODE,
        needed_for="CH003, and UN001 on replaced claims",
    ),
    Column(name="patient_sex", kind=Kind.CODE, needed_for="DX005"),
    Column(name="patient_birth_date", kind=Kind.DATE, patient=True, needed_for=NO_RULE),
    Column(
        name="submission_date",
        kind=Kind.DATE,
        needed_for="DT004, DT005, DO002; else the as-of date",
    ),
    Column(name="report_signed_date", kind=Kind.DATE, needed_for="DO rules"),
)

BY_NAME = {column.name: column for column in COLUMNS}
WRITTEN = frozenset({Kind.TEXT, Kind.CODE})
"""Kinds whose cells are text; every text can be read."""
TYPED = tuple(column.name for column in COLUMNS if column.kind not in WRITTEN)


def absent_members(present: set[str]) -> list[str]:
    """Numbered columns that are missing while another of their set is present: these are blank."""
    sets = {column.set_name for column in COLUMNS if column.name in present and column.set_name}
    return [c.name for c in COLUMNS if c.set_name in sets and c.name not in present]


def cell(
    header: str, column: Column, dtype: pl.DataType | type[pl.DataType] = pl.String
) -> pl.Expr:
    """A source column as the contract wants it: text is trimmed and blank is the empty string.

    Typed columns pass as they are; `typed` reads them once the lines in scope are known.
    """
    source = pl.col(header)
    if column.kind in WRITTEN:
        if dtype.is_float() or dtype.is_decimal():
            # A table writer that met a gap makes 1234567893 a float; its text would end in .0.
            source = source.fill_nan(None) if dtype.is_float() else source
            whole = source.cast(pl.Int64, strict=False)
            source = (
                pl.when(source == whole)
                .then(whole.cast(pl.String))
                .otherwise(source.cast(pl.String))
            )
        source = source.cast(pl.String).str.strip_chars().fill_null("")
        if column.name == "hcpcs_code":
            source = source.str.to_uppercase()
    return source.alias(column.name)


CODES = tuple(column.name for column in COLUMNS if column.kind is Kind.CODE)
FEW = 1_000
"""Of fewer cells each is read, whether or not another is the same."""


def coded(lines: pl.DataFrame) -> pl.DataFrame:
    """The code columns as categories, trimmed as `cell` trims them: each different one once.

    Args:
        lines: code columns as text or as categories; others are left alone.
    """
    names = [name for name in CODES if name in lines.columns]
    cells = lines.select(pl.col(names).cast(DTYPES[Kind.CODE]).fill_null(""))
    distinct = cells.select(pl.all().unique().implode())
    is_mended = distinct.select((_trimmed(name) != _text(name)).any() for name in names)
    mended = []
    for name in (name for name in names if is_mended[name].item()):
        trimmed = distinct.select(_trimmed(name).cast(DTYPES[Kind.CODE])).to_series()
        mended.append(trimmed.gather(index_in(cells[name], distinct[name].explode())))
    return lines.with_columns(cells.with_columns(mended))


def _text(name: str) -> pl.Expr:
    return pl.col(name).explode().cast(pl.String)


def _trimmed(name: str) -> pl.Expr:
    """The different cells of a code column, as `cell` trims them."""
    trimmed = _text(name).str.strip_chars()
    return trimmed.str.to_uppercase() if name == "hcpcs_code" else trimmed


def typed(lines: pl.DataFrame, needed: frozenset[str]) -> pl.DataFrame:
    """Give every needed column its type, and every typed column its `.state`.

    Args:
        lines: one row per claim line, made of `cell` expressions; a canonical column that the
            frame lacks is one that the file lacks.
        needed: the canonical columns that somebody will read.

    Returns:
        The same rows with the needed columns in their declared types and `<name>.state` beside
        each typed one; columns that are not canonical stay untouched.
    """
    present = set(lines.columns)
    blank = set(absent_members(present))
    # All codes at once, since that is done on all cores.
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
        elif column.kind not in WRITTEN:
            columns += _read(lines[column.name], column)
    return lines.with_columns(columns)


def _absent(column: Column, height: int, *, is_blank: bool) -> list[pl.Series]:
    cell = "" if is_blank else None
    values = pl.Series(column.name, [cell], dtype=DTYPES[column.kind]).new_from_index(0, height)
    if column.kind in WRITTEN:
        return [values]
    return [
        values,
        pl.Series(f"{column.name}.state", [None], dtype=STATE).new_from_index(0, height),
    ]


def _read(cells: pl.Series, column: Column) -> list[pl.Series]:
    if cells.dtype.is_numeric() or cells.dtype.is_temporal():
        return _read_each(cells, column)
    if cells.len() < FEW:
        return _read_each(cells.cast(pl.String).fill_null(""), column)
    # Few different cells stand on many lines: each is read once.
    if cells.dtype != pl.Categorical:
        cells = cells.cast(pl.String).cast(pl.Categorical)
    cells = cells.fill_null("")
    known = cells.unique()
    place = index_in(cells, known)
    return [made.gather(place) for made in _read_each(known.cast(pl.String), column)]


def _read_each(cells: pl.Series, column: Column) -> list[pl.Series]:
    values = _value(cells, column).alias(column.name)
    state = _state(cells, values).alias(f"{column.name}.state")
    if not (state == "unreadable").any():
        return [values, state]
    # The text is kept only where it could not be read, for the finding that shows it.
    text = pl.select(pl.when(state == "unreadable").then(_text_of(cells))).to_series()
    return [values, state, text.alias(f"{column.name}{UNREADABLE_TEXT}")]


def _state(cells: pl.Series, values: pl.Series) -> pl.Series:
    if not values.null_count():
        return pl.Series(["read"], dtype=STATE).new_from_index(0, cells.len())
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
    # Polars fails on the text of a day that no calendar has, as a damaged Parquet file may hold.
    is_far = ~cells.is_between(date.min, date.max)
    text = cells.set(is_far, None).cast(pl.String)
    if not is_far.any():
        return text
    days = pl.format("{} days from 1970-01-01", pl.lit(cells.to_physical()))
    return pl.select(pl.when(pl.lit(is_far)).then(days).otherwise(pl.lit(text))).to_series()


def _value(cells: pl.Series, column: Column) -> pl.Series:
    if column.kind is Kind.DATE:
        is_birth = column.name == "patient_birth_date"
        return _plausible(_date(cells, century=1900 if is_birth else None))
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
    parted = number.str.contains(r"^-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?$")
    return pl.select(
        pl.when(parted).then(number.str.replace_all(",", "", literal=True)).otherwise(number)
    ).to_series()


def _to_four_places(cells: pl.Series) -> pl.Series:
    """Money cells with no more places than `MONEY` has, null where a place would be lost.

    A cast would cut it off in silence; the noise of a float (12.300000000000001) may go, a true
    fifth place (45.00009) may not.
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


def _date(cells: pl.Series, *, century: int | None) -> pl.Series:
    """Dates of the cells; two-digit years are of the century, else of 1970-2069."""
    if cells.dtype == pl.Date:
        return cells
    if isinstance(cells.dtype, pl.Datetime):
        return cells.dt.date()
    if cells.dtype.is_numeric():
        cells = cells.cast(pl.Int64, strict=False)  # 20260302, which a gap makes 20260302.0
    return read_dates(cells.cast(pl.String), century=century)


def _plausible(dates: pl.Series) -> pl.Series:
    """Years before 1900 are slips (0026-03-02), not dates; nor are those of five digits."""
    is_slip = ~dates.is_between(date(1900, 1, 1), date.max)
    return dates.set(is_slip, None) if is_slip.any() else dates
