"""Who and when as whole numbers: lines that share a key belong together."""

from __future__ import annotations

import polars as pl

from cpt77092.claims.categorical import upper_bound
from cpt77092.facts.fact import Context, Fact

CLAIM = "claim_key"
CLAIM_DATE = "claim_date_key"
"""All codes of a claim on one date."""
CLAIM_DAY = "claim_day_key"
"""One code of a claim on one date."""
PERSON_DATE = "person_date_key"
"""What anybody did for one patient on one date."""
PERSON_DAY = "person_day_key"
"""One code of a patient on one date, as one payer sees it."""
ENTITY_DATE = "entity_date_key"
"""What one billing provider did for one patient on one date, whoever pays."""
ENTITY_DATE_OF_PAYER = "entity_payer_date_key"
"""The same as one payer sees it."""
ENTITY_DAY = "entity_day_key"
"""One code of it."""

_FIRST = 2**32
"""What stands first in a number of two parts is so many times as large."""
_EPOCH = 2**31
"""The date key of 1970-01-01: earlier days are below it, and none is negative."""


def pack(first: str, second: str) -> pl.Expr:
    """Two columns of whole numbers below 2**32 in one number, ordered as the two are."""
    return _pair(pl.col(first), pl.col(second))


def _pair(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    return first.cast(pl.UInt64) * _FIRST + second


def group_ids(names: pl.Series) -> pl.Series:
    """The number of each line's group: the lines of one name; a blank one is nobody's.

    A group is known by the number of one of its lines, which so has its own.

    Args:
        names: texts or categories.
    """
    if names.dtype == pl.Categorical:
        return _named(pl.select(pl.when(names != "").then(names.to_physical())).to_series())
    # Hashes are far faster to put in order than texts.
    return numbered_by(pl.select(pl.when(names != "").then(names.hash())).to_series(), names)


def numbered_by(hashes: pl.Series, texts: pl.Series) -> pl.Series:
    """Texts numbered by their hashes, or by themselves where two different ones share a hash.

    Args:
        hashes: null where the text is nobody's.
        texts: the texts.
    """
    numbers = _in_order(hashes)
    if (texts.gather(numbers) == texts).all():
        return numbers
    return _in_order(pl.select(pl.when(hashes.is_not_null()).then(texts)).to_series())


def _in_order(values: pl.Series) -> pl.Series:
    """Groups of lines with the same value, found by putting the values in order."""
    # Lines of one claim or patient stand together in most files: one of them serves for all.
    run = values.rle_id()
    some_line = representative_line(run)
    return some_line.gather(_named(values.gather(some_line).rank("dense"))).gather(run)


def _named(numbers: pl.Series) -> pl.Series:
    """Groups of any numbers, named by one of their lines."""
    return representative_line(numbers).gather(numbers)


def representative_line(numbers: pl.Series) -> pl.Series:
    """For every number from 0 one of the lines that have it.

    Args:
        numbers: of each line, null where it has none.
    """
    lines = _lines(numbers)
    some = pl.zeros(upper_bound(numbers), dtype=pl.UInt32, eager=True)
    if numbers.null_count():
        lines = lines.filter(numbers.is_not_null())
        numbers = numbers.drop_nulls()
    return some.scatter(numbers, lines)


def _lines(numbers: pl.Series) -> pl.Series:
    return pl.int_range(numbers.len(), dtype=pl.UInt32, eager=True)


TURNS = 8
"""Most groups have no more lines, or no more different ones: beyond it, all are put in order."""


def has_duplicate(numbers: pl.Series) -> pl.Series:
    """Whether another line has the line's number; null where it has none.

    Args:
        numbers: as `numbered` gives them.
    """
    of_several = pl.zeros(numbers.len(), dtype=pl.UInt8, eager=True)
    return of_several.scatter(numbers.filter(numbers != _lines(numbers)), 1).gather(numbers) == 1


def rounds(numbers: pl.Series) -> tuple[list[pl.Series], pl.Series]:
    """The lines of all groups but the ones that name them, in turns of at most one of each group.

    Args:
        numbers: as `numbered` gives them.

    Returns:
        So many turns as there are, `TURNS` at most; and the lines that are left after those.
    """
    left = (numbers != _lines(numbers)).arg_true().cast(pl.UInt32)
    chosen_of = pl.zeros(numbers.len(), dtype=pl.UInt32, eager=True)
    found: list[pl.Series] = []
    while left.len() and len(found) < TURNS:
        is_chosen = _one_of_each(numbers.gather(left), left, chosen_of) == left
        found.append(left.filter(is_chosen))
        left = left.filter(~is_chosen)
    return found, left


def _one_of_each(groups: pl.Series, lines: pl.Series, chosen_of: pl.Series) -> pl.Series:
    """For each of some lines one of them that is of its group, written down in `chosen_of`."""
    return chosen_of.scatter(groups, lines).gather(groups)


def refined(numbers: pl.Series, by: pl.Series) -> pl.Series:
    """Groups parted by a further column: lines share a number if both are the same.

    Most groups agree in it, as the lines of most claims have one date. Lines that differ from the
    one whose number they have look for another among themselves.

    Args:
        numbers: as `numbered` gives them.
        by: whole numbers below 2**32; null leaves the line without a number.
    """
    # A clone, since `scatter` writes into the series itself.
    parted = numbers.set(by.is_null(), None) if by.null_count() else numbers.clone()
    differs = by.ne_missing(by.gather(numbers)) & parted.is_not_null()
    left = differs.arg_true().cast(pl.UInt32)
    chosen_of = pl.zeros(numbers.len(), dtype=pl.UInt32, eager=True)
    for _ in range(TURNS):
        if not left.len():
            return parted
        chosen = _one_of_each(numbers.gather(left), left, chosen_of)
        agrees = by.gather(chosen) == by.gather(left)
        parted.scatter(left.filter(agrees), chosen.filter(agrees))
        left = left.filter(~agrees)
    pairs = pl.select(_pair(pl.lit(numbers.gather(left)), pl.lit(by.gather(left)))).to_series()
    return parted.scatter(left, left.gather(_in_order(pairs)))


def claim_of_payer(_: Context) -> pl.Expr:
    """Claim number and payer in one number, with room for the kind; unknown without a number."""
    return pl.col("claim_number").cast(pl.UInt64) * _FIRST + pl.col("payer_number") * 4


def payer_and_kind(_: Context) -> pl.Expr:
    """What tells claims of one number apart: the payer, and whether it is an original.

    A replacement (7) or a void (8) keeps the claim number of what it replaces or voids, and is
    another claim all the same.
    """
    frequency = pl.col("claim_frequency_code").fill_null("")
    kind = pl.when(frequency == "7").then(1).when(frequency == "8").then(2).otherwise(0)
    return pl.col("payer_number") * 4 + kind.cast(pl.UInt32)


def person_date(_: Context) -> pl.Expr:
    """The patient and the date of service; those of one patient stand together, in order."""
    return pack("person_number", "date_key")


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


def date_key(_: Context) -> pl.Expr:
    """Date of service."""
    days = pl.col("claim_line_start_date").to_physical().cast(pl.Int64)
    return (days + _EPOCH).cast(pl.UInt64)


def payer_code(_: Context) -> pl.Expr:
    """Payer and procedure code in one number."""
    return pl.col("payer_number") * 2**8 + pl.col("code_number")


def is_original(_: Context) -> pl.Expr:
    """The line's claim neither replaces (7) nor voids (8) another.

    A replacement takes the place of a claim that may stand in the same batch, so across claims it
    would count one service twice.
    """
    return ~pl.col("claim_frequency_code").fill_null("").is_in(["7", "8"])


def is_live(_: Context) -> pl.Expr:
    """The line is not on a void (8), which takes a service back instead of billing one."""
    return pl.col("claim_frequency_code").fill_null("") != "8"


_ENTITY = ("person_number", "entity_number", "date_key")

FACTS: tuple[Fact, ...] = (
    Fact(name="claim_number", numbers=("claim_id",)),
    Fact(name="claim_of_payer", build=claim_of_payer, reads=("claim_number", "payer_number")),
    Fact(
        name="payer_and_kind",
        build=payer_and_kind,
        reads=("payer_number",),
        optional=("claim_frequency_code",),
    ),
    Fact(name=CLAIM, numbers=("claim_number", "payer_and_kind")),
    Fact(name="date_key", build=date_key, reads=("claim_line_start_date",)),
    Fact(name=CLAIM_DATE, numbers=(CLAIM, "date_key")),
    Fact(name=CLAIM_DAY, numbers=(CLAIM_DATE, "code_number")),
    Fact(name="person_number", numbers=("person_id",)),
    Fact(name="entity_number", numbers=("billing_npi",)),
    Fact(name="person_date", build=person_date, reads=("person_number", "date_key")),
    Fact(name=PERSON_DATE, numbers=("person_number", "date_key")),
    Fact(name="payer_code", build=payer_code, reads=("payer_number", "code_number")),
    Fact(name=PERSON_DAY, numbers=(PERSON_DATE, "payer_code")),
    # Across claims both patient and provider must be known.
    Fact(name=ENTITY_DATE, numbers=(PERSON_DATE, "entity_number"), reads=_ENTITY),
    Fact(name=ENTITY_DATE_OF_PAYER, numbers=(ENTITY_DATE, "payer_number")),
    Fact(name=ENTITY_DAY, numbers=(ENTITY_DATE_OF_PAYER, "code_number")),
    Fact(name="is_original", build=is_original, optional=("claim_frequency_code",)),
    Fact(name="is_live", build=is_live, optional=("claim_frequency_code",)),
)
