"""Derived columns of a claim line, one function each, and the grain each is worked out at.

A rule names the facts it needs; only those are computed. A fact is null where it is unknown, and
says why in `unknown` where everything it reads is there. Facts may read claim columns, other facts
and policy parameters; they never name a payer.

Grains: *line* (on every line), *distinct* (once for each distinct value of its key: a batch of a
million lines has a few hundred combinations of modifiers), *group* (over the lines that share a
key; lines whose key is unknown stay unknown and are never thrown into one group). Group facts are
sums wherever they can be: a windowed sum is many times faster in Polars than any other window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cpt77092.claims import BY_NAME, MODIFIERS, TYPED, UNREADABLE_TEXT
from cpt77092.codes import GLOBAL, TECHNICAL, assigned_places, known_modifiers


@dataclass(frozen=True, slots=True)
class Context:
    """What facts may look up beside the line itself."""

    sets: Mapping[str, Mapping[int, tuple[Any, ...]]]
    """Set parameter to the members of each distinct set, by the number that lines carry."""
    unreadable: tuple[str, ...]
    """Typed columns that have an unreadable cell somewhere in the batch."""


Build = Callable[[Context], pl.Expr]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A derived column. Exactly one of `over` and `group` may be given; neither is line grain."""

    name: str
    build: Build
    reads: tuple[str, ...]
    """Columns, facts and `policy.*` columns that it is made of; one of them unknown makes it so."""
    optional: tuple[str, ...] = ()
    """Columns that it reads where they are known, and does without where they are not."""
    over: tuple[str, ...] = ()
    """Distinct grain: the key whose distinct values it is computed on."""
    group: tuple[str, ...] = ()
    """Group grain: the key of the group; `build` then gives an aggregation."""
    where: Callable[[], pl.Expr] | None = None
    """Group grain: the only lines that are looked at; all others are unknown."""
    unknown: str = ""
    """Why it is null where everything it reads is known."""


_CELL = pl.col("modifiers_cell").cast(pl.String)
_PARTS = _CELL.str.to_uppercase().str.replace_all(" ", "").str.split("^")
_AS_WRITTEN = _CELL.str.split("^")
_WELL_FORMED = r"^[0-9A-Z]{2}$"


def _filled(parts: pl.Expr) -> pl.Expr:
    return parts.list.eval(pl.element().filter(pl.element() != ""))


def modifiers_cell(_: Context) -> pl.Expr:
    """All modifier cells of the line in order, joined by `^`; the key of the modifier facts."""
    return pl.concat_str(MODIFIERS, separator="^").cast(pl.Categorical)


def modifiers(_: Context) -> pl.Expr:
    """The line's modifiers as a person writes them: `26 59`."""
    return _filled(_PARTS).list.join(" ")


def _all_readable() -> pl.Expr:
    return _filled(_PARTS).list.eval(pl.element().str.contains(_WELL_FORMED)).list.all()


def _found_or_unknown(found: pl.Expr) -> pl.Expr:
    """Blank means none, but a modifier nobody can read might be one: then it is unknown."""
    return pl.when((found != "") | _all_readable()).then(found)


def _unless_too_few(least: int, found: pl.Expr) -> pl.Expr:
    """Where fewer modifiers stand on the line than it takes, none is found, list or no list."""
    too_few = _filled(_PARTS).list.len() < least
    return pl.when(too_few).then(pl.lit("")).when(~too_few).then(found)


def _has(modifiers: Iterable[str]) -> Build:
    def build(_: Context) -> pl.Expr:
        found = pl.any_horizontal(_PARTS.list.contains(modifier) for modifier in modifiers)
        return pl.when(found | _all_readable()).then(found)

    return build


def modifier_before_26(_: Context) -> pl.Expr:
    """The modifiers that stand before 26, joined by a space; blank where none does."""
    before = _filled(_PARTS).list.join(" ").str.extract(r"^(.*?)\b26\b").str.strip_chars()
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


def has_mendable_modifiers(_: Context) -> pl.Expr:
    """Every malformed modifier is right but for lower case and spaces."""
    return _filled(_PARTS).list.eval(pl.element().str.contains(_WELL_FORMED)).list.all()


def unknown_modifiers(_: Context) -> pl.Expr:
    """Well-formed modifiers that are in neither the CPT nor the HCPCS list."""
    strange = pl.element().filter(
        pl.element().str.contains(_WELL_FORMED) & ~pl.element().is_in(sorted(known_modifiers()))
    )
    return _PARTS.list.eval(strange.unique(maintain_order=True)).list.join(" ")


def inapplicable_modifiers_found(context: Context) -> pl.Expr:
    """The line's modifiers that mean nothing on its code."""

    def found(members: Sequence[Any]) -> pl.Expr:
        wrong = pl.element().filter(pl.element().is_in(list(members)))
        return _PARTS.list.eval(wrong.unique(maintain_order=True)).list.join(" ")

    listed = _by_set("inapplicable_modifiers", context, found, pl.String)
    return _unless_too_few(1, _found_or_unknown(listed))


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

    listed = _by_set("notice_modifiers", context, found, pl.String)
    return _unless_too_few(2, _found_or_unknown(listed))


def _by_set(
    parameter: str,
    context: Context,
    test: Callable[[Sequence[Any]], pl.Expr],
    dtype: type[pl.DataType],
) -> pl.Expr:
    """One test per distinct set, chosen by the number of the line's set; null without a set."""
    number = pl.col(f"policy.{parameter}")
    chosen = pl.lit(None, dtype=dtype)
    for key, members in context.sets.get(parameter, {}).items():
        chosen = pl.when(number == key).then(test(members)).otherwise(chosen)
    return chosen


def _place_in(parameter: str) -> Build:
    def build(context: Context) -> pl.Expr:
        place = pl.col("place_of_service_code")
        return _by_set(parameter, context, lambda m: place.is_in(list(m)), pl.Boolean)

    return build


def place_is_assigned(_: Context) -> pl.Expr:
    """CMS gives the place of service a meaning; a blank place has none."""
    return pl.col("place_of_service_code").is_in(sorted(assigned_places()))


def has_place_list(_: Context) -> pl.Expr:
    """The payer published a list of accepted places; unknown where its policy is unknown."""
    listed = pl.col("policy.place_of_service").is_not_null()
    return pl.when(pl.col("policy_row").is_not_null()).then(listed)


def _npi_problem(column: str) -> Build:
    def build(_: Context) -> pl.Expr:
        npi = pl.col(column)
        return (
            pl.when(npi == "")
            .then(pl.lit("is blank"))
            .when(~npi.str.contains(r"^\d{10}$"))
            .then(pl.format("{} is not 10 digits", npi))
            .when(~npi.str.contains(r"^[12]"))
            .then(pl.format("{} does not begin with 1 or 2", npi))
            .when(_luhn(npi) % 10 != 0)
            .then(pl.format("{} fails its check digit", npi))
            .when(npi.is_not_null())
            .then(pl.lit(""))
        )

    return build


def _luhn(npi: pl.Expr) -> pl.Expr:
    """Luhn sum of the ten digits with 80840 before them, which adds 24 (CMS NPI standard)."""
    total = pl.lit(24)
    for position in range(10):
        digit = npi.str.slice(position, 1).cast(pl.Int32, strict=False)
        if position % 2 == 0:
            doubled = digit * 2
            digit = pl.when(doubled > 9).then(doubled - 9).otherwise(doubled)
        total = total + digit
    return total


def _number(column: str) -> pl.Expr:
    """The text of a column as a whole number of 64 bits, one for each text; unknown if blank."""
    text = pl.col(column)
    return pl.when(text != "").then(text).cast(pl.Categorical).to_physical().cast(pl.UInt64)


def claim_key(_: Context) -> pl.Expr:
    """The line's claim: claim number and payer in one number, which groups faster than texts."""
    return _number("claim_id") * 2**32 + pl.col("payer_number")


def person_key(_: Context) -> pl.Expr:
    """The patient and the billing provider; across claims, both must be known."""
    return _number("person_id") * 2**32 + _number("billing_npi")


def day_key(_: Context) -> pl.Expr:
    """Payer, procedure code and date of service."""
    day = pl.col("claim_line_start_date").to_physical().cast(pl.Int64).cast(pl.UInt64)
    return (pl.col("payer_number").cast(pl.UInt64) * 2**8 + pl.col("code_number")) * 2**32 + day


def _lines_of_code(code: str) -> Build:
    def build(_: Context) -> pl.Expr:
        return (pl.col("hcpcs_code") == code).sum()

    return build


def claim_bills_own_technical(_: Context) -> pl.Expr:
    """The line's claim also bills a technical or global TBS code (77089, 77090, 77091)."""
    counts = [f"claim_lines_of_{code}" for code in _OWN_TECHNICAL]
    return pl.sum_horizontal(counts, ignore_nulls=False) > 0


def own_technical_codes(_: Context) -> pl.Expr:
    """Those codes, for the message."""
    billed = [
        pl.when(pl.col(f"claim_lines_of_{code}") > 0).then(pl.lit(code)) for code in _OWN_TECHNICAL
    ]
    return pl.concat_str(billed, separator=" and ", ignore_nulls=True)


def countable_units(_: Context) -> pl.Expr:
    """Units of the line that count toward the day; none on a void, unknown where unreadable.

    Zero, negative and blank units are unknown here: UN002 speaks of the first two.
    """
    units = pl.col("service_unit_quantity")
    is_void = pl.col("claim_frequency_code").fill_null("") == "8"
    return pl.when(is_void).then(pl.lit(0.0)).when(units > 0).then(units)


def claim_day_units(_: Context) -> pl.Expr:
    """Known units of the code on the line's claim and date."""
    return pl.col("countable_units").sum()


def is_original(_: Context) -> pl.Expr:
    """The line's claim neither replaces (7) nor voids (8) another.

    A replacement takes the place of a claim that may stand in the same batch, so across claims it
    would count one service twice.
    """
    return ~pl.col("claim_frequency_code").fill_null("").is_in(["7", "8"])


def original_units(_: Context) -> pl.Expr:
    """Countable units of an original claim; none of any other."""
    return pl.when("is_original").then("countable_units").otherwise(0.0)


def has_unknown_units(_: Context) -> pl.Expr:
    """The line is of an original claim and its units are unknown."""
    return pl.col("original_units").is_null()


def person_day_units(_: Context) -> pl.Expr:
    """Known units of the code for the person, entity and date, over original claims."""
    return pl.col("original_units").sum()


def person_day_units_unknown(_: Context) -> pl.Expr:
    """How many of those lines have units that nobody knows."""
    return pl.col("has_unknown_units").sum()


def units_on_day_at_least(_: Context) -> pl.Expr:
    """Units of the code that day that are known for certain: line, claim or person-day."""
    known = ("countable_units", "claim_day_units", "person_day_units")
    return pl.max_horizontal(known)


def units_on_day(_: Context) -> pl.Expr:
    """Units of the code that day for the person and entity; null unless all are known."""
    return pl.when(pl.col("person_day_units_unknown") == 0).then("units_on_day_at_least")


def earliest_line_of_payer(_: Context) -> pl.Expr:
    """The first line of the payer by date, claim and line number, whatever the order of rows."""
    order = ("claim_line_start_date", "claim_id", "claim_line_number", "source", "source_row")
    return pl.col("line").sort_by(order).first()


def is_first_line_of_payer(_: Context) -> pl.Expr:
    """Whether the line is that one, so that a payer without a policy is named once."""
    return pl.col("line") == pl.col("earliest_line_of_payer")


def unreadable_cells(context: Context) -> pl.Expr:
    """Every non-blank cell of the line that cannot be read, with what was expected."""
    told = [
        pl.when(pl.col(f"{name}.state") == "unreadable").then(
            pl.lit(f"{name} is no {BY_NAME[name].kind}")
            if BY_NAME[name].patient
            else pl.format(
                "{} '{}' is no {}",
                pl.lit(name),
                pl.col(f"{name}{UNREADABLE_TEXT}"),
                pl.lit(str(BY_NAME[name].kind)),
            )
        )
        for name in context.unreadable
    ]
    code = pl.when(pl.col("damaged_code").is_not_null()).then(
        pl.format("hcpcs_code '{}' is no procedure code", pl.col("damaged_code"))
    )
    return pl.concat_str([*told, code], separator="; ", ignore_nulls=True)


_OWN_TECHNICAL = tuple(sorted(GLOBAL | TECHNICAL))
_CLAIM = ("claim_key",)
_CLAIM_DAY = ("claim_key", "day_key")
_PERSON_DAY = ("person_key", "day_key")
_UNREADABLE_MODIFIER = "a modifier on the line cannot be read"
_OVER_MODIFIERS = ("modifiers_cell",)


def _of_modifiers(name: str, build: Build, *, unknown: str = "") -> Fact:
    return Fact(
        name=name, build=build, reads=_OVER_MODIFIERS, over=_OVER_MODIFIERS, unknown=unknown
    )


def _of_modifiers_and(parameter: str, name: str, build: Build) -> Fact:
    key = ("modifiers_cell", f"policy.{parameter}")
    return Fact(name=name, build=build, reads=key, over=key, unknown=_UNREADABLE_MODIFIER)


FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact(name="modifiers_cell", build=modifiers_cell, reads=MODIFIERS),
        _of_modifiers("modifiers", modifiers),
        _of_modifiers("has_modifier_26", _has({"26"}), unknown=_UNREADABLE_MODIFIER),
        _of_modifiers("has_modifier_tc", _has({"TC"}), unknown=_UNREADABLE_MODIFIER),
        _of_modifiers("has_repeat_modifier", _has({"76", "77"}), unknown=_UNREADABLE_MODIFIER),
        _of_modifiers("modifier_before_26", modifier_before_26, unknown=_UNREADABLE_MODIFIER),
        _of_modifiers("has_modifier_gap", has_modifier_gap),
        _of_modifiers("repeated_modifiers", repeated_modifiers),
        _of_modifiers("malformed_modifiers", malformed_modifiers),
        _of_modifiers("has_mendable_modifiers", has_mendable_modifiers),
        _of_modifiers("unknown_modifiers", unknown_modifiers),
        _of_modifiers_and(
            "inapplicable_modifiers", "inapplicable_modifiers_found", inapplicable_modifiers_found
        ),
        _of_modifiers_and("notice_modifiers", "notice_conflicts", notice_conflicts),
        Fact(
            name="in_facility_place",
            build=_place_in("facility_place_of_service"),
            reads=("place_of_service_code", "policy.facility_place_of_service"),
        ),
        Fact(
            name="place_is_typical",
            build=_place_in("typical_place_of_service"),
            reads=("place_of_service_code", "policy.typical_place_of_service"),
        ),
        Fact(name="place_is_assigned", build=place_is_assigned, reads=("place_of_service_code",)),
        Fact(name="has_place_list", build=has_place_list, reads=("policy.place_of_service",)),
        *(
            Fact(
                name=f"{who}_npi_problem",
                build=_npi_problem(f"{who}_npi"),
                reads=(f"{who}_npi",),
                over=(f"{who}_npi",),
            )
            for who in ("rendering", "billing", "ordering")
        ),
        Fact(name="claim_key", build=claim_key, reads=("claim_id", "payer_number")),
        Fact(name="person_key", build=person_key, reads=("person_id", "billing_npi")),
        Fact(
            name="day_key",
            build=day_key,
            reads=("claim_line_start_date", "payer_number", "code_number"),
        ),
        *(
            Fact(
                name=f"claim_lines_of_{code}",
                build=_lines_of_code(code),
                reads=_CLAIM,
                optional=("hcpcs_code",),
                group=_CLAIM,
            )
            for code in _OWN_TECHNICAL
        ),
        *(
            Fact(
                name=build.__name__,
                build=build,
                reads=tuple(f"claim_lines_of_{code}" for code in _OWN_TECHNICAL),
            )
            for build in (claim_bills_own_technical, own_technical_codes)
        ),
        Fact(
            name="countable_units",
            build=countable_units,
            reads=("service_unit_quantity",),
            optional=("claim_frequency_code",),
        ),
        Fact(
            name="claim_day_units",
            build=claim_day_units,
            reads=(*_CLAIM_DAY, "countable_units"),
            group=_CLAIM_DAY,
        ),
        Fact(name="is_original", build=is_original, reads=(), optional=("claim_frequency_code",)),
        Fact(name="original_units", build=original_units, reads=("is_original", "countable_units")),
        Fact(name="has_unknown_units", build=has_unknown_units, reads=("original_units",)),
        *(
            Fact(
                name=build.__name__,
                build=build,
                reads=(*_PERSON_DAY, "original_units", "has_unknown_units"),
                group=_PERSON_DAY,
            )
            for build in (person_day_units, person_day_units_unknown)
        ),
        Fact(
            name="units_on_day_at_least",
            build=units_on_day_at_least,
            reads=("countable_units", "claim_day_units", "person_day_units"),
        ),
        Fact(
            name="units_on_day",
            build=units_on_day,
            reads=("units_on_day_at_least", "person_day_units_unknown"),
            unknown="another line of that day has no readable units",
        ),
        Fact(
            name="earliest_line_of_payer",
            build=earliest_line_of_payer,
            reads=("payer_number",),
            optional=("claim_line_start_date", "claim_id", "claim_line_number"),
            group=("payer_number",),
            where=lambda: ~pl.col("payer_is_known"),
        ),
        Fact(
            name="is_first_line_of_payer",
            build=is_first_line_of_payer,
            reads=("earliest_line_of_payer",),
        ),
        Fact(name="unreadable_cells", build=unreadable_cells, reads=(), optional=TYPED),
    )
}


def closure(names: Iterable[str]) -> tuple[list[Fact], set[str]]:
    """The facts behind some names, each after what it reads, and the plain columns they rest on.

    Args:
        names: facts, claim columns and `policy.*` columns, mixed.

    Returns:
        Facts in an order in which they can be computed, and every name that is no fact.
    """
    ordered: dict[str, Fact] = {}
    plain: set[str] = set()

    def visit(name: str) -> None:
        fact = FACTS.get(name)
        if fact is None:
            plain.add(name)
        elif name not in ordered:
            for read in (*fact.reads, *fact.optional, *fact.over, *fact.group):
                visit(read)
            if fact.where is not None:
                for read in fact.where().meta.root_names():
                    visit(read)
            ordered[name] = fact

    for name in names:
        visit(name)
    return list(ordered.values()), plain


def inputs(name: str) -> list[str]:
    """The plain columns that a name rests on, in order: where to look for why it is unknown."""
    fact = FACTS.get(name)
    if fact is None:
        return [name]
    return list(dict.fromkeys(plain for read in fact.reads for plain in inputs(read)))


def add_facts(lines: pl.DataFrame, facts: Sequence[Fact], context: Context) -> pl.DataFrame:
    """Compute the facts, in the order given: facts of one grain and key together.

    Args:
        lines: typed claim lines with their policy columns.
        facts: as `closure` orders them.
        context: policy sets and unreadable columns.
    """
    waiting = list(facts)
    while waiting:
        first = waiting[0]
        known = set(lines.columns)
        together = [
            fact
            for fact in waiting
            if (fact.over, fact.group, fact.where) == (first.over, first.group, first.where)
            and not any(read in FACTS and read not in known for read in _all_reads(fact))
        ]
        if first.group:
            lines = _add_group(lines, together, context)
        elif first.over:
            lines = _add_distinct(lines, together, context)
        else:
            lines = lines.with_columns(fact.build(context).alias(fact.name) for fact in together)
        waiting = [fact for fact in waiting if fact not in together]
    return lines


def _all_reads(fact: Fact) -> tuple[str, ...]:
    return (*fact.reads, *fact.over, *fact.group)


def _add_distinct(lines: pl.DataFrame, facts: Sequence[Fact], context: Context) -> pl.DataFrame:
    key = facts[0].over
    names = [fact.name for fact in facts]
    keys = lines.select(key)
    distinct = keys.unique().with_columns(fact.build(context).alias(fact.name) for fact in facts)
    joined = keys.join(distinct, on=key, how="left", nulls_equal=True, maintain_order="left")
    return lines.hstack(joined.select(names))


def _add_group(lines: pl.DataFrame, facts: Sequence[Fact], context: Context) -> pl.DataFrame:
    key, where = facts[0].group, facts[0].where
    names = [fact.name for fact in facts]
    windows = [fact.build(context).over(key).alias(fact.name) for fact in facts]
    if where is None:
        every = lines.with_columns(windows)
    else:
        some = lines.filter(where()).with_columns(windows).select("line", *names)
        joined = lines.select("line").join(some, on="line", how="left", maintain_order="left")
        every = lines.hstack(joined.select(names))
    # Lines without a key fell into one group of their own; nothing is known of them. In a step of
    # its own, since inside the windows it would keep Polars from sharing their grouping.
    if any(lines[name].null_count() for name in key):
        is_known = pl.all_horizontal(pl.col(name).is_not_null() for name in key)
        every = every.with_columns(pl.when(is_known).then(name).alias(name) for name in names)
    return every
