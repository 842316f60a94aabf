"""Texts of messages that are about other lines or other files; rendered for findings alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import polars as pl

from cpt77092.claims.categorical import constant
from cpt77092.claims.quotable import NOT_SHOWN, shown
from cpt77092.facts.claim_lines import OWN_TECHNICAL
from cpt77092.facts.code_pairs import PARTS, READ_ONLY, WHOLE
from cpt77092.facts.fact import Context
from cpt77092.facts.grouping import (
    CLAIM,
    CLAIM_DATE,
    CLAIM_DAY,
    ENTITY_DATE,
    ENTITY_DATE_OF_PAYER,
    ENTITY_DAY,
    PERSON_DATE,
)
from cpt77092.facts.scans import is_scan
from cpt77092.frozen import frozen
from cpt77092.reference.codes import GLOBAL

SHOWN = 5
"""A message names this many other lines, and then `and more`."""

Render = Callable[[pl.DataFrame, pl.DataFrame, Context], pl.Series]


@frozen
class MessageField:
    """A name in braces in a message, and how its text is made."""

    name: str
    reads: tuple[str, ...]
    """Columns of the lines that `render` is given."""
    render: Render
    """Makes a text for each flagged line from the flagged lines, all lines and the context."""


_ORDER = ("hcpcs_code", "claim_id", "claim_line_number", "source", "source_row")
"""The order in which other lines are named."""
_NAMED_BY = ("line", *_ORDER, "claim_key", "surely_counts")
_WITHIN_CLAIM = (CLAIM, CLAIM_DATE, CLAIM_DAY)


# --- other lines ------------------------------------------------------------------------------


def _sharing(
    flagged: pl.DataFrame, lines: pl.DataFrame, keys: Sequence[str], condition: pl.Expr
) -> pl.DataFrame:
    """The lines for which a condition holds and that share one of the keys with a flagged line."""
    shares = [pl.col(key).is_in(flagged[key].unique().drop_nulls().implode()) for key in keys]
    return lines.lazy().filter(pl.any_horizontal(shares) & condition).collect(engine="in-memory")


def _counted(lines: pl.DataFrame, key: str) -> pl.DataFrame:
    """The lines that count for a key; those of one claim count together or not at all."""
    return lines if key in _WITHIN_CLAIM else lines.filter("surely_counts")


def _pairs(flagged: pl.DataFrame, others: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Numbers of flagged lines and of `other` lines that share a key, in the order of `_ORDER`.

    Of the other lines of a key there are only as many as a message needs, since a thousand lines of
    one key would make a million pairs.
    """
    others = others.sort(_ORDER)
    pairs = []
    for key in keys:
        own = _counted(flagged, key).select("line", key).drop_nulls(key)
        sharing = _counted(others, key).join(own, on=key, how="semi").select(key, other="line")
        # The flagged line itself may be the first, and one too many shows that there are more.
        first = sharing.group_by(key, maintain_order=True).head(SHOWN + 2)
        pairs.append(own.join(first, on=key).select("line", "other"))
    order = others.select(other="line").with_row_index("order")
    different = pl.concat(pairs).unique().filter(pl.col("line") != pl.col("other"))
    return different.join(order, on="other").sort("line", "order").select("line", "other")


def _names(lines: pl.DataFrame) -> pl.DataFrame:
    """What lines are named by.

    `row` is `row 7`, in a frame with the row's id, and null where it has none; `number` is
    `line 2`, or the row where a line has no number.
    """
    number = pl.col("claim_line_number")
    row = pl.format("row {}", pl.col("row_id" if "row_id" in lines.columns else "source_row"))
    named = pl.when(number.is_not_null()).then(pl.format("line {}", number)).otherwise(row)
    columns = ("line", "hcpcs_code", "claim_id", "claim_key", "source")
    return lines.select(*columns, named.fill_null(_UNNAMED).alias("number"), row=row)


_UNNAMED = "another line"
"""A line of a frame with neither a number nor an id."""


_IS_SAME_CLAIM = (pl.col("claim_key") == pl.col("claim_key_other")).fill_null(value=False)
_NUMBER = pl.col("number_other")


def _with_claim(claim: pl.Expr, number: pl.Expr, row: pl.Expr) -> pl.Expr:
    """`claim B, line 1`, or the row where the claim's number is not shown."""
    number_of_claim = shown("claim_id", claim)
    return (
        pl.when(number_of_claim == NOT_SHOWN)
        .then(pl.coalesce(row, number))
        .otherwise(pl.format("claim {}, {}", number_of_claim, number))
    )


_ROW = pl.col("row_other")
_IS_SAME_FILE = pl.col("source") == pl.col("source_other")


def _number_with_claim() -> pl.Expr:
    other = _with_claim(pl.col("claim_id_other"), _NUMBER, _ROW)
    return pl.when(_IS_SAME_CLAIM | (pl.col("claim_id_other") == "")).then(_NUMBER).otherwise(other)


def _file_of(context: Context, source: str) -> pl.Expr:
    return pl.lit(pl.Series(context.files, dtype=pl.String)).gather(source)


def _at_row(name: pl.Expr, place: pl.Expr, text: str) -> pl.Expr:
    """The name of another line with its row; one that is a row itself has it already.

    Args:
        name: of the line.
        place: its row, and where that is another its file; null in a frame without names of rows.
        text: how name and place go together.
    """
    is_row = name.str.ends_with(_ROW)
    bare = name.str.strip_suffix(_ROW)
    whole = pl.when(is_row).then(pl.format("{}{}", bare, place))
    return pl.coalesce(whole.otherwise(pl.format(text, name, place)), name)


def _row_of_file(context: Context) -> pl.Expr:
    """`row 7 of b.csv`; null where the other line is of a frame that has no names for rows."""
    return pl.format("{} of {}", _ROW, _file_of(context, "source_other"))


def _code_and_number(context: Context) -> pl.Expr:
    """`77092 (line 2)`, or `77092 (claim B, line 1)` on another claim.

    In another file `77092 (claim B, line 1, row 7 of b.csv)`.
    """
    name = _number_with_claim()
    in_other_file = _at_row(name, _row_of_file(context), "{}, {}")
    name = pl.when(_IS_SAME_FILE).then(name).otherwise(in_other_file)
    return pl.format("{} ({})", "hcpcs_code_other", name)


def _listed(
    flagged: pl.DataFrame,
    others: pl.DataFrame,
    keys: Sequence[str],
    text: pl.Expr,
    separator: str = ", ",
) -> pl.Series:
    """For each flagged line a list of the other lines that share one of the keys; null if none.

    `text` and `separator` are as of `_in_words`.
    """
    return _in_words(_pairs(flagged, others, keys), flagged, others, text, separator)


def _in_words(
    pairs: pl.DataFrame,
    flagged: pl.DataFrame,
    others: pl.DataFrame,
    text: pl.Expr,
    separator: str = ", ",
) -> pl.Series:
    """For each flagged line a list of the other lines that it is paired with; null if none.

    `text` is that of one other line, over the columns of `_names` of both lines; those of the other
    end in `_other`.
    """
    named = (
        pairs.join(_names(flagged), on="line", maintain_order="left")
        .join(
            _names(others).rename(lambda name: f"{name}_other"),
            left_on="other",
            right_on="line_other",
            maintain_order="left",
        )
        .select("line", text.alias("text"))
    )
    lists = named.group_by("line").agg(
        text=pl.col("text").head(SHOWN).str.join(separator), has_more=pl.len() > SHOWN
    )
    text = pl.when("has_more").then(pl.format("{} and more", "text")).otherwise("text")
    lists = lists.select("line", text=text)
    return flagged.select("line").join(lists, on="line", how="left", maintain_order="left")["text"]


def _lines_with(name: str, codes: Collection[str], *keys: str) -> MessageField:
    """The lines with one of the codes that share a key with the flagged line."""

    def render(flagged: pl.DataFrame, lines: pl.DataFrame, context: Context) -> pl.Series:
        has_code = pl.col("hcpcs_code").is_in(sorted(codes))
        others = _sharing(flagged, lines, keys, has_code)
        return _listed(flagged, others, keys, _code_and_number(context))

    return MessageField(name, (*_NAMED_BY, *keys), render)


def _scans_of_kind(name: str, kind: int) -> MessageField:
    """The provider's scans of one kind that date, on the claim and on its other claims."""
    keys = (CLAIM_DATE, ENTITY_DATE)

    def render(flagged: pl.DataFrame, lines: pl.DataFrame, context: Context) -> pl.Series:
        scans = _sharing(flagged, lines, keys, (pl.col("scan_kind") & kind) != 0)
        return _listed(flagged, scans, keys, _code_and_number(context))

    return MessageField(name, (*_NAMED_BY, *keys, "scan_kind"), render)


def _parts_of_others(flagged: pl.DataFrame, lines: pl.DataFrame, context: Context) -> pl.Series:
    """The components of the test that other providers bill for the patient that date."""
    is_part = pl.col("hcpcs_code").is_in(sorted(PARTS)) & ~pl.col("is_past")
    parts = _sharing(flagged, lines, (PERSON_DATE,), is_part & pl.col("surely_counts"))
    parts = parts.sort(_ORDER).with_row_index("order")
    provider = (PERSON_DATE, "entity_number")
    first = parts.group_by(provider, maintain_order=True).head(SHOWN + 1)
    pairs = (
        flagged.select("line", *provider)
        .join(first.select(*provider, "order", other="line"), on=PERSON_DATE, suffix="_other")
        .filter(pl.col("entity_number") != pl.col("entity_number_other"))
        .sort("line", "order")
        .select("line", "other")
    )
    return _in_words(pairs, flagged, parts.drop("order"), _code_and_number(context))


def _paid_instead(name: str, first_key: str, among: Collection[str]) -> MessageField:
    """The lines with codes among some that are paid instead of the flagged line's.

    Where a modifier bypasses the pair of two codes, only lines on which neither has one.
    """
    keys = (first_key, ENTITY_DATE_OF_PAYER)
    grouped = ("hcpcs_code", "denying_codes", "bypassable_codes", "has_bypass_modifier")

    def render(flagged: pl.DataFrame, lines: pl.DataFrame, context: Context) -> pl.Series:
        texts = constant(flagged.height, value=None, dtype=pl.String)
        flagged = flagged.with_row_index("place")
        for of_group, alike in flagged.drop_nulls("denying_codes").group_by(grouped):
            code, denying, bypassable, is_bypassed = of_group
            # Without a choice all but the components of the global code, which have a rule.
            named = among or context.bits.keys() - (PARTS if code in GLOBAL else set())
            chosen = sum(bit for other, bit in context.bits.items() if other in named)
            hard, soft = denying & ~bypassable & chosen, denying & bypassable & chosen
            is_paid = (pl.col("code_bit") & pl.lit(hard, context.bits_type)) != 0
            if is_bypassed is False:
                is_paid |= (pl.col("bare_bit") & pl.lit(soft, context.bits_type)) != 0
            paid = _sharing(alike, lines, keys, is_paid)
            named = _listed(alike, paid, keys, _code_and_number(context))
            texts = texts.scatter(alike["place"], named)
        return texts

    return MessageField(name, (*_NAMED_BY, *keys, "code_bit", "bare_bit", *grouped), render)


def _repeated_line(flagged: pl.DataFrame, lines: pl.DataFrame, context: Context) -> pl.Series:
    """The earlier line that the flagged line repeats: `line 1 (row 2)`."""
    named = _names(lines[flagged["line_repeated"]])
    claim = pl.col("claim_id")
    is_same_claim = (pl.lit(flagged["claim_key"]) == pl.col("claim_key")).fill_null(value=False)
    is_same = is_same_claim | (claim == "")
    other = _with_claim(claim, pl.col("number"), pl.col("row"))
    text = pl.when(is_same).then("number").otherwise(other)
    row = pl.format("{} of {}", "row", _file_of(context, "source"))
    row = pl.when(pl.lit(flagged["source"]) == pl.col("source")).then("row").otherwise(row)
    named = named.with_columns(row_other="row")
    return named.select(_at_row(text, row, "{} ({})").alias("text"))["text"]


# --- units of the day -------------------------------------------------------------------------

_UNITS_KEYS = (CLAIM_DAY, ENTITY_DAY)


def _units_by_line(flagged: pl.DataFrame, lines: pl.DataFrame, context: Context) -> pl.Series:
    """The units of the day, line by line: `1 on this line; 1 on claim B, line 1 (row 7)`."""
    others = _sharing(flagged, lines, _UNITS_KEYS, pl.col("countable_units") > 0)
    units_of = others.select(other="line", units="countable_units")
    place = pl.when(_IS_SAME_FILE).then(_ROW).otherwise(_row_of_file(context))
    line = (
        pl.when(_IS_SAME_CLAIM & _IS_SAME_FILE)
        .then(_NUMBER)
        .otherwise(_at_row(_number_with_claim(), place, "{} ({})"))
    )
    units = pl.col("other").replace_strict(units_of["other"], units_of["units"])
    text = pl.format("{} on {}", _plain_number(units), line)
    texts = _listed(flagged, others, _UNITS_KEYS, text, "; ")
    own = _plain_number(pl.col("service_unit_quantity")).fill_null("blank")
    return flagged.select(
        pl.concat_str(
            pl.format("{} on this line", own), pl.lit(texts), separator="; ", ignore_nulls=True
        ).alias("text")
    )["text"]


def _plain_number(number: pl.Expr) -> pl.Expr:
    """`2` and `1.5` as text."""
    whole = pl.when(number == number.floor()).then(number.cast(pl.Int64, strict=False))
    return pl.coalesce(whole.cast(pl.String), number.cast(pl.String))


# --- other texts ------------------------------------------------------------------------------


def _places_of_scan(flagged: pl.DataFrame, lines: pl.DataFrame, _: Context) -> pl.Series:
    """The places of service of the patient's scans that date: `11 and 22`."""
    keys = (CLAIM_DATE, PERSON_DATE)
    has_place = is_scan() & (pl.col("place_of_service_code") != "")
    scans = _sharing(flagged, lines, keys, has_place).with_columns(
        place=pl.col("place_of_service_code").cast(pl.String)
    )
    places = pl.concat(
        _counted(flagged, key)
        .drop_nulls(key)
        .join(_counted(scans, key).select(key, "place"), on=key)
        .select("line", "place")
        for key in keys
    )
    lists = places.unique().sort("line", "place").group_by("line", maintain_order=True)
    texts = lists.agg(pl.col("place").str.join(" and "))
    return flagged.select("line").join(texts, on="line", how="left", maintain_order="left")["place"]


def _own_technical_codes(flagged: pl.DataFrame, _: pl.DataFrame, context: Context) -> pl.Series:
    """The technical and global TBS codes that the claim bills."""
    billed = [
        pl.when((pl.col("claim_codes") & context.mask({code})) != 0).then(pl.lit(code))
        for code in sorted(OWN_TECHNICAL)
    ]
    text = pl.concat_str(billed, separator=" and ", ignore_nulls=True)
    return flagged.select(text.alias("text"))["text"]


def _searched_for_scan(flagged: pl.DataFrame, _: pl.DataFrame, context: Context) -> pl.Series:
    """Where scans were searched for."""
    where = "this batch"
    if context.past is not None:
        where += f" and the history ({context.past.covers()})"
    return constant(flagged.height, value=where)


def _modifier_list(flagged: pl.DataFrame, _: pl.DataFrame, context: Context) -> pl.Series:
    """The modifier lists that hold on the date of service."""
    names = [period.name for period in context.modifier_lists.periods]
    return pl.Series(names).gather(flagged["modifier_period"])


_FIELDS = (
    _paid_instead("parts_billed_beside", CLAIM, PARTS),
    _paid_instead("parts_billed_that_day", CLAIM_DATE, PARTS),
    _paid_instead("denied_beside_lines", CLAIM_DATE, ()),
    _lines_with("calculation_billed", {"77091"}, CLAIM_DATE, ENTITY_DATE_OF_PAYER),
    _scans_of_kind("scan_read_only", READ_ONLY),
    _scans_of_kind("global_scan", WHOLE),
    MessageField(
        "parts_of_others",
        (*_NAMED_BY, PERSON_DATE, "entity_number", "is_past"),
        _parts_of_others,
    ),
    MessageField("line_it_repeats", (*_NAMED_BY, "line_repeated"), _repeated_line),
    MessageField(
        "units_by_line",
        (*_NAMED_BY, "countable_units", "service_unit_quantity", *_UNITS_KEYS),
        _units_by_line,
    ),
    MessageField(
        "places_of_scan",
        (*_NAMED_BY, "place_of_service_code", CLAIM_DATE, PERSON_DATE),
        _places_of_scan,
    ),
    MessageField("own_technical_codes", ("claim_codes",), _own_technical_codes),
    MessageField("searched_for_scan", ("line",), _searched_for_scan),
    MessageField("modifier_list", ("modifier_period",), _modifier_list),
)
MESSAGE_FIELDS: dict[str, MessageField] = {field.name: field for field in _FIELDS}
