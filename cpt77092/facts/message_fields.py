"""What messages tell besides the line, as its fellow lines: worked out for findings alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import polars as pl

from cpt77092.facts.claim_lines import OWN_TECHNICAL
from cpt77092.facts.code_pairs import PARTS
from cpt77092.facts.fact import Context
from cpt77092.facts.grouping import (
    CLAIM,
    CLAIM_DATE,
    ENTITY_DATE,
    ENTITY_DATE_OF_PAYER,
    PERSON_DATE,
)
from cpt77092.facts.scans import is_scan
from cpt77092.reference.codes import COMPANIONS

SHOWN = 5
"""So many fellow lines are named; of more it is told that there are more."""


@dataclass(frozen=True, slots=True)
class MessageField:
    """A text about a finding. `tell` is given the lines found and all lines of the batch."""

    name: str
    reads: tuple[str, ...]
    """The columns of all lines that it is given."""
    render: Callable[[pl.DataFrame, pl.DataFrame, Context], pl.Series]


_ORDER = ("hcpcs_code", "claim_id", "claim_line_number", "source", "source_row")
"""In which fellow lines are named; the order of rows tells apart what nothing else does."""
_NAMED_BY = ("line", *_ORDER, "claim_key", "is_original")


def _named(found: pl.DataFrame, others: pl.DataFrame, keys: Sequence[str]) -> pl.Series:
    """For each found line, the other lines that share one of the keys: `77092 (line 2)`."""
    others = others.sort(_ORDER)
    met = []
    for key in keys:
        mine = _counting(found, key).select("line", key).drop_nulls(key)
        theirs = _few(_counting(others, key).join(mine, on=key, how="semi"), key)
        met.append(mine.join(theirs, on=key).select("line", "other"))
    pairs = pl.concat(met).unique().filter(pl.col("line") != pl.col("other"))
    others = others.join(pairs, left_on="line", right_on="other", how="semi").with_row_index(
        "order"
    )
    names = pairs.join(_names(found), on="line")
    names = names.join(_names(others), left_on="other", right_on="line", suffix="_of_other")
    names = names.join(others.select("order", other="line"), on="other")
    number = pl.col("number_of_other")
    claim = pl.col("claim_id_of_other")
    is_same_claim = pl.col("claim_key") == pl.col("claim_key_of_other")
    elsewhere = (
        pl.when(claim == "").then(number).otherwise(pl.format("claim {}, {}", claim, number))
    )
    named = names.with_columns(
        text=pl.format(
            "{} ({})",
            pl.col("hcpcs_code_of_other"),
            pl.when(is_same_claim).then(number).otherwise(elsewhere),
        )
    ).sort("line", "order")
    told = named.group_by("line", maintain_order=True).agg(
        pl.col("text").head(SHOWN).str.join(", "), has_more=pl.len() > SHOWN
    )
    text = pl.when("has_more").then(pl.format("{} and more", "text"))
    told = told.select("line", text.otherwise("text").alias("text"))
    return found.select("line").join(told, on="line", how="left", maintain_order="left")["text"]


def _beside(
    found: pl.DataFrame, lines: pl.DataFrame, keys: Sequence[str], others: pl.Expr
) -> pl.DataFrame:
    """The lines, of some others, that share one of the keys with a found one."""
    is_beside = [pl.col(key).is_in(found[key].unique().drop_nulls().implode()) for key in keys]
    return lines.lazy().filter(pl.any_horizontal(is_beside) & others).collect(engine="in-memory")


def _counting(lines: pl.DataFrame, key: str) -> pl.DataFrame:
    """The lines that count by a key: across claims originals alone, as `bundles` has it."""
    return lines if key in (CLAIM, CLAIM_DATE) else lines.filter("is_original")


def _few(others: pl.DataFrame, key: str) -> pl.DataFrame:
    """As many lines of each key as are named, and one to know that there are more.

    A thousand lines that share a key would otherwise be laid beside each other a million times.
    """
    enough = SHOWN + 2  # the line itself may be among them
    few = others.select("line", key).group_by(key, maintain_order=True).head(enough)
    return few.rename({"line": "other"})


def _names(lines: pl.DataFrame) -> pl.DataFrame:
    number = pl.col("claim_line_number")
    row = pl.format("row {}", pl.col("source_row"))
    named = pl.when(number.is_not_null()).then(pl.format("line {}", number)).otherwise(row)
    return lines.select("line", "hcpcs_code", "claim_id", "claim_key", named.alias("number"))


def _fellow(name: str, codes: Collection[str], *keys: str) -> MessageField:
    """Live lines with one of the codes that share a key with the finding."""

    def tell(found: pl.DataFrame, lines: pl.DataFrame, _: Context) -> pl.Series:
        of_codes = pl.col("hcpcs_code").is_in(sorted(codes)) & pl.col("is_live")
        return _named(found, _beside(found, lines, keys, of_codes), keys)

    return MessageField(name, (*_NAMED_BY, "is_live", *keys), tell)


def _denying(found: pl.DataFrame, lines: pl.DataFrame, context: Context) -> pl.Series:
    """The paid lines beside which the payer denies the found one."""
    keys = (CLAIM_DATE, ENTITY_DATE_OF_PAYER)
    masks = found["denying_codes"].unique().drop_nulls().to_list()
    told = pl.Series([None], dtype=pl.String).new_from_index(0, found.height)
    for mask in masks:
        mine = found.with_row_index("place").filter(pl.col("denying_codes") == mask)
        is_paid = (pl.col("code_bit") & pl.lit(mask, context.bits_type)) != 0
        paid = _beside(mine, lines, keys, is_paid & pl.col("is_live"))
        told = told.scatter(mine["place"], _named(mine, paid, keys))
    return told


def _repeated(found: pl.DataFrame, lines: pl.DataFrame, context: Context) -> pl.Series:
    """The earlier line that the found one repeats."""
    del context
    named = lines.select(_NAMED_BY)[found["line_repeated"]]
    row = _names(named).with_columns(row=named["source_row"])
    claim = pl.col("claim_id")
    is_same = pl.lit(found["claim_key"]).eq_missing(pl.col("claim_key")) | (claim == "")
    text = pl.when(is_same).then("number").otherwise(pl.format("claim {}, {}", claim, "number"))
    return row.select(pl.format("{} (row {})", text, "row").alias("text"))["text"]


def _places(found: pl.DataFrame, lines: pl.DataFrame, context: Context) -> pl.Series:
    """The places of the scans of the patient that date."""
    del context
    keys = (CLAIM_DATE, PERSON_DATE)
    scans = _beside(found, lines, keys, is_scan() & (pl.col("place_of_service_code") != ""))
    met = pl.concat(
        _counting(found, key)
        .select("line", key)
        .drop_nulls(key)
        .join(
            _counting(scans, key).select(
                key, place=pl.col("place_of_service_code").cast(pl.String)
            ),
            on=key,
        )
        .select("line", "place")
        for key in keys
    )
    told = met.unique().sort("line", "place").group_by("line", maintain_order=True)
    places = told.agg(pl.col("place").str.join(" and "))
    return found.select("line").join(places, on="line", how="left", maintain_order="left")["place"]


def _own_technical(found: pl.DataFrame, lines: pl.DataFrame, context: Context) -> pl.Series:
    """The technical and global TBS codes that the claim bills."""
    del lines
    billed = [
        pl.when((pl.col("claim_codes") & context.mask({code})) != 0).then(pl.lit(code))
        for code in sorted(OWN_TECHNICAL)
    ]
    told = pl.concat_str(billed, separator=" and ", ignore_nulls=True)
    return found.select(told.alias("told")).to_series()


def _searched(found: pl.DataFrame, lines: pl.DataFrame, context: Context) -> pl.Series:
    """Where a scan was looked for."""
    del lines
    where = "this batch"
    if context.past is not None:
        where += f" and the history ({context.past.covers()})"
    return pl.Series([where]).new_from_index(0, found.height)


MESSAGE_FIELDS: dict[str, MessageField] = {
    told.name: told
    for told in (
        _fellow("parts_billed_beside", PARTS, CLAIM, ENTITY_DATE_OF_PAYER),
        _fellow("calculation_billed", {"77091"}, CLAIM_DATE, ENTITY_DATE_OF_PAYER),
        _fellow("scan_billed", COMPANIONS, CLAIM_DATE, ENTITY_DATE),
        _fellow("parts_of_person", PARTS, PERSON_DATE),
        MessageField(
            "denied_beside_lines",
            (
                *_NAMED_BY,
                "is_live",
                "code_bit",
                "denying_codes",
                CLAIM_DATE,
                ENTITY_DATE_OF_PAYER,
            ),
            _denying,
        ),
        MessageField("searched_for_scan", ("line",), _searched),
        MessageField("own_technical_codes", ("claim_codes",), _own_technical),
        MessageField("line_it_repeats", (*_NAMED_BY, "line_repeated"), _repeated),
        MessageField(
            "places_of_scan",
            (*_NAMED_BY, "is_live", "place_of_service_code", CLAIM_DATE, PERSON_DATE),
            _places,
        ),
    )
}
