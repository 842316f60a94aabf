"""Cells that hold a whole numbered set: `26 59`, `26,59` or `26^59`, and several diagnoses.

Only a column that stands alone for its set is split, and only cells of nothing but codes; any
other cell stays as it is, for the rules to judge.
"""

from __future__ import annotations

import polars as pl

from cpt77092.claims.columns import DIAGNOSES, MODIFIERS

_BETWEEN = r"[\s,;:^|/+]+"
_CODE = {
    MODIFIERS: r"[A-Za-z0-9]{2}",
    DIAGNOSES: r"[A-Za-z][0-9][A-Za-z0-9](?:\.?[A-Za-z0-9]{1,4})?",
}


def split_sets(lines: pl.DataFrame) -> pl.DataFrame:
    """Spread combined cells over the columns of their set."""
    for names, code in _CODE.items():
        first, *others = names
        if first not in lines.columns or any(name in lines.columns for name in others):
            continue
        most = len(names) - 1
        pattern = f"^{code}(?:{_BETWEEN}{code}){{1,{most}}}[\\s,;:^|/+]*$"
        if not lines[first].unique().cast(pl.String).str.contains(pattern).any():
            continue
        cells = lines[first].cast(pl.String)
        is_set = cells.str.contains(pattern)
        parts = cells.str.extract_all(code)
        lines = lines.with_columns(
            pl.when(pl.lit(is_set))
            .then(pl.lit(parts).list.get(n, null_on_oob=True).fill_null(""))
            .otherwise(pl.lit(cells) if n == 0 else pl.lit(""))
            .alias(name)
            for n, name in enumerate(names)
        )
    return lines
