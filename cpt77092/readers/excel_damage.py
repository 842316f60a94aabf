"""Numbers that a spreadsheet rewrote: 1.234567893E+09 is still an NPI, 1.23457E+09 no longer.

A number that kept all its digits is restored; one that lost some stays as it is, for the rules to
find, and is noted. Codes are restored in `classify`; a place of service is never changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from cpt77092.claims.cells import columns_with
from cpt77092.claims.words import NPIS

NUMBERS = ("claim_id", "person_id", *NPIS)
_SCIENTIFIC = r"^[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]{1,2}$"


def restore_numbers(lines: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """The lines with rewritten numbers restored, and how many cells of a column lost digits."""
    cut_cells = {}
    for name in columns_with(_SCIENTIFIC, lines, NUMBERS):  # none in most batches
        cells, cut_cells[name] = _from_scientific(lines[name].cast(pl.String))
        lines = lines.with_columns(cells.cast(lines.schema[name]).alias(name))
    return lines, cut_cells


def notes_on_lost_digits(cut_cells: Mapping[str, int]) -> Iterator[str]:
    """A note for each column with cells that lost digits, by how many there are."""
    for name in NUMBERS:
        if cut := cut_cells.get(name):
            cells_were = "1 cell was" if cut == 1 else f"{cut:,} cells were"
            yield (
                f"{name}: {cells_were} cut by a spreadsheet (like 1.23457E+09); export the "
                f"column as text"
            )


def _from_scientific(cells: pl.Series) -> tuple[pl.Series, int]:
    """The cells with every digit written out as a whole number, and how many lack some."""
    is_rewritten = cells.str.contains(_SCIENTIFIC)
    digits = cells.str.extract(r"\.([0-9]+)[Ee]", 1).str.len_chars()
    power = cells.str.extract(r"[Ee]\+?([0-9]+)$", 1).cast(pl.UInt32, strict=False)
    is_whole = is_rewritten & (digits == power).fill_null(value=False) & (power < 16)
    whole = cells.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False).cast(pl.String)
    restored = pl.select(pl.when(pl.lit(is_whole)).then(pl.lit(whole)).otherwise(pl.lit(cells)))
    return restored.to_series(), int((is_rewritten & ~is_whole).sum())
