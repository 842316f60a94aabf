"""Single cells as own rules read them: whether one is blank, and what a filled one says.

A blank modifier or diagnosis is known to be none; any other blank cell says nothing, so that what
rests on it is unknown.
"""

from __future__ import annotations

import polars as pl

from cpt77092.claims.columns import COLUMNS, DIAGNOSES, TEXT_KINDS, Column
from cpt77092.facts.diagnoses import with_dot, without_dot
from cpt77092.facts.fact import Context, Fact


def _is_blank(column: Column) -> Fact:
    """`payer.is_blank`: the cell is blank, which an unreadable one is not."""
    is_text = column.kind in TEXT_KINDS
    read = column.name if is_text else f"{column.name}.state"

    def build(_: Context) -> pl.Expr:
        return pl.col(read) == ("" if is_text else "blank")

    return Fact(name=f"{column.name}.is_blank", build=build, reads=(read,))


def _filled(column: Column) -> Fact:
    """`payer.filled`: the text of a cell that is not blank."""

    def build(_: Context) -> pl.Expr:
        text = pl.col(column.name).cast(pl.String)
        return pl.when(text != "").then(text)

    name = column.name
    return Fact(name=f"{name}.filled", build=build, reads=(name,), unknown=f"{name} is blank")


def _normal(name: str) -> Fact:
    """`diagnosis_code_1.normal`: in capitals, with the dot, however it is written."""

    def build(_: Context) -> pl.Expr:
        return with_dot(without_dot(pl.col(name).cast(pl.String)))

    return Fact(name=f"{name}.normal", build=build, reads=(name,))


FACTS: tuple[Fact, ...] = (
    *map(_is_blank, COLUMNS),
    *(_filled(one) for one in COLUMNS if one.kind in TEXT_KINDS and one.set_name is None),
    *map(_normal, DIAGNOSES),
)
