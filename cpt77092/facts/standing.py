"""Facts of voids and replacements: which lines bill a service that still counts.

A void (8) counts for nothing, and neither does what it voids once the payer accepts voids. A
replacement (7) takes the place of what it replaces where the payer accepts it, and counts for
nothing where not. What it is for is the claim of its original reference number, else the claim of
its own number; earlier claims come first.
"""

from __future__ import annotations

import polars as pl

from cpt77092.claims.categorical import constant
from cpt77092.facts.fact import Context, Fact, by_set, field_of, on_lines
from cpt77092.facts.grouping import CLAIM, PAYER, PERSON_DATE, PERSON_DAY

_KIND = pl.col("claim_kind")
ORIGINAL, REPLACEMENT, VOID = 0, 1, 2
"""What a claim is: the values of `claim_kind`."""
_CHANGE = (
    "line",
    "claim_kind",
    "claim_number",
    "claim_id",
    PAYER,
    "person_number",
    "is_past",
    PERSON_DAY,
)


@Fact(
    optional=(*_CHANGE, CLAIM, "original_reference_number"),
    background=("policy.claim_frequency_codes",),
).of_frame
def standing(lines: pl.DataFrame, context: Context) -> pl.Series:
    """`counts` and `is_linked` of each line, as a struct."""
    if (lines["claim_kind"] == ORIGINAL).all():
        counts = constant(lines.height, value=True)
        return pl.DataFrame({"counts": counts, "is_linked": counts}).to_struct("standing")
    changes = _changes(lines, context)
    changed = _changed(changes, lines)
    effects = pl.concat(
        [
            changes.select("line", counts=(_KIND != VOID) & pl.col("is_taken")),
            changed.select(line="other", counts=~pl.col("is_taken")),
            # A replacement that is for nothing and bills what an original bills may be for that.
            (unlinked := _unlinked(changes, changed, lines)).select("line", counts=None),
        ],
        how="vertical_relaxed",
    )
    some = effects.group_by("line").agg(pl.col("counts").all(ignore_nulls=False))
    unknown = constant(unlinked.height, value=None, dtype=pl.Boolean)
    return pl.DataFrame(
        {
            "counts": on_lines(lines.height, some["line"], some["counts"], default=True),
            "is_linked": on_lines(lines.height, unlinked["line"], unknown, default=True),
        }
    ).to_struct("standing")


def _twice(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.Int64) * 2


_CLAIM_OF_FILES = _twice(pl.col(CLAIM)) + pl.col("is_past").cast(pl.Int64)
"""A claim of the batch and one of the history are two, also where they have one number and kind."""


def _changes(lines: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The lines of voids and replacements, their claim, and whether the payer accepts it."""

    def accepted(members: object) -> pl.Expr:
        codes = [code in members for code in ("7", "8")]  # type: ignore[operator]
        return pl.when(_KIND == VOID).then(pl.lit(codes[1])).otherwise(pl.lit(codes[0]))

    claim = pl.coalesce(_CLAIM_OF_FILES, _twice(pl.col("line") + pl.lit(lines.height, pl.UInt32)))
    taken = by_set("claim_frequency_codes", context, accepted, pl.Boolean)
    return (
        lines.lazy()
        .filter(_KIND != ORIGINAL)
        .select(
            *_CHANGE,
            claim.alias("claim"),
            taken.alias("is_taken"),
            reference=pl.col("original_reference_number").fill_null(""),
        )
        .with_columns(pl.col("is_taken").all(ignore_nulls=False).over("claim", "is_past"))
        .collect(engine="in-memory")
    )


def _changed(changes: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The lines that voids and replacements are for: `line`, `other`, `claim` and `is_taken`."""
    others = lines.lazy().filter(_KIND != VOID).select(*_CHANGE, other_claim=_CLAIM_OF_FILES)
    others = others.rename({"line": "other", "claim_kind": "kind", "is_past": "is_earlier"})
    change, other_person = changes.lazy(), pl.col("person_number_right")
    by_reference = (
        change.filter(pl.col("reference") != "")
        .join(others, left_on=[PAYER, "reference"], right_on=[PAYER, "claim_id"])
        .filter(pl.col("claim").ne_missing(pl.col("other_claim")))
        .filter((pl.col("person_number") == other_person).fill_null(value=True))
    )
    by_number = change.join(others, on="claim_number").filter(
        (pl.col("kind") == ORIGINAL) | (_KIND == VOID)
    )
    columns = ("line", "other", "claim", "is_past", "is_earlier", "is_taken")
    pairs = pl.concat(
        [by_reference.select(*columns, step=0), by_number.select(*columns, step=1)]
    ).filter(pl.col("is_earlier") | ~pl.col("is_past"))
    for best in (pl.col("step").min(), pl.col("is_earlier").max()):
        name = best.meta.output_name()
        pairs = pairs.filter(pl.col(name) == best.over("line"))
    return pairs.collect(engine="in-memory")


def _unlinked(changes: pl.DataFrame, changed: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The lines of replacements in the batch that are for nothing, though they may be."""
    open_changes = (
        changes.lazy()
        .filter((_KIND == REPLACEMENT) & ~pl.col("is_past"))
        .join(changed.lazy(), on="claim", how="anti")
    )
    originals = lines.lazy().filter(_KIND == ORIGINAL)
    alike = open_changes.join(originals, on=PERSON_DAY, how="semi")
    return open_changes.join(alike, on="claim", how="semi").collect(engine="in-memory")


@Fact(optional=("claim_kind",)).of
def is_replacement(_: Context) -> pl.Expr:
    """The line is of a replacement."""
    return _KIND == REPLACEMENT


@Fact(optional=("claim_kind",)).of
def is_void(_: Context) -> pl.Expr:
    """The line is of a void, which repeats a claim as it was."""
    return _KIND == VOID


@Fact(optional=("counts",)).of
def surely_counts(_: Context) -> pl.Expr:
    """The line bills a service that counts; false where that is unknown."""
    return pl.col("counts").fill_null(value=False)


@Fact(
    optional=("counts", PERSON_DATE),
    unknown="it is unknown whether a claim of that day is replaced or void",
).of_frame
def doubt(lines: pl.DataFrame, _: Context) -> pl.Series:
    """Null where it is unknown whether lines of the patient's day count; false elsewhere."""
    if not lines["counts"].null_count():
        return constant(lines.height, value=False)
    unsure = lines.filter(pl.col("counts").is_null())
    days = unsure.filter(~pl.col("is_past"))[PERSON_DATE].drop_nulls().unique()
    is_near = pl.col(PERSON_DATE).is_in(days.implode()).fill_null(value=False)
    is_unsure = pl.col("counts").is_null() | (pl.col("counts") & is_near)
    return lines.select(pl.when(~is_unsure).then(pl.lit(False))).to_series()  # noqa: FBT003


FACTS: tuple[Fact, ...] = (
    field_of("standing", "is_linked", unknown="it is unknown which claim it replaces"),
    field_of(
        "standing",
        "counts",
        unknown="it is unknown whether the payer accepts the void or replacement",
    ),
)
