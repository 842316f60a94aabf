"""What programs write around a value or in its place: `="11"`, `'11`, invisible characters, NULL.

A cell is read without them, in every column and by every reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, partial
from importlib.resources import files
from types import MappingProxyType

import polars as pl

# Unicode's own lists: characters without a shape, and those that look like a gap.
_INVISIBLE = r"[\p{Cf}\p{Default_Ignorable_Code_Point}\x00]"
_SPACE = r"[\p{White_Space}\p{Cc}\x{2800}]"
_AROUND = rf"^{_SPACE}+|{_SPACE}+$"
_APOSTROPHE, _QUOTE = r"['\x{2018}\x{2019}]", r'["\x{201C}\x{201D}]'
# ="11", "11", '11', '11 and =11; a formula (=B2, =1+1) stays, to be found unreadable.
_WRAPPED = (
    rf"(?s)^(?:{_APOSTROPHE}*=?{_QUOTE}(.*){_QUOTE}|=?{_APOSTROPHE}(.*){_APOSTROPHE}"
    rf"|=?([0-9.]+)|{_APOSTROPHE}+(.*))$"
)
_NEEDS_A_LOOK = rf"^[^0-9A-Za-z]|[^0-9A-Za-z]$|{_INVISIBLE}"


@cache
def placeholders() -> frozenset[str]:
    """Texts, in small letters, that stand for nothing."""
    text = files("cpt77092.claims").joinpath("placeholders.txt").read_text(encoding="utf-8")
    return frozenset(row for row in text.splitlines() if not row.startswith("#"))


def without_marks(text: pl.Expr, replaced: Mapping[str, str] = MappingProxyType({})) -> pl.Expr:
    """The values of text cells; a placeholder becomes the empty string.

    Args:
        text: of any column; line breaks inside a cell stay.
        replaced: what else is replaced, pattern by pattern, in the cells without marks.
    """
    plain = partial(plain_texts, replaced=replaced)
    return text.map_batches(plain, return_dtype=pl.String, is_elementwise=True)


@cache
def _doubtful() -> str:
    """The form of every cell that may change."""
    words = sorted(word for word in placeholders() if word[0].isalnum())
    return rf"{_NEEDS_A_LOOK}|^(?i:{'|'.join(words)})$"


def plain_texts(cells: pl.Series, replaced: Mapping[str, str] = MappingProxyType({})) -> pl.Series:
    """`without_marks` of a column that is there."""
    (plain,) = plain_columns(cells.to_frame(), {cells.name: replaced})
    return plain


def plain_columns(
    frame: pl.DataFrame, replaced: Mapping[str, Mapping[str, str]]
) -> Iterator[pl.Series]:
    """Some columns without marks, each with what else is replaced in it.

    Cells that need no change cost one look.
    """
    forms = {
        name: "|".join(map("(?:{})".format, [_doubtful(), *replaced[name]])) for name in replaced
    }
    doubts = frame.select(pl.col(n).str.contains(forms[n]).fill_null(value=False) for n in replaced)
    for doubt in doubts:
        cells = frame[doubt.name]
        if not doubt.any():
            yield cells
            continue
        cell = _plain(pl.col("cell"))
        for written, value in replaced[doubt.name].items():
            cell = cell.str.replace(written, value)
        plain = cells.filter(doubt).to_frame("cell").select(cell).to_series()
        # A clone, as `scatter` is in place.
        yield cells.clone().scatter(doubt.arg_true(), plain)


def _plain(cell: pl.Expr) -> pl.Expr:
    seen = cell.str.replace_all(_INVISIBLE, "").str.replace_all(_AROUND, "")
    value = seen.str.replace(_WRAPPED, "$1$2$3$4").str.replace_all(_AROUND, "")
    is_placeholder = value.str.to_lowercase().is_in(sorted(placeholders()))
    return pl.when(is_placeholder).then(pl.lit("")).otherwise(value)
