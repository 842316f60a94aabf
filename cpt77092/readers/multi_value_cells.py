"""Cells that hold several codes: `26 59`, `2659`, `26,,`, `["26", "59"]`, and `77092-26`.

Only a column that stands alone for its set is split, and only cells of nothing but codes; any
other cell stays as it is, for the rules to judge.
"""

from __future__ import annotations

import polars as pl

from cpt77092.claims.columns import DIAGNOSES, MODIFIERS
from cpt77092.claims.words import BETWEEN_MODIFIERS, known_modifiers_alone
from cpt77092.readers.code_cells import DAMAGED, modifiers_behind

_BETWEEN = {MODIFIERS: BETWEEN_MODIFIERS, DIAGNOSES: r"[\s,;:^|/+]"}
_QUOTES = r"[\s\"']*"
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
        is_several = _holds_several(names, code)
        if not lines[first].unique().cast(pl.String).to_frame().select(is_several.any()).item():
            continue
        cells = lines[first].cast(pl.String)
        is_set = cells.to_frame().select(is_several).to_series()
        parts = cells.str.extract_all(code)
        lines = lines.with_columns(
            pl.when(pl.lit(is_set))
            .then(pl.lit(parts).list.get(n, null_on_oob=True).fill_null(""))
            .otherwise(pl.lit(cells) if n == 0 else pl.lit(""))
            .cast(pl.Categorical)
            .alias(name)
            for n, name in enumerate(names)
        )
    return lines


def _holds_several(names: tuple[str, ...], code: str) -> pl.Expr:
    """Which cells of a frame's one column hold several codes, or separators with one or none."""
    gap, most, cell = _BETWEEN[names], len(names) - 1, pl.all()
    # ["26", "59"] and {26,59}: a list of a program, of one code too.
    quoted = f"{_QUOTES}{code}{_QUOTES}"
    as_list = rf"[\[{{(]{quoted}(?:,{quoted}){{0,{most}}}[\]}})]"
    several = f"{gap}*(?:{code}(?:{gap}+{code}){{0,{most}}}{gap}*)?"
    is_several = cell.str.contains(f"^(?:{several}|{as_list})$") & cell.str.contains(
        "[^A-Za-z0-9.]"
    )
    if names is not MODIFIERS:
        return is_several
    is_alone = cell.str.contains(known_modifiers_alone()) & cell.str.contains("[0-9]")
    return is_several | (is_alone & cell.str.len_chars().is_between(4, 2 * len(names)))


def take_modifiers_off_codes(lines: pl.DataFrame) -> pl.DataFrame:
    """Put the modifiers of cells like `77092-26` into the modifier columns.

    A cell whose line has other modifiers as well stays damaged.
    """
    if lines[DAMAGED].null_count() == lines.height:
        return lines
    behind = lines.select(modifiers_behind(pl.col(DAMAGED).cast(pl.String))).to_series()
    if behind.null_count() == lines.height:
        return lines
    present = [pl.col(name).cast(pl.String) for name in MODIFIERS if name in lines.columns]
    own = pl.concat_list(present or [pl.lit("")]).list.eval(pl.element().filter(pl.element() != ""))
    fits = lines.select((own.list.len() == 0) | (own == behind)).to_series()
    is_read = pl.lit(behind.is_not_null() & fits)
    return lines.with_columns(
        pl.when(~is_read).then(DAMAGED).alias(DAMAGED),
        *(
            pl.when(is_read)
            .then(pl.lit(behind).list.get(n, null_on_oob=True).fill_null(""))
            .otherwise(pl.col(name).cast(pl.String) if name in lines.columns else pl.lit(""))
            .cast(pl.Categorical)
            .alias(name)
            for n, name in enumerate(MODIFIERS)
        ),
    )
