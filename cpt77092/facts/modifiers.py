"""Facts of a line's modifiers, computed once for each distinct combination of them.

Modifiers are compared in capitals and without spaces; `malformed_modifiers` alone looks at them as
they are written. A modifier that nobody can read might be any: then what is absent is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from cpt77092.claims.columns import MODIFIERS
from cpt77092.facts.fact import Build, Context, Fact, by_set
from cpt77092.reference.codes import known_modifiers

_CELL = pl.col("modifiers_cell").cast(pl.String)
_PARTS = _CELL.str.to_uppercase().str.replace_all(" ", "").str.split("^")
_AS_WRITTEN = _CELL.str.split("^")
_WELL_FORMED = r"^[0-9A-Z]{2}$"


def _filled(parts: pl.Expr) -> pl.Expr:
    return parts.list.eval(pl.element().filter(pl.element() != ""))


def modifiers_cell(_: Context) -> pl.Expr:
    """All modifier cells of the line in order, joined by `^`; the key of the modifier facts."""
    return pl.concat_str(pl.col(MODIFIERS).cast(pl.String), separator="^").cast(pl.Categorical)


def modifiers(_: Context) -> pl.Expr:
    """The line's modifiers as a person writes them: `26 59`."""
    return _filled(_PARTS).list.join(" ")


def _all_readable() -> pl.Expr:
    return _filled(_PARTS).list.eval(pl.element().str.contains(_WELL_FORMED)).list.all()


def _found_or_unknown(found: pl.Expr) -> pl.Expr:
    """Blank means none, but a modifier nobody can read might be one: then it is unknown."""
    return pl.when((found != "") | _all_readable()).then(found)


def _unless_too_few(least: int, found: pl.Expr) -> pl.Expr:
    """Where fewer modifiers stand on the line than it takes, none is found, list or no list.

    A cell that cannot be read (`GA GZ`) may hold more than one.
    """
    too_few = (_filled(_PARTS).list.len() < least) & _all_readable()
    return pl.when(too_few).then(pl.lit("")).when(~too_few).then(found)


def _has(modifiers: Iterable[str]) -> Build:
    def build(_: Context) -> pl.Expr:
        found = pl.any_horizontal(_PARTS.list.contains(modifier) for modifier in modifiers)
        return pl.when(found | _all_readable()).then(found)

    return build


def modifier_before_26(_: Context) -> pl.Expr:
    """The modifiers that stand before 26, joined by a space; blank where none does."""
    not_yet_26 = (pl.element() == "26").cum_sum() == 0
    before = _filled(_PARTS).list.eval(pl.element().filter(not_yet_26)).list.join(" ")
    no_26 = pl.when(_all_readable()).then(pl.lit(""))
    return pl.when(_PARTS.list.contains("26")).then(before).otherwise(no_26)


def has_modifier_gap(_: Context) -> pl.Expr:
    """A blank modifier position stands before a filled one."""
    return _CELL.str.contains(r"(^|\^)\s*\^+[^^]")


def repeated_modifiers(_: Context) -> pl.Expr:
    """Modifiers that stand twice or more on the line."""
    twice = pl.element().filter((pl.element() != "") & pl.element().is_duplicated())
    return _PARTS.list.eval(twice.unique(maintain_order=True)).list.join(" ")


def malformed_modifiers(_: Context) -> pl.Expr:
    """Modifiers, as written, that are not two letters or digits."""
    wrong = pl.element().filter((pl.element() != "") & ~pl.element().str.contains(_WELL_FORMED))
    return _AS_WRITTEN.list.eval(wrong).list.join("', '")


def has_fixable_modifiers(_: Context) -> pl.Expr:
    """Every malformed modifier is right but for lower case and spaces."""
    return _filled(_PARTS).list.eval(pl.element().str.contains(_WELL_FORMED)).list.all()


def unknown_modifiers(_: Context) -> pl.Expr:
    """Well-formed modifiers that are in neither the CPT nor the HCPCS list."""
    strange = pl.element().filter(
        pl.element().str.contains(_WELL_FORMED) & ~pl.element().is_in(sorted(known_modifiers()))
    )
    return _PARTS.list.eval(strange.unique(maintain_order=True)).list.join(" ")


def repeat_modifiers(_: Context) -> pl.Expr:
    """76 and 77 as far as they stand on the line, for the message."""
    found = pl.element().filter(pl.element().is_in(["76", "77"]))
    return _PARTS.list.eval(found.unique(maintain_order=True)).list.join(" and ")


def _those_listed(parameter: str) -> Build:
    """The line's modifiers that stand in the payer's list."""

    def build(context: Context) -> pl.Expr:
        def found(members: Sequence[Any]) -> pl.Expr:
            listed = pl.element().filter(pl.element().is_in(list(members)))
            return _PARTS.list.eval(listed.unique(maintain_order=True)).list.join(" ")

        return _unless_too_few(1, _found_or_unknown(by_set(parameter, context, found, pl.String)))

    return build


def carried(found: pl.Expr) -> pl.Expr:
    """Whether a modifier stands on the line: unknown where only a damaged code may hold it."""
    return pl.when(found | pl.col("damaged_code").is_null()).then(found)


def has_bypass_modifier(_: Context) -> pl.Expr:
    """One of those stands on the line; the cell of a damaged code (77081-59) may hold it too."""
    return carried(pl.col("bypass_modifiers_found") != "")


def bills_technical_part(_: Context) -> pl.Expr:
    """TC stands on the line; the cell of a damaged code (77080-TC) may hold it too."""
    return carried(pl.col("has_modifier_tc"))


def modifier_set(_: Context) -> pl.Expr:
    """The line's modifiers in alphabetical order, each once: two lines of one set are alike."""
    return _filled(_PARTS).list.unique().list.sort().list.join(" ").cast(pl.Categorical)


def notice_conflicts(context: Context) -> pl.Expr:
    """Pairs of notice modifiers on the line that may not stand together: `GA with GZ`."""

    def found(members: Sequence[Any]) -> pl.Expr:
        conflicts = [
            pl.when(_PARTS.list.contains(one) & _PARTS.list.contains(other)).then(
                pl.lit(f"{one} with {other}")
            )
            for one, other in members
        ]
        return pl.concat_str(conflicts, separator=", ", ignore_nulls=True)

    listed = by_set("notice_modifiers", context, found, pl.String)
    return _unless_too_few(2, _found_or_unknown(listed))


_UNREADABLE_MODIFIER = "a modifier on the line cannot be read"
_OVER_MODIFIERS = ("modifiers_cell",)


def _of_modifiers(name: str, build: Build, *, unknown: str = "") -> Fact:
    return Fact(
        name=name, build=build, reads=_OVER_MODIFIERS, distinct_by=_OVER_MODIFIERS, unknown=unknown
    )


def _of_modifiers_and(parameter: str, name: str, build: Build) -> Fact:
    key = ("modifiers_cell", f"policy.{parameter}")
    return Fact(name=name, build=build, reads=key, distinct_by=key, unknown=_UNREADABLE_MODIFIER)


FACTS: tuple[Fact, ...] = (
    Fact(name="modifiers_cell", build=modifiers_cell, reads=MODIFIERS, distinct_by=MODIFIERS),
    _of_modifiers("modifiers", modifiers),
    _of_modifiers("has_modifier_26", _has({"26"}), unknown=_UNREADABLE_MODIFIER),
    _of_modifiers("has_modifier_tc", _has({"TC"}), unknown=_UNREADABLE_MODIFIER),
    _of_modifiers("has_modifier_kx", _has({"KX"}), unknown=_UNREADABLE_MODIFIER),
    _of_modifiers("has_repeat_modifier", _has({"76", "77"}), unknown=_UNREADABLE_MODIFIER),
    # The patient was told that the payer may not pay, or the biller knows that it does not.
    _of_modifiers(
        "has_notice_modifier", _has({"GA", "GX", "GY", "GZ"}), unknown=_UNREADABLE_MODIFIER
    ),
    _of_modifiers("repeat_modifiers", repeat_modifiers),
    _of_modifiers("modifier_before_26", modifier_before_26, unknown=_UNREADABLE_MODIFIER),
    _of_modifiers("has_modifier_gap", has_modifier_gap),
    _of_modifiers("repeated_modifiers", repeated_modifiers),
    _of_modifiers("malformed_modifiers", malformed_modifiers),
    _of_modifiers("has_fixable_modifiers", has_fixable_modifiers),
    _of_modifiers("unknown_modifiers", unknown_modifiers),
    *(
        _of_modifiers_and(parameter, f"{parameter}_found", _those_listed(parameter))
        for parameter in ("inapplicable_modifiers", "bypass_modifiers")
    ),
    _of_modifiers_and("notice_modifiers", "notice_conflicts", notice_conflicts),
    Fact(
        name="has_bypass_modifier",
        build=has_bypass_modifier,
        reads=("bypass_modifiers_found",),
        optional=("damaged_code",),
        unknown=_UNREADABLE_MODIFIER,
    ),
    Fact(
        name="bills_technical_part",
        build=bills_technical_part,
        reads=("has_modifier_tc",),
        optional=("damaged_code",),
        unknown=_UNREADABLE_MODIFIER,
    ),
    _of_modifiers("modifier_set", modifier_set),
)
