"""Single cells as own rules read them: whether one is blank, and what a filled one says.

A blank modifier or diagnosis is known to be none; any other blank cell says nothing, so that what
rests on it is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from cpt77092.claims.columns import COLUMNS, DIAGNOSES, TEXT_KINDS, Column
from cpt77092.facts.diagnoses import cell_at, with_dot, without_dot
from cpt77092.facts.fact import Context, Fact


def _is_blank(column: Column) -> Fact:
    """`payer.is_blank`: the cell is blank, which an unreadable one is not."""
    is_text = column.kind in TEXT_KINDS
    read = column.name if is_text else f"{column.name}.state"
    return Fact(
        name=f"{column.name}.is_blank",
        build=lambda _: pl.col(read) == ("" if is_text else "blank"),
        reads=(read,),
    )


def _filled(column: Column) -> Fact:
    """`payer.filled`: the text of a cell that is not blank."""
    name = column.name

    def build(_: Context) -> pl.Expr:
        text = pl.col(name).cast(pl.String)
        return pl.when(text != "").then(text)

    return Fact(name=f"{name}.filled", build=build, reads=(name,), unknown=f"{name} is blank")


def _diagnosis(position: int, name: str) -> Iterator[Fact]:
    """`diagnosis_code_1.normal`: in capitals, with the dot, however it is written; whether blank.

    It is that of the claim, also where it is on the claim's first row alone.
    """
    cell, normal = ("diagnoses_cell",), f"{name}.normal"

    def build(_: Context) -> pl.Expr:
        is_known = pl.col("diagnoses_cell").is_not_null()
        return pl.when(is_known).then(with_dot(without_dot(cell_at(position))))

    yield Fact(name=normal, build=build, reads=cell, distinct_by=cell)
    yield Fact(name=f"{name}.is_blank", build=lambda _: pl.col(normal) == "", reads=(normal,))


FACTS: tuple[Fact, ...] = (
    *(_is_blank(one) for one in COLUMNS if one.name not in DIAGNOSES),
    *(_filled(one) for one in COLUMNS if one.kind in TEXT_KINDS and one.set_name is None),
    *(fact for position, name in enumerate(DIAGNOSES) for fact in _diagnosis(position, name)),
)
