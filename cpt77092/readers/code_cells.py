"""What a procedure code cell holds: a code in scope, another code, something unreadable, nothing.

Only a cell that holds a code of another service (or an NDC or revenue code) makes its row one of
another service. A code is read wherever nothing of the cell is lost: `77,092`, `7.7092E+04`,
`CPT4:77092`, `077092` and `77092 - TBS read` are 77092. A cell that holds more (`77092 x2`,
`77080; 77092`) is damaged: its code is known, what the rest means is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import polars as pl

from cpt77092.reference.codes import known_modifiers

IN_SCOPE, OTHER, UNREADABLE, BLANK = "in scope", "other", "unreadable", "blank"
CELL_KINDS = pl.Enum([IN_SCOPE, OTHER, UNREADABLE, BLANK])
DAMAGED = "damaged_code"
"""The code cell as it is, where it holds more than a code in scope (`77092 x2`)."""

# What each place of a code may hold: CPT with its categories II, III, PLA and MAAA, then HCPCS.
_FORMS = (("0-9", "0-9", "0-9", "0-9", "0-9AFMTU"), ("A-Z", "0-9", "0-9", "0-9", "0-9"))
_CODE = "(?:{})".format("|".join("".join(f"[{place}]" for place in form) for form in _FORMS))
_ONE_CODE = f"^{_CODE}$"
_CODE_OR_NOTHING = f"^{_CODE}?$"
_NDC = r"^(?:[0-9]{11}|[0-9]{4,5}-[0-9]{3,4}-[0-9]{1,2})$"
_REVENUE_CODE = r"^(?:[0-3]?[0-9]{3})$"
_SYSTEM = "HCPCS|HCPC|HC|CPT-?4|CPT|C4"
_SYSTEM_BEHIND = "^(?:HCPCS|CPT|CPT4|C4)$"
_AS_A_NUMBER = {
    r"^([0-9]{2})[\p{White_Space},.'\x{2019}]([0-9]{3})(?:[.,]0+)?$": "$1$2",  # 77,092
    r"^([0-9])\.([0-9]{4})0*E\+?0*4$": "$1$2",  # 7.7092E+04; with fewer digits some are lost
    r"^0+([1-9][0-9]{4})$": "$1",  # 077092
    rf"^({_CODE})\.0*$": "$1",
    rf"^(?:{_SYSTEM})(?:[^0-9A-Z]+|({_CODE})\b)": "$1",  # CPT4:77092, CPT77092
}
_MODIFIERS_BEHIND = (
    rf"^(?:(?:{_SYSTEM})[^0-9A-Z]*)?{_CODE}((?:[^0-9A-Z]+[0-9A-Z]{{2}}){{1,4}})[^0-9A-Z]*$"
)
_CELL = pl.col("cell")


def may_be_in_scope(code: pl.Expr, scope: frozenset[str]) -> pl.Expr:
    """Rows to keep: all but those of which the cell is surely another service's code.

    One expression, since every row of the file goes through it; `read_codes` looks closely at what
    it keeps.
    """
    text = code.cast(pl.String)
    return text.is_null() | ~text.str.contains(_other_code(scope))


@cache
def _other_code(scope: frozenset[str]) -> str:
    """Cells with one code that is not in scope, and no number of three digits beside it.

    What is in scope is left out character by character, as the patterns know no "but not".
    """
    few_digits = "(?:[0-9]{0,2}[^0-9])*"
    code = "|".join(_codes_but(scope))
    before, behind = rf"(?:{few_digits}[^0-9A-Z])?", rf"(?:[^0-9A-Z]{few_digits}[0-9]{{0,2}})?"
    return rf"(?i)^{before}(?:{code})(?:\.0*)?{behind}$"


def _codes_but(scope: frozenset[str]) -> Iterator[str]:
    for form in _FORMS:
        for length, place in enumerate(form):
            begins = {c[:length] for c in scope if c[0].isalpha() == (form[0] == "A-Z")}
            for begun in sorted(begins):
                taken = "".join(sorted({code[length] for code in scope if code.startswith(begun)}))
                rest = "".join(f"[{other}]" for other in form[length + 1 :])
                yield f"{begun}[{place}--[{taken}]]{rest}"


def read_codes(cells: pl.Series, scope: frozenset[str]) -> pl.DataFrame:
    """What the different cells of the code column hold.

    Args:
        cells: without marks (`claims.marks`), in capitals.
        scope: the codes in scope.

    Returns:
        For each cell `code_read`, `code_kind` (`CELL_KINDS`) and `damaged_code`.
    """
    if cells.str.contains(_CODE_OR_NOTHING).all():
        return _codes_alone(cells, scope)
    token, tokens, codes, ours = pl.element(), pl.col("tokens"), pl.col("codes"), pl.col("ours")
    text = _CELL
    for written, read in _AS_A_NUMBER.items():
        text = text.str.replace(written, read)
    inside = _CELL.str.replace_all("[^0-9A-Z]", "").str.extract(f"({'|'.join(sorted(scope))})")
    # Step by step, as Polars computes a list once more wherever one expression names it.
    steps = cells.to_frame("cell").with_columns(
        is_other=_CELL.str.contains(f"{_other_code(scope)}|{_NDC}|{_REVENUE_CODE}"),
        tokens=text.str.extract_all("[0-9A-Z]+"),
    )
    steps = steps.with_columns(codes=tokens.list.eval(token.filter(token.str.contains(_ONE_CODE))))
    steps = steps.with_columns(
        ours=codes.list.eval(token.filter(token.is_in(sorted(scope)))),
        words=tokens.list.set_difference(codes).list.eval(
            token.filter(~token.str.contains(_SYSTEM_BEHIND))
        ),
    )
    steps = steps.with_columns(
        code=pl.when(~pl.col("is_other")).then(pl.coalesce(ours.list.first(), inside)),
        is_only_code=(codes.list.len() == 1) & (ours.list.len() == 1) & _is_name(),
    )
    has_code = pl.col("code").is_not_null()
    kind = (
        pl.when(_CELL == "")
        .then(pl.lit(BLANK))
        .when(has_code)
        .then(pl.lit(IN_SCOPE))
        .when(pl.col("is_other") | (codes.list.len() > 0) | _CELL.str.contains(_glued()))
        .then(pl.lit(OTHER))
        .otherwise(pl.lit(UNREADABLE))
    )
    return steps.select(
        pl.coalesce("code", _CELL).alias("code_read"),
        kind.cast(CELL_KINDS).alias("code_kind"),
        pl.when(has_code & ~pl.col("is_only_code")).then(_CELL).alias(DAMAGED),
    )


def _codes_alone(cells: pl.Series, scope: frozenset[str]) -> pl.DataFrame:
    """The same of cells with a code and nothing else, or nothing: those of most files."""
    kind = pl.when(_CELL.is_in(sorted(scope))).then(pl.lit(IN_SCOPE)).otherwise(pl.lit(OTHER))
    return cells.to_frame("cell").select(
        _CELL.alias("code_read"),
        pl.when(_CELL == "")
        .then(pl.lit(BLANK))
        .otherwise(kind)
        .cast(CELL_KINDS)
        .alias("code_kind"),
        pl.lit(None, pl.String).alias(DAMAGED),
    )


def _is_name() -> pl.Expr:
    """The words around the code are a name: of the code system, or without a modifier."""
    token, words = pl.element(), pl.col("words")
    has_word = words.list.eval(token.str.len_chars() >= 3).list.any()
    is_odd = ~token.str.contains("^[A-Z]+$") | token.is_in(sorted(known_modifiers()))
    return (words.list.len() == 0) | (has_word & ~words.list.eval(is_odd).list.any())


def _glued() -> str:
    """Another code with its modifiers behind it: `9921325`."""
    return rf"^{_CODE}(?:{'|'.join(sorted(known_modifiers()))}){{1,4}}$"


def modifiers_behind(damaged: pl.Expr) -> pl.Expr:
    """The modifiers of cells like `77092-26`; null where what is behind the code is no modifier."""
    # X2 may also be two units.
    known = sorted(known_modifiers() - {f"X{number}" for number in range(1, 6)})
    pairs = damaged.str.extract(_MODIFIERS_BEHIND, 1).str.extract_all("[0-9A-Z]{2}")
    return pl.when(pairs.list.eval(pl.element().is_in(known)).list.all()).then(pairs)


def codes_of_other_systems(codes: pl.Series) -> dict[str, int]:
    """How many cells hold an NDC or a revenue code in place of a procedure code."""
    texts = codes.cast(pl.String)
    forms = {"an NDC": _NDC, "a revenue code": _REVENUE_CODE}
    counts = {name: int(texts.str.contains(form).sum()) for name, form in forms.items()}
    return {name: count for name, count in counts.items() if count}
