"""Numbers that a spreadsheet rewrote: 1.234567893E+09 is an NPI still, 1.23457E+09 is one no more.

What kept all its digits is mended; what lost some stays as it is, for the rules to find, and is
told. Codes are mended in `scan`; a place of service is never changed.
"""

from __future__ import annotations

import polars as pl

NPIS = ("rendering_npi", "billing_npi", "ordering_npi")
NUMBERS = ("claim_id", "person_id", *NPIS)
_SCIENTIFIC = r"^[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]{1,2}$"


def mend_numbers(lines: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The lines with whole NPIs mended, and what to tell of numbers that lost digits."""
    told = []
    for name in NUMBERS:
        if name not in lines.columns:
            continue
        if not _some_may_be_rewritten(lines[name]):
            continue
        cells = lines[name].cast(pl.String)
        if name in NPIS and cells.str.ends_with(".0").any():
            cells = cells.str.replace(r"^([0-9]{10})\.0+$", "$1")
        is_rewritten = cells.str.contains(_SCIENTIFIC)
        if is_rewritten.any():
            cells, lost = _from_scientific(cells, is_rewritten)
            if lost:
                cells_were = "1 cell was" if lost == 1 else f"{lost:,} cells were"
                told.append(
                    f"{name}: {cells_were} cut by a spreadsheet (like 1.23457E+09); export the "
                    f"column as text"
                )
        lines = lines.with_columns(cells.alias(name))
    return lines, told


def _some_may_be_rewritten(cells: pl.Series) -> bool:
    """Most batches have nothing to mend, and of categories few are different."""
    known = cells.unique() if cells.dtype == pl.Categorical else cells
    is_like_it = pl.all().cast(pl.String).str.contains(rf"\.0$|{_SCIENTIFIC}")
    some = known.to_frame().lazy().select(is_like_it.any()).collect(engine="streaming")
    return bool(some.item())


def _from_scientific(cells: pl.Series, is_rewritten: pl.Series) -> tuple[pl.Series, int]:
    """Cells with every digit written out as a whole number, and how many lack some."""
    digits = cells.str.extract(r"\.([0-9]+)[Ee]", 1).str.len_chars()
    power = cells.str.extract(r"[Ee]\+?([0-9]+)$", 1).cast(pl.UInt32, strict=False)
    is_whole = is_rewritten & (digits == power).fill_null(value=False) & (power < 16)
    whole = cells.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False).cast(pl.String)
    mended = pl.select(pl.when(pl.lit(is_whole)).then(pl.lit(whole)).otherwise(pl.lit(cells)))
    return mended.to_series(), int((is_rewritten & ~is_whole).sum())
