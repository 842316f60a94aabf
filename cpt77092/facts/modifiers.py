"""Facts of a line's modifiers, computed once for each distinct combination of them.

Modifiers are compared in capitals and without spaces; only `malformed_modifiers` takes them as
they are written. A modifier that cannot be read may be any modifier: then it is unknown whether
another one is absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from cpt77092.claims.columns import MODIFIERS
from cpt77092.claims.quotable import shown
from cpt77092.facts.fact import Build, Context, Fact, by_set, list_on_date
from cpt77092.reference.codes import MODIFIER_LIST_ENDS
from cpt77092.reference.modifiers import LEVEL_II

_CELL = pl.col("modifiers_cell").cast(pl.String)
_TEXT = _CELL.str.to_uppercase().str.replace_all(" ", "")
_PARTS = _TEXT.str.split("^")
_AS_WRITTEN = _CELL.str.split("^")
_MODIFIER = "[0-9A-Z]{2}"
_WELL_FORMED = f"^{_MODIFIER}$"
_ALL_READABLE = _TEXT.str.contains(rf"^(?:{_MODIFIER})?(?:\^(?:{_MODIFIER})?)*$")
"""Every modifier of the line is well-formed; it may have none."""
_FILLED = _PARTS.list.filter(pl.element() != "")
_UNREADABLE = "a modifier on the line cannot be read"


def _of_modifiers(*policy: str, unknown: str = "") -> Fact:
    """A fact of the modifiers alone, or of them and a value of the payer's policy."""
    key = ("modifiers_cell", *policy)
    return Fact(reads=key, distinct_by=key, unknown=unknown)


def _beside_code(read: str) -> Fact:
    """A fact of modifiers, of which the cell of a damaged code (77081-59) may hold one, too."""
    return Fact(reads=(read,), optional=("damaged_code",), unknown=_UNREADABLE)


@Fact(reads=MODIFIERS, distinct_by=MODIFIERS).of
def modifiers_cell(_: Context) -> pl.Expr:
    """All modifier cells of the line in order, joined by `^`; the key of the modifier facts."""
    return pl.concat_str(pl.col(MODIFIERS).cast(pl.String), separator="^").cast(pl.Categorical)


@_of_modifiers().of
def modifiers(_: Context) -> pl.Expr:
    """The line's modifiers as a person writes them: `26 59`."""
    return _FILLED.list.eval(shown(MODIFIERS[0], pl.element())).list.join(" ")


def _holds(*modifiers: str) -> pl.Expr:
    """One of some modifiers is on the line."""
    return _TEXT.str.contains(rf"(?:^|\^)(?:{'|'.join(modifiers)})(?:\^|$)")


def _if_readable(matches: pl.Expr) -> pl.Expr:
    """The matching modifiers; none is unknown where one cannot be read, which may be a match."""
    return pl.when((matches != "") | _ALL_READABLE).then(matches)


def _if_enough(least: int, matches: pl.Expr) -> pl.Expr:
    """No match where the line has too few modifiers for one, even if the payer's list is unknown.

    A cell that cannot be read (`GA GZ`) may hold more than one modifier.
    """
    too_few = (_TEXT.str.count_matches(r"[^^]+") < least) & _ALL_READABLE
    return pl.when(too_few).then(pl.lit("")).when(~too_few).then(matches)


def _has(modifiers: Iterable[str]) -> Build:
    has_one = _holds(*modifiers)
    known = pl.when(has_one | _ALL_READABLE).then(has_one)
    return lambda _: known


@_of_modifiers(unknown=_UNREADABLE).of
def modifier_before_26(_: Context) -> pl.Expr:
    """The modifiers before 26, joined by a space; blank where there are none."""
    not_yet_26 = (pl.element() == "26").cum_sum() == 0
    before = _FILLED.list.eval(pl.element().filter(not_yet_26)).list.join(" ")
    no_26 = pl.when(_ALL_READABLE).then(pl.lit(""))
    return pl.when(_holds("26")).then(before).otherwise(no_26)


@_of_modifiers().of
def has_modifier_gap(_: Context) -> pl.Expr:
    """A blank modifier position is before a filled one."""
    return _CELL.str.contains(r"(^|\^)\s*\^+[^^]")


@_of_modifiers().of
def repeated_modifiers(_: Context) -> pl.Expr:
    """Modifiers that are on the line twice or more."""
    twice = pl.element().filter((pl.element() != "") & pl.element().is_duplicated())
    return _PARTS.list.eval(twice.unique(maintain_order=True)).list.join(" ")


@_of_modifiers().of
def malformed_modifiers(_: Context) -> pl.Expr:
    """Modifiers, as written, that are not two letters or digits."""
    wrong = pl.element().filter((pl.element() != "") & ~pl.element().str.contains(_WELL_FORMED))
    quoted = shown(MODIFIERS[0], wrong, "'")
    return _AS_WRITTEN.list.eval(quoted).list.join(", ")


@_of_modifiers().of
def has_fixable_modifiers(context: Context) -> pl.Expr:
    """Every malformed modifier is a listed one but for lower case and spaces.

    Two letters that are no modifier in capitals either (`li`) may be a person's initials.
    """
    in_capitals = pl.element().str.to_uppercase().str.replace_all(" ", "")
    is_right = (pl.element() == "") | pl.element().str.contains(_WELL_FORMED)
    listed = {code for period in context.modifier_lists.periods for code in period.codes}
    return _AS_WRITTEN.list.eval(is_right | in_capitals.is_in(sorted(listed))).list.all()


@Fact(background=("claim_line_start_date",)).of
def modifier_period(context: Context) -> pl.Expr:
    """The number of the period whose valid modifiers hold on the date of service, from 0."""
    return list_on_date(period.first_day for period in context.modifier_lists.periods[1:])


@_of_modifiers("modifier_period").of
def unknown_modifiers(context: Context) -> pl.Expr:
    """Well-formed modifiers that are not valid by the CPT and HCPCS lists of the date."""

    def unlisted(codes: frozenset[str]) -> pl.Expr:
        is_unknown = pl.element().str.contains(_WELL_FORMED) & ~pl.element().is_in(sorted(codes))
        return _PARTS.list.eval(pl.element().filter(is_unknown).unique(maintain_order=True))

    return pl.coalesce(
        pl.when(pl.col("modifier_period") == number).then(unlisted(period.codes).list.join(" "))
        for number, period in enumerate(context.modifier_lists.periods)
    )


@Fact(reads=("claim_line_start_date", "unknown_modifiers")).of
def modifier_list_has_date(context: Context) -> pl.Expr:
    """The lists go to the date of service, so that an unknown modifier cannot be newer.

    Level II modifiers are imported each quarter; the CPT list is the shipped one.
    """
    day = pl.col("claim_line_start_date")
    has_level_ii = pl.col("unknown_modifiers").cast(pl.String).str.contains(rf"\b({LEVEL_II})\b")
    is_imported = has_level_ii & (day <= context.modifier_lists.last_day)
    return (day <= MODIFIER_LIST_ENDS) | is_imported


@_of_modifiers().of
def repeat_modifiers(_: Context) -> pl.Expr:
    """Those of 76 and 77 that are on the line, for the message."""
    repeats = pl.element().filter(pl.element().is_in(["76", "77"]))
    return _PARTS.list.eval(repeats.unique(maintain_order=True)).list.join(" and ")


def _those_listed(parameter: str) -> Build:
    """The line's modifiers that are on the payer's list."""

    def build(context: Context) -> pl.Expr:
        def matches(members: Sequence[Any]) -> pl.Expr:
            listed = pl.element().filter(pl.element().is_in(list(members)))
            return _PARTS.list.eval(listed.unique(maintain_order=True)).list.join(" ")

        return _if_enough(1, _if_readable(by_set(parameter, context, matches, pl.String)))

    return build


def unless_damaged(has_modifier: pl.Expr) -> pl.Expr:
    """Whether the line has a modifier; unknown where only a damaged code cell may have it."""
    return pl.when(has_modifier | pl.col("damaged_code").is_null()).then(has_modifier)


@_beside_code("bypass_modifiers_found").of
def has_bypass_modifier(_: Context) -> pl.Expr:
    """A bypass modifier is on the line."""
    return unless_damaged(pl.col("bypass_modifiers_found") != "")


@_beside_code("modifiers").of
def has_modifiers(_: Context) -> pl.Expr:
    """Any modifier is on the line."""
    return unless_damaged(pl.col("modifiers") != "")


@_beside_code("has_modifier_tc").of
def bills_technical_part(_: Context) -> pl.Expr:
    """TC is on the line."""
    return unless_damaged(pl.col("has_modifier_tc"))


@_of_modifiers().of
def modifier_set(_: Context) -> pl.Expr:
    """The line's modifiers in alphabetical order, each once, to compare two lines by."""
    return _FILLED.list.unique().list.sort().list.join(" ").cast(pl.Categorical)


@_of_modifiers("policy.notice_modifiers", unknown=_UNREADABLE).of
def notice_conflicts(context: Context) -> pl.Expr:
    """Pairs of ABN modifiers on the line that cannot be billed together: `GA with GZ`."""

    def matches(members: Sequence[Any]) -> pl.Expr:
        conflicts = [
            pl.when(_holds(one) & _holds(other)).then(pl.lit(f"{one} with {other}"))
            for one, other in members
        ]
        return pl.concat_str(conflicts, separator=", ", ignore_nulls=True)

    listed = by_set("notice_modifiers", context, matches, pl.String)
    return _if_enough(2, _if_readable(listed))


_PRESENT = {
    "has_modifier_26": ("26",),
    "has_modifier_tc": ("TC",),
    "has_modifier_kx": ("KX",),
    "has_modifier_gy": ("GY",),
    "has_modifier_gz": ("GZ",),
    "has_repeat_modifier": ("76", "77"),
    # The patient has an ABN, or the biller knows that the payer does not cover the service.
    "has_notice_modifier": ("GA", "GX", "GY", "GZ"),
}


FACTS: tuple[Fact, ...] = (
    *(
        replace(_of_modifiers(unknown=_UNREADABLE), name=name, build=_has(codes))
        for name, codes in _PRESENT.items()
    ),
    *(
        replace(
            _of_modifiers(f"policy.{name}", unknown=_UNREADABLE),
            name=f"{name}_found",
            build=_those_listed(name),
        )
        for name in ("inapplicable_modifiers", "bypass_modifiers")
    ),
)
