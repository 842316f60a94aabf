"""Facts of the codes billed together: on the claim, and for the person on the date.

The codes of a group are one number with a bit for each code (`Context.mask`), so that one union
over the group answers every question about its codes. Across claims only lines that count are
united (`standing.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from cpt77092.facts.fact import NO, YES, Build, Context, Fact, by_set, on_lines
from cpt77092.facts.grouping import (
    CLAIM,
    CLAIM_DATE,
    ENTITY_DATE,
    ENTITY_DATE_OF_PAYER,
    PAYER,
    PERSON_DATE,
)
from cpt77092.facts.modifiers import unless_damaged
from cpt77092.facts.scans import is_spine_scan
from cpt77092.reference.codes import CHECKED, GLOBAL, INTERPRETATION, TECHNICAL

PARTS = INTERPRETATION | TECHNICAL
"""The component codes, which the global code includes."""
_NOTHING = pl.lit(0, pl.UInt8)
_IS_CHECKED = pl.col("hcpcs_code").is_in(sorted(CHECKED))
_IS_GLOBAL = pl.col("hcpcs_code").is_in(sorted(GLOBAL))


def _shares(codes: pl.Expr, wanted: pl.Expr) -> pl.Expr:
    """Whether one of the wanted codes is billed; false where no code is wanted."""
    return pl.when(wanted == 0).then(NO).otherwise((codes & wanted) != 0)


# --- which codes are billed -------------------------------------------------------------------


@Fact(reads=("code_number",)).of
def code_bit(context: Context) -> pl.Expr:
    """The line's own code as a bit; none on an earlier claim."""
    bits = pl.Series([context.bits[code] for code in context.codes], dtype=context.bits_type)
    return pl.when("is_past").then(_NOTHING).otherwise(pl.lit(bits).gather("code_number"))


def _bit_where(name: str, bit: str, holds: pl.Expr) -> Fact:
    """The bit of a line on which something holds; else none."""
    own, reads = pl.when(holds).then(bit).otherwise(_NOTHING), tuple(holds.meta.root_names())
    return Fact(name=name, build=lambda _: own, reads=(bit,), optional=reads)


def _if_counted(bit: str) -> Fact:
    """`counted_code_bit` and so on: the bit where the line counts."""
    return _bit_where(f"counted_{bit}", bit, pl.col("surely_counts"))


_BYPASSES = pl.col("has_bypass_modifier")
_OF_SOME_LINES = (
    _bit_where("bare_bit", "code_bit", ~_BYPASSES),
    # Without any modifier no list of them is asked.
    _bit_where("unmodified_bit", "code_bit", ~pl.col("has_modifiers")),
    # A modifier that may bypass.
    _bit_where("doubtful_bit", "code_bit", _BYPASSES.is_null()),
    # The pairs of the code are unknown.
    _bit_where("unjudged_bit", "code_bit", _IS_CHECKED & pl.col("policy.pairs").is_null()),
)
_BITS = {"codes": "code_bit"} | {
    fact.name.removesuffix("_bit"): fact.name for fact in _OF_SOME_LINES
}
"""The bits that are united over a group: of all its codes, and of those of some lines."""


def _united() -> list[Fact]:
    """`claim_codes`, `claim_date_bare`, `entity_date_doubtful` and so on."""
    facts = [*_OF_SOME_LINES]
    for what, bit in _BITS.items():
        counted = _if_counted(bit)
        facts += [
            counted,
            Fact(name=f"claim_{what}", group=CLAIM, bit_or=bit),
            Fact(name=f"claim_date_{what}", group=CLAIM_DATE, bit_or=bit),
            Fact(name=f"entity_date_{what}", group=ENTITY_DATE_OF_PAYER, bit_or=counted.name),
        ]
    return facts


_ENTITY = ("person_number", "entity_number")
_DAY = ("claim_key", "claim_date_codes", "entity_date_codes")


def _bills(what: str, codes: Collection[str]) -> tuple[Fact, Fact]:
    """Whether the claim, or the person and billing provider, bills one of the codes on that date.

    `day_bills_global` and so on is null, `day_surely_bills_global` false where that is unknown.
    """

    def bills(context: Context) -> pl.Expr:
        wanted = context.mask(codes)
        on_claim = _on_claim(_shares(pl.col("claim_date_codes"), wanted))
        return on_claim | _shares(pl.col("entity_date_codes"), wanted)

    name, reads = f"day_bills_{what}", (*_ENTITY, PAYER, "claim_line_start_date")
    surely = pl.col(name).fill_null(value=False)
    return (
        Fact(name=name, build=bills, reads=reads, optional=_DAY),
        Fact(name=f"day_surely_bills_{what}", build=lambda _: surely, optional=(name,)),
    )


# --- pairs ------------------------------------------------------------------------------------


def _denying(*, bypassable_only: bool) -> Build:
    """The codes that the payer pays instead of the line's code."""

    def build(context: Context) -> pl.Expr:
        def mask(members: Sequence[Any]) -> pl.Expr:
            chosen = _NOTHING
            for denied in sorted({pair.denied for pair in members}):
                paid = [
                    pair.with_
                    for pair in members
                    if pair.denied == denied and (pair.bypass or not bypassable_only)
                ]
                is_denied = pl.col("hcpcs_code") == denied
                chosen = pl.when(is_denied).then(context.mask(paid)).otherwise(chosen)
            return chosen

        return by_set("pairs", context, mask, context.bits_type)

    return build


def _is_denied(group: str, among: pl.Expr) -> pl.Expr:
    """A code that is paid instead is billed in the group, and no bypass modifier has both paid."""
    denying = pl.col("denying_codes") & among
    soft = denying & pl.col("bypassable_codes")
    hard = denying ^ soft
    bare = _shares(pl.col(f"{group}_bare"), soft)
    doubtful = _shares(pl.col(f"{group}_doubtful"), soft)
    unless_bypassed = pl.when(bare).then(YES).when(~doubtful).then(NO)
    denied = _shares(pl.col(f"{group}_codes"), hard) | (
        ~pl.col("has_bypass_modifier") & unless_bypassed
    )
    # The pairs of a partner code are under the code that is paid, whose pairs may be unknown.
    is_open = ~_IS_CHECKED & ~denied & (pl.col(f"{group}_unjudged") != 0)
    return pl.when(is_open).then(None).otherwise(denied)


def _is_global(_: Context) -> pl.Expr:
    return _IS_GLOBAL


def may_be_denied(_: Context) -> pl.Expr:
    """A code that is paid instead of the line's is or may be billed with it."""
    billed = pl.col("claim_date_codes") | pl.col("entity_date_codes")
    is_billed = (pl.col("denying_codes") & billed) != 0
    # The pairs of a partner code may be unknown.
    return is_billed.fill_null(value=True) | ~_IS_CHECKED


_CODE_AND_PAIRS = ("policy.pairs", "hcpcs_code")
_PAIRS_AND_ENTITY = ("policy.pairs", *_ENTITY, PAYER)
_CODES_OF = tuple(
    f"{group}_{what}" for group in ("claim", "claim_date", "entity_date") for what in _BITS
)
_DENIED = ("denying_codes", "bypassable_codes", "has_bypass_modifier", "hcpcs_code", "claim_key")
_BESIDE_PART = Fact(
    where=_is_global,
    default=False,
    reads=_PAIRS_AND_ENTITY,
    optional=(*_DENIED, *_CODES_OF),
    unknown="it is unknown whether a modifier bypasses the pair",
)
_BESIDE_OTHER = replace(_BESIDE_PART, where=may_be_denied)
_SURELY_PAID = Fact(
    default=0,
    reads=("hcpcs_code",),
    optional=(*_DENIED, *_CODES_OF, "has_modifiers", "policy.bypass_modifiers.is_recalled"),
)


def _on_claim(billed: pl.Expr, otherwise: pl.Expr = NO) -> pl.Expr:
    """What the claim bills; nothing where the line has no claim number, and so is alone on one."""
    return pl.when(pl.col("claim_key").is_not_null()).then(billed).otherwise(otherwise)


def _denied_beside(group: str, among: pl.Expr) -> pl.Expr:
    denied = _on_claim(_is_denied(group, among)) | _is_denied("entity_date", among)
    # Unknown without pairs on file.
    return pl.when(pl.col("denying_codes").is_not_null()).then(denied)


@_BESIDE_PART.of
def denied_beside_part(context: Context) -> pl.Expr:
    """The global code is billed with a component of it that is paid instead."""
    return _denied_beside("claim", context.mask(PARTS))


@_BESIDE_PART.of
def denied_beside_part_that_day(context: Context) -> pl.Expr:
    """The same on the line's date; false where it is unknown."""
    return _denied_beside("claim_date", context.mask(PARTS)).fill_null(value=False)


@_BESIDE_PART.of
def denied_for_good_beside_part(context: Context) -> pl.Expr:
    """The same for a pair that no modifier bypasses."""
    parts = context.mask(PARTS) & (pl.col("denying_codes") ^ pl.col("bypassable_codes"))
    return _denied_beside("claim", parts)


def _surely_paid_in(group: str, among: pl.Expr) -> pl.Expr:
    """The codes of the group that are paid instead whatever a recalled bypass list says, as bits.

    Only a modifier has a list asked; a pair that no modifier bypasses never does.
    """
    denying = pl.col("denying_codes") & among
    soft = denying & pl.col("bypassable_codes")
    is_recalled = pl.col("policy.bypass_modifiers.is_recalled")
    bare = pl.when(is_recalled).then(f"{group}_unmodified").otherwise(f"{group}_bare")
    may_pass = pl.when(is_recalled).then("has_modifiers").otherwise("has_bypass_modifier")
    hard = pl.col(f"{group}_codes") & (denying ^ soft)
    return (hard | pl.when(~may_pass).then(soft & bare).otherwise(_NOTHING)).fill_null(0)


def _surely_paid(among: pl.Expr) -> pl.Expr:
    on_claim = _on_claim(_surely_paid_in("claim_date", among), _NOTHING)
    return on_claim | _surely_paid_in("entity_date", among)


@replace(_SURELY_PAID, where=_is_global).of
def parts_surely_paid(context: Context) -> pl.Expr:
    """The components, as bits, that deny the global code whatever a recalled bypass list says.

    An edit goes by the day: what the claim bills on another date is likely to be a wrong date.
    """
    return _surely_paid(context.mask(PARTS))


@replace(_SURELY_PAID, where=may_be_denied).of
def others_surely_paid(context: Context) -> pl.Expr:
    """The same of all codes, components of the global code aside."""
    return _surely_paid(_others(context))


def _others(context: Context) -> pl.Expr:
    """All codes, components of the global code aside."""
    every = context.mask(context.bits)
    return pl.when(_IS_GLOBAL).then(every & ~context.mask(PARTS)).otherwise(every)


@_BESIDE_OTHER.of
def denied_beside_other(context: Context) -> pl.Expr:
    """The code is billed with another that is paid instead, components of the global code aside."""
    return _denied_beside("claim_date", _others(context))


@_BESIDE_OTHER.of
def denied_for_good_beside_other(context: Context) -> pl.Expr:
    """The same for a pair that no modifier bypasses."""
    hard = pl.col("denying_codes") ^ pl.col("bypassable_codes")
    return _denied_beside("claim_date", _others(context) & hard)


# --- scans of the same billing provider -------------------------------------------------------

READ_ONLY, WHOLE, _TECHNICAL_ONLY, _BOTH_MARKS = 1, 2, 4, 8
_MAYBE = 16
"""Times a kind: the scan may be of that kind, since a modifier of it cannot be read."""


@Fact(
    where=lambda _: is_spine_scan() & ~pl.col("is_past"),
    default=0,
    reads=("hcpcs_code",),
    optional=("surely_counts", "is_past", "has_modifier_26", "has_modifier_tc", "damaged_code"),
).of
def scan_kind(_: Context) -> pl.Expr:
    """How a spine DXA is billed, by its modifiers, as bits."""
    reads = unless_damaged(pl.col("has_modifier_26"))
    technical = unless_damaged(pl.col("has_modifier_tc"))
    kinds = (
        (_BOTH_MARKS, reads & technical),
        (READ_ONLY, reads & ~technical),
        (_TECHNICAL_ONLY, ~reads & technical),
        (WHOLE, ~reads & ~technical),
    )
    bits = [
        pl.when(is_kind).then(kind).when(is_kind.is_null()).then(kind * _MAYBE).otherwise(0)
        for kind, is_kind in kinds
    ]
    return pl.sum_horizontal(bits).cast(pl.UInt8)


@Fact(reads=_ENTITY, optional=("claim_key", "claim_date_scans", "entity_date_scans")).of
def entity_scans(_: Context) -> pl.Expr:
    """How the provider bills its scans that date, on the claim and on its other claims."""
    on_claim = _on_claim(pl.col("claim_date_scans"), _NOTHING)
    across = pl.col("entity_date_scans")
    # A scan on the claim is enough where nobody knows what the other claims bill.
    return pl.when(on_claim != 0).then(on_claim | across.fill_null(0)).otherwise(across)


_OF_SCANS = Fact(
    reads=("entity_scans",),
    distinct_by=("entity_scans",),
    unknown="a modifier of the scan cannot be read, or the file has no modifiers",
)


def _some_scan_is(kinds: int) -> pl.Expr:
    """One of the scans is of one of the kinds; unknown where one may be."""
    is_one = (pl.col("entity_scans") & kinds) != 0
    may_be_one = (pl.col("entity_scans") & (kinds * _MAYBE)) != 0
    return pl.when(is_one | ~may_be_one).then(is_one)


@_OF_SCANS.of
def entity_only_reads_scan(_: Context) -> pl.Expr:
    """The provider bills only the interpretation (26) of its scan that date."""
    return _some_scan_is(READ_ONLY) & ~_some_scan_is(WHOLE | _TECHNICAL_ONLY)


@_OF_SCANS.of
def entity_bills_whole_scan(_: Context) -> pl.Expr:
    """The provider bills its scan that date globally: with neither 26 nor TC."""
    return _some_scan_is(WHOLE)


# --- components of other billing providers ----------------------------------------------------


@Fact(
    reads=("person_id", "billing_npi", "claim_line_start_date"),
    optional=("claim_key", "entity_number", "surely_counts", "is_past", PERSON_DATE),
    unknown="another claim of that day has no billing provider",
).of_frame
def part_of_another_entity(lines: pl.DataFrame, _: Context) -> pl.Series:
    """Another billing provider bills a component of the test for the same person and date."""
    tests = lines.lazy().select(
        "line", PERSON_DATE, "entity_number", "claim_key", "surely_counts", "is_past", "hcpcs_code"
    )
    wholes = tests.filter(_IS_GLOBAL).collect(engine="in-memory")
    is_part = pl.col("hcpcs_code").is_in(sorted(PARTS))
    parts = tests.filter(is_part & pl.col("surely_counts") & ~pl.col("is_past"))
    # Few components are billed on the date of a global line.
    parts = parts.join(wholes.lazy(), on=PERSON_DATE, how="semi")
    # One row for each provider of a person and date: of several claims at most one can be the
    # line's own.
    claim = pl.col("claim_key")
    of_entity = parts.group_by(PERSON_DATE, "entity_number").agg(
        only_claim=pl.when((claim.n_unique() == 1) & (claim.null_count() == 0)).then(claim.first())
    )
    is_own_claim = claim == pl.col("only_claim")  # null without claim numbers or with several
    billed = (
        wholes.lazy()
        .join(of_entity, on=PERSON_DATE, suffix="_of_part")
        .filter(~is_own_claim.fill_null(value=False))
    )
    is_other = pl.col("entity_number") != pl.col("entity_number_of_part")
    differs = billed.group_by("line").agg(differs=is_other.any(ignore_nulls=False), billed=True)
    known = pl.all_horizontal(pl.col(PERSON_DATE, "entity_number").is_not_null())
    judged = (
        wholes.lazy()
        .join(differs, on="line", how="left")
        .select(
            "line",
            pl.when(known & pl.col("billed").is_null())
            .then(NO)
            .when(known)
            .then("differs")
            .alias("outcome"),
        )
        .collect(engine="in-memory")
    )
    return on_lines(lines.height, judged["line"], judged["outcome"], default=False)


FACTS: tuple[Fact, ...] = (
    *_united(),
    *_bills("global", GLOBAL),
    *_bills("calculation", {"77091"}),
    *(
        Fact(name=name, build=build, reads=_CODE_AND_PAIRS, distinct_by=_CODE_AND_PAIRS)
        for name, build in (
            ("denying_codes", _denying(bypassable_only=False)),
            ("bypassable_codes", _denying(bypassable_only=True)),
        )
    ),
    _if_counted("scan_kind"),
    Fact(name="claim_date_scans", group=CLAIM_DATE, bit_or="scan_kind"),
    Fact(name="entity_date_scans", group=ENTITY_DATE, bit_or="counted_scan_kind"),
)
