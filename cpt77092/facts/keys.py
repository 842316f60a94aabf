"""Who and when as whole numbers: lines that share a key belong together."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import Context, Fact

CLAIM = ("claim_key",)
CLAIM_DAY = ("claim_key", "day_key")
PERSON_DAY = ("person_key", "day_key")
CLAIM_DATE = ("claim_key", "date_key")
"""All codes of a claim on one date."""
ENTITY_DATE = ("person_key", "date_key")
"""What one billing provider did for one patient on one date, whoever pays."""
ENTITY_DATE_OF_PAYER = ("person_key", "payer_date_key")
"""The same as one payer sees it."""


PERSON_DATE = ("person_date",)
"""What anybody did for one patient on one date."""


def whole_number(column: str) -> pl.Expr:
    """The text of a column as a whole number of 64 bits, one for each text; unknown if blank.

    The numbers are a frame's own: another frame may give the same text another number.
    """
    text = pl.col(column)
    return pl.when(text != "").then(text).cast(pl.Categorical).to_physical().cast(pl.UInt64)


def claim_key(_: Context) -> pl.Expr:
    """The line's claim: claim number, payer, and whether it is an original, in one number.

    A replacement (7) or a void (8) keeps the claim number of what it replaces or voids, and is
    another claim all the same. One number groups faster than several texts.
    """
    frequency = pl.col("claim_frequency_code").fill_null("")
    kind = pl.when(frequency == "7").then(1).when(frequency == "8").then(2).otherwise(0)
    return pl.col("claim_of_payer") + kind


def claim_of_payer(_: Context) -> pl.Expr:
    """Claim number and payer in one number, with room for the kind; unknown without a number."""
    return whole_number("claim_id") * _FIRST + pl.col("payer_number").cast(pl.UInt64) * 4


def person_number(_: Context) -> pl.Expr:
    """The patient."""
    return whole_number("person_id")


def entity_number(_: Context) -> pl.Expr:
    """The billing provider."""
    return whole_number("billing_npi")


def person_key(_: Context) -> pl.Expr:
    """The patient and the billing provider; across claims, both must be known."""
    return pl.col("person_number") * _FIRST + pl.col("entity_number")


def person_date(_: Context) -> pl.Expr:
    """The patient and the date of service; those of one patient stand together, in order."""
    return pl.col("person_number") * _FIRST + pl.col("date_key")


_FIRST = 2**32
"""What stands first in a number of two parts is so many times as large."""
_EPOCH = 2**31
"""The date key of 1970-01-01: earlier days are below it, and none is negative."""


def last_date(known: pl.Series, wanted: pl.Series, *, or_same_date: bool) -> pl.Series:
    """The patient's last of some dates before each wanted one; null where there is none.

    Args:
        known: dates of patients, as `person_date` has them, in any order.
        wanted: the same, none of them null.
        or_same_date: whether a date that is the wanted one counts.
    """
    known = known.drop_nulls().unique().sort()
    after = known.search_sorted(wanted, side="right" if or_same_date else "left")
    before = pl.when(after > 0).then(after.cast(pl.Int64) - 1)
    last = known.gather(pl.select(before).to_series())
    is_theirs = last // _FIRST == wanted // _FIRST
    date = (last % _FIRST).cast(pl.Int64) - _EPOCH
    return pl.select(pl.when(is_theirs).then(date.cast(pl.Int32).cast(pl.Date))).to_series()


def day_key(_: Context) -> pl.Expr:
    """Payer, procedure code and date of service."""
    code = pl.col("payer_number").cast(pl.UInt64) * 2**8 + pl.col("code_number")
    return code * _FIRST + pl.col("date_key")


def date_key(_: Context) -> pl.Expr:
    """Date of service."""
    days = pl.col("claim_line_start_date").to_physical().cast(pl.Int64)
    return (days + _EPOCH).cast(pl.UInt64)


def payer_date_key(_: Context) -> pl.Expr:
    """Payer and date of service."""
    return pl.col("payer_number").cast(pl.UInt64) * _FIRST + pl.col("date_key")


def is_original(_: Context) -> pl.Expr:
    """The line's claim neither replaces (7) nor voids (8) another.

    A replacement takes the place of a claim that may stand in the same batch, so across claims it
    would count one service twice.
    """
    return ~pl.col("claim_frequency_code").fill_null("").is_in(["7", "8"])


def is_live(_: Context) -> pl.Expr:
    """The line is not on a void (8), which takes a service back instead of billing one."""
    return pl.col("claim_frequency_code").fill_null("") != "8"


FACTS: tuple[Fact, ...] = (
    Fact(name="claim_of_payer", build=claim_of_payer, reads=("claim_id", "payer_number")),
    Fact(
        name="claim_key",
        build=claim_key,
        reads=("claim_of_payer",),
        optional=("claim_frequency_code",),
    ),
    Fact(name="person_number", build=person_number, reads=("person_id",)),
    Fact(name="entity_number", build=entity_number, reads=("billing_npi",)),
    Fact(name="person_key", build=person_key, reads=("person_number", "entity_number")),
    Fact(name="person_date", build=person_date, reads=("person_number", "date_key")),
    Fact(
        name="day_key",
        build=day_key,
        reads=("date_key", "payer_number", "code_number"),
    ),
    Fact(name="date_key", build=date_key, reads=("claim_line_start_date",)),
    Fact(name="payer_date_key", build=payer_date_key, reads=("date_key", "payer_number")),
    Fact(name="is_original", build=is_original, optional=("claim_frequency_code",)),
    Fact(name="is_live", build=is_live, optional=("claim_frequency_code",)),
)
