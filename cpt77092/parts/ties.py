"""Which lines must be checked together: no rule, fact, policy, message or total looks further.

A line's *root* is its person; without one its claim, and without a number of one the line itself.
Lines of different roots belong together where one may lend the other what it leaves blank: lines
of one claim number and payer, of which some state the person or the billing NPI and some do not.
A claim number with a line that names no payer has no payer here, and a void or replacement has the
number that it refers to besides its own. Everything is over batch and earlier claims.

Roots and numbers of claims are 64-bit hashes. Two that share a hash are checked together, which
changes no outcome. All work is by claim number but for the last step, which is about the few roots
that differ; so it can be done in turns, or on many machines.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cpt77092.claims.cells import cell_text
from cpt77092.frozen import frozen
from cpt77092.readers.pieces import KEYS
from cpt77092.whole import SPELLING, payers_named

_SEEDS = {"person": 1, "claim": 2, "row": 3, "number": 4, "key": 5}
"""A hash of each kind differs from those of the others."""
MEMBER = pl.Schema(
    {
        "root": pl.UInt64,
        "number": pl.UInt64,
        "payer": pl.UInt32,
        "lacks_person": pl.Boolean,
        "lacks_entity": pl.Boolean,
        "has_entity": pl.Boolean,
    }
)
"""What a line says of a claim number."""
READ = (
    "source",
    "source_row",
    "person_id",
    "claim_id",
    "original_reference_number",
    "billing_npi",
    *SPELLING,
)
"""Columns that are read of lines, of which they may lack some."""


@frozen
class Blanks:
    """What some lines leave out that other lines of their claim may lend them (`edges`)."""

    lacks_person: bool
    lacks_entity: bool
    has_entity: bool

    @classmethod
    def of(cls, lines: pl.DataFrame) -> Blanks:
        """What these lines leave out."""
        person, entity = (_is_blank(lines, name) for name in ("person_id", "billing_npi"))
        return cls(person.any(), entity.any(), not entity.all())

    @classmethod
    def together(cls, parts: Sequence[Blanks]) -> Blanks:
        """What the lines of all leave out."""
        return cls(
            any(one.lacks_person for one in parts),
            any(one.lacks_entity for one in parts),
            any(one.has_entity for one in parts),
        )

    @property
    def may_tie(self) -> bool:
        """Whether lines of different roots may have to be checked together."""
        return self.lacks_person or (self.lacks_entity and self.has_entity)


def _is_blank(lines: pl.DataFrame, name: str) -> pl.Series:
    if name not in lines.columns:
        return pl.repeat(True, lines.height, dtype=pl.Boolean, eager=True)  # noqa: FBT003
    return lines.select(cell_text(name) == "").to_series()


def _text(lines: pl.DataFrame, name: str) -> pl.Expr:
    """A column's texts; null where a cell is blank or there is no such column."""
    if name not in lines.columns:
        return pl.lit(None, pl.String)
    text = pl.col(name).cast(pl.String)
    return pl.when(text != "").then(text)


def roots(lines: pl.DataFrame) -> pl.Series:
    """The root of each line, which can be had before anything else is known of the run.

    Args:
        lines: of the batch or earlier claims, as the readers give them.
    """
    person, claim = _text(lines, "person_id"), _text(lines, "claim_id")
    # Claims of one payer in two spellings are tied later, as is all that lacks a person.
    spelling = pl.struct(_text(lines, name).alias(name) for name in (*SPELLING, "claim_id"))
    place = pl.struct(pl.col("^source(_row)?$"))
    root = (
        pl.when(person.is_not_null())
        .then(person.hash(_SEEDS["person"]))
        .when(claim.is_not_null())
        .then(spelling.hash(_SEEDS["claim"]))
        .otherwise(place.hash(_SEEDS["row"]))
    )
    return lines.select(root=root)["root"]


def members(lines: pl.DataFrame, payers: pl.DataFrame) -> pl.DataFrame:
    """What lines say of claim numbers, each once, as in `MEMBER`.

    Args:
        lines: of the batch or earlier claims, as the readers give them.
        payers: of the whole, `Whole.payers`.
    """
    _, payer = payers_named(lines, payers)
    lacks_person = _text(lines, "person_id").is_null()
    entity = _text(lines, "billing_npi")
    never = pl.lit(False)  # noqa: FBT003
    memberships = lines.select(
        pl.lit(roots(lines)).alias("root"),
        pl.lit(payer).alias("payer"),
        lacks_person.alias("lacks_person"),
        claim=_text(lines, "claim_id"),
        refers_to=_text(lines, "original_reference_number"),
        lacks_entity=entity.is_null(),
        has_entity=entity.is_not_null(),
    )
    own = memberships.lazy().rename({"claim": "of"})
    # What it refers to lends it nothing but its lines, whatever their provider.
    other = memberships.lazy().with_columns(of="refers_to", lacks_entity=never, has_entity=never)
    numbered = pl.concat([own, other], how="diagonal").drop_nulls("of")
    number = pl.col("of").hash(_SEEDS["number"]).alias("number")
    return numbered.with_columns(number).select(MEMBER.names()).unique().collect()


def edges(memberships: pl.DataFrame) -> pl.DataFrame:
    """Pairs of roots that belong together: `root`, and the smallest `other` of a claim.

    Args:
        memberships: members of all lines, or of all lines of some claim numbers.
    """
    has_blank = pl.col("payer").is_null().any().over("number")
    of_payer = pl.struct("number", "payer").hash(_SEEDS["key"])
    keyed = memberships.lazy().with_columns(
        key=pl.when(has_blank).then("number").otherwise(of_payer)
    )
    lends_entity = pl.col("lacks_entity").any() & pl.col("has_entity").any()
    is_tied = pl.col("lacks_person").any() | lends_entity
    tied = keyed.filter(is_tied.over("key")).select("key", "root").unique()
    pairs = tied.select("root", other=pl.col("root").min().over("key"))
    return pairs.filter(pl.col("root") != pl.col("other")).unique().collect()


def united(pairs: pl.DataFrame) -> pl.DataFrame:
    """The roots of some pairs with the `group` that each is in, which is one of its roots.

    Any other root is a group of its own.
    """
    known = pl.concat([pairs["root"], pairs["other"]]).unique().sort()
    ends = pairs.select(
        low=pl.lit(known.search_sorted(pairs["root"])),
        high=pl.lit(known.search_sorted(pairs["other"])),
    )
    group_of = pl.int_range(known.len(), dtype=pl.UInt32, eager=True)
    while ends.height:
        at = [group_of.gather(ends[name]) for name in ("low", "high")]
        ends = pl.DataFrame(at, schema=["low", "high"]).select(
            low=pl.min_horizontal("low", "high"), high=pl.max_horizontal("low", "high")
        )
        ends = ends.filter(pl.col("low") != pl.col("high")).unique()
        lowest = ends.group_by("high").agg(pl.col("low").min())
        group_of = _followed(group_of.scatter(lowest["high"], lowest["low"]))
    return pl.DataFrame({"root": known, "group": known.gather(group_of)})


def _followed(group_of: pl.Series) -> pl.Series:
    """Each number with the last one that is reached by way of others."""
    while not (further := group_of.gather(group_of)).equals(group_of):
        group_of = further
    return group_of


def grouped(each: pl.Series, unions: pl.DataFrame) -> pl.Series:
    """The group of each root, by the unions that `united` gives."""
    of_each = each.to_frame("root").join(unions, on="root", how="left", maintain_order="left")
    return of_each.select(group=pl.coalesce("group", "root"))["group"]


def keys(roots_or_groups: pl.Series) -> pl.Series:
    """The key on disk of each root or group (`readers.pieces`), which are numbers of 64 bits."""
    return (roots_or_groups // (2**64 // KEYS)).cast(pl.UInt16)


def keys_of_part(number: int, count: int) -> range:
    """The keys of one of so many parts."""
    return range(number * KEYS // count, (number + 1) * KEYS // count)


def groups(frames: Sequence[pl.DataFrame], payers: pl.DataFrame) -> list[pl.Series]:
    """The number of the group that each line belongs to.

    Args:
        frames: lines of the batch and of earlier claims, as the readers give them.
        payers: of the whole, `Whole.payers`.
    """
    memberships = pl.concat([members(lines, payers) for lines in frames])
    unions = united(edges(memberships))
    return [grouped(roots(lines), unions) for lines in frames]
