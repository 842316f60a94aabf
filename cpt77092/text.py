"""Numbers and names as a person reads them, and text from data made safe to print.

The command line imports it before Polars is needed.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    import polars as pl

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

# Control characters move a terminal's cursor or change its color; directional marks reorder text.
_UNSAFE = "[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"

FORMULA_STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""What a spreadsheet takes for the start of a formula, the wide forms in some languages."""
_START = f"^([{re.escape(FORMULA_STARTS)}])"
# Where a semicolon or a tab separates cells, commas and quotes do not, and a text may hold several.
_INNER_START = '([;\t\r\n][ "]*)([=+@\uff1d\uff0b\uff0d\uff20-])'
_IS_ODD = f"{_START}|{_INNER_START}"


def inert(table: pl.DataFrame) -> pl.DataFrame:
    """The table with an apostrophe before all that a spreadsheet would take for a formula.

    A spreadsheet splits a file at commas, or at semicolons where those stand in its settings.
    """
    import polars as pl

    is_odd = table.select(pl.col(pl.String).str.contains(_IS_ODD).any())
    odd = [column.name for column in is_odd if column.item()]  # none of most tables
    return table.with_columns(
        pl.col(odd).str.replace_all(_INNER_START, "${1}'${2}").str.replace(_START, "'${1}")
    )


def not_inert(texts: pl.Expr) -> pl.Expr:
    """Texts as they were before `inert`."""
    texts = texts.str.replace(_START.replace("^", "^'", 1), "${1}")
    return texts.str.replace_all(_INNER_START.replace(")(", ")'(", 1), "${1}${2}")


_MOST_BYTES = 1_000_000


def small_file(path: Traversable) -> bytes:
    """The bytes of a file of settings, a layout or a policy, none of which is large.

    Raises:
        OSError: it cannot be read, or is larger than any of those, or has no end.
    """
    with path.open("rb") as stream:
        content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise OSError(errno.EFBIG, "it is larger than 1 MB; expected a few lines of YAML")
    return content


def safe(text: str) -> str:
    """Text from data with every character removed that could drive a terminal."""
    return re.sub(_UNSAFE, " ", text)


def safe_expr(column: str) -> pl.Expr:
    """The same for a whole column of texts or codes, as text."""
    import polars as pl

    return pl.col(column).cast(pl.String).str.replace_all(_UNSAFE, " ")


def gathered(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, list[_Value]]:
    """The values of each key, in the order of first mention."""
    values: dict[_Key, list[_Value]] = {}
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    return values


def count(number: int, one: str, many: str = "") -> str:
    """`1 line`, `1,204 lines`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def dollars(amount: Decimal) -> str:
    """`$1,204.00`."""
    return f"${amount:,.2f}" if amount >= 0 else f"-${-amount:,.2f}"


def is_address(url: str) -> bool:
    """Whether a text may become a link: web addresses only, since `javascript:` is a link too."""
    return url.startswith(("https://", "http://"))


def payer_text(row: Mapping[str, Any]) -> str:
    """`Medicare Part B (Medicare policy)`: the payer as the claim has it, and its policy.

    The label alone where the claim's name is blank, or no other than it or the policy's key.
    """
    name, label = (row["payer_name"] or "").strip(), row["payer_label"] or ""
    if name.casefold() in {"", label.casefold(), row["payer"]}:
        return safe(label)
    return safe(f"{name} ({label} policy)")
