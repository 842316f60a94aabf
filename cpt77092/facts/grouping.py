"""Which lines belong together: one claim, one patient's day, one billing provider's day.

A *group id* is the number of one of the group's lines, which so has its own number; a line whose
key is unknown has none. Lines without one are never put into one group.
"""

from __future__ import annotations

from itertools import compress

import polars as pl

from cpt77092.claims.categorical import constant, upper_bound
from cpt77092.facts.fact import Context, Fact, field_of

PAYER = "payer_of_claim"
"""The payer by its number; null where a line names none and its claim names several."""
CLAIM = "claim_key"
CLAIM_DATE = "claim_date_key"
"""All codes of a claim on one date."""
CLAIM_DAY = "claim_day_key"
"""One code of a claim on one date."""
PERSON_DATE = "person_date_key"
"""All codes of a patient on one date, whoever bills."""
PERSON_DAY = "person_day_key"
"""One code of a patient on one date, for one payer."""
ENTITY_DATE = "entity_date_key"
"""All codes of a patient and billing provider on one date, whoever pays."""
ENTITY_DATE_OF_PAYER = "entity_payer_date_key"
"""The same for one payer."""
ENTITY_DAY = "entity_day_key"
"""The same for one payer and one code."""

_HIGH = 2**32
"""A packed number is its first part times this, plus its second part."""
_EPOCH = 2**31
"""The date key of 1970-01-01, so that earlier days are not negative."""


def pack(first: str, second: str) -> pl.Expr:
    """Two columns of whole numbers below 2**32 as one UInt64, ordered as the two are."""
    return pl.col(first).cast(pl.UInt64) * _HIGH + pl.col(second)


def group_ids(keys: pl.Series) -> pl.Series:
    """The group id of each line, as UInt32: lines of one key share it.

    Keys are categories, texts or whole numbers; null and the blank text are none, and have no id.
    """
    if keys.dtype == pl.Categorical:
        return _ids(pl.select(pl.when(keys != "").then(keys.to_physical())).to_series())
    if keys.dtype != pl.String:
        return _ids_in_order(keys)
    # Hashes are far faster to sort than texts.
    return ids_by_hash(pl.select(pl.when(keys != "").then(keys.hash())).to_series(), keys)


def ids_by_hash(hashes: pl.Series, texts: pl.Series) -> pl.Series:
    """Group ids of texts by their hashes, or by the texts where two different ones share a hash.

    A hash is null where the text is no key.
    """
    ids = _ids_in_order(hashes)
    if (texts.gather(ids) == texts).all():
        return ids
    return _ids_in_order(pl.select(pl.when(hashes.is_not_null()).then(texts)).to_series())


def _ids_in_order(values: pl.Series) -> pl.Series:
    """Group ids of values that can be sorted."""
    # Lines of one claim or patient are next to each other in most files: one line of each run does.
    run = values.rle_id()
    line_of_run = representative_line(run)
    return line_of_run.gather(_ids(values.gather(line_of_run).rank("dense"))).gather(run)


def _ids(numbers: pl.Series) -> pl.Series:
    """Group ids of small whole numbers."""
    return representative_line(numbers).gather(numbers)


def divided(group: pl.Series, by: pl.Series) -> pl.Series:
    """Group ids of the lines of each group that share a number below 2**32, too.

    Null where the line has no group or no number.
    """
    # Most lines have the number of the line that their group is known by, and keep its id.
    is_alike = by.gather(group) == by
    ids = pl.select(pl.when(is_alike).then(group)).to_series()
    is_apart = group.is_not_null() & by.is_not_null() & ids.is_null()
    if not is_apart.any():
        return ids
    apart = is_apart.arg_true()
    keys = group.gather(apart).cast(pl.UInt64) * _HIGH + by.gather(apart)
    return ids.scatter(apart, apart.gather(_ids_in_order(keys)))


def representative_line(numbers: pl.Series) -> pl.Series:
    """For every number from 0 one of the lines that have it.

    Each line has a number or null; they are small, since each has a place.
    """
    lines = _line_numbers(numbers.len())
    line_of = constant(upper_bound(numbers), value=0, dtype=pl.UInt32)
    if numbers.null_count():
        lines = lines.filter(numbers.is_not_null())
        numbers = numbers.drop_nulls()
    return line_of.scatter(numbers, lines)


def _line_numbers(height: int) -> pl.Series:
    return pl.int_range(height, dtype=pl.UInt32, eager=True)


def has_duplicate(ids: pl.Series) -> pl.Series:
    """Whether another line has the line's group id (of `group_ids`); null where it has none."""
    return is_of(ids.filter(ids != _line_numbers(ids.len())), ids)


def has_several(values: pl.Series, ids: pl.Series) -> pl.Series:
    """Whether the lines of a group differ in some values; null where the line has no group."""
    return is_of(ids.filter(values.gather(ids).ne_missing(values)), ids)


def is_of(groups: pl.Series, ids: pl.Series) -> pl.Series:
    """Whether each line is of one of some groups; null where it has none."""
    is_one = constant(ids.len(), value=False)
    return is_one.scatter(groups.drop_nulls(), True).gather(ids)  # noqa: FBT003


MAX_ROUNDS = 8
"""Few groups have more lines than this and one; what is left is better summed by a group-by."""


def rounds(ids: pl.Series) -> tuple[list[pl.Series], pl.Series]:
    """All lines but those that groups are known by, in rounds of at most one line of each group.

    Returns the line numbers of `MAX_ROUNDS` rounds or fewer; and the lines that are left.
    """
    left = (ids != _line_numbers(ids.len())).arg_true().cast(pl.UInt32)
    chosen_of_group = constant(ids.len(), value=0, dtype=pl.UInt32)
    parts: list[pl.Series] = []
    while left.len() and len(parts) < MAX_ROUNDS:
        groups = ids.gather(left)
        # Of several lines of a group the last one written is chosen.
        is_chosen = chosen_of_group.scatter(groups, left).gather(groups) == left
        parts.append(left.filter(is_chosen))
        left = left.filter(~is_chosen)
    return parts, left


_KINDS = {"7": 1, "8": 2}
"""A replacement and a void keep the number of their claim, but are claims of their own."""


@Fact(
    reads=("is_past",),
    optional=("number_of_payer", "stated_person", "stated_entity", "claim_frequency_code"),
).of_frame
def identity(lines: pl.DataFrame, _: Context) -> pl.Series:
    """Whose claim each line is of, as a struct of whole numbers.

    A claim is payer, billing provider, patient, number and kind. A line that does not say one of
    the last but one three joins the only one that lines of its number have; where they have
    several, its claim is unknown, and so is what it leaves out. Earlier claims settle whose claim
    a line of the batch is of, but name no patient for rules across claims: of one that the batch
    does not name they were not read whole.
    """
    claim = lines["number_of_payer"]
    owners, known = {}, {}
    unclear = constant(lines.height, value=False, dtype=pl.Boolean)
    for name in ("person", "entity"):
        stated = lines[f"stated_{name}"]
        owners[name], is_unclear = _joined(stated, claim)
        known[name] = _known_of_batch(stated, claim, owners[name], lines["is_past"])
        unclear |= is_unclear
    for owner in owners.values():
        claim = _divided(claim, owner, unclear)
    frequency = lines["claim_frequency_code"].cast(pl.String)
    stated = pl.select(
        pl.when(frequency != "").then(frequency.replace_strict(_KINDS, default=0))
    ).to_series()
    kind = _joined(stated.cast(pl.UInt32), claim)[0].fill_null(0)
    claim_of_kind = divided(claim, kind)
    return pl.DataFrame(
        {"claim_number": claim, "claim_key": claim_of_kind, "claim_kind": kind}
        | {f"{name}_number": owner for name, owner in known.items()}
    ).to_struct("identity")


OF_CLAIM = ("claim_id", "person_id", "billing_npi")
"""The columns that say whose claim a line is of."""


def payers_of_claims(lines: pl.DataFrame, named: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The payer of each line: the one it names, or else the only one that its claim names.

    A claim is what shares number, patient and billing provider here, each joined where it is blank.
    Earlier claims lend no payer to the batch.

    Args:
        lines: claim lines, earlier ones below those of the batch.
        named: numbers of payers, null where the line names none.

    Returns:
        Numbers of payers, null where none is known; and whether that is because the claim names
        several, or it is unclear whose claim the line is of.
    """
    payers, unclear = _payers_of_claims(lines, named)
    height = lines.height - int(lines["is_past"].sum())
    if height == lines.height or not (named.null_count() and height):
        return payers, unclear
    own_payers, own_unclear = _payers_of_claims(lines.head(height), named.head(height))
    return own_payers.append(payers[height:]), own_unclear.append(unclear[height:])


def _payers_of_claims(lines: pl.DataFrame, named: pl.Series) -> tuple[pl.Series, pl.Series]:
    nobody = pl.zeros(named.len(), dtype=pl.Boolean, eager=True)
    if not named.null_count():
        return named, nobody
    numbers = lines.select(
        *OF_CLAIM, payer=named, number=group_ids(lines["claim_id"])
    ).with_row_index("place")
    has_payer = pl.col("payer").is_not_null()
    open_numbers = numbers.filter(~has_payer)["number"].drop_nulls().unique()
    payers_here = numbers.filter(has_payer & pl.col("number").is_in(open_numbers.implode()))
    some = numbers.filter(pl.col("number").is_in(payers_here["number"].unique().implode()))
    group = group_ids(some["claim_id"])
    number, unclear = group, pl.zeros(some.height, dtype=pl.Boolean, eager=True)
    for name in OF_CLAIM[1:]:
        owner, is_unclear = _joined(group_ids(some[name]), number)
        unclear |= is_unclear
        group = _divided(group, owner, unclear)
    payer, has_several = _joined(some["payer"], group)
    unclear = (unclear & some["payer"].is_null()) | has_several
    return (
        named.clone().scatter(some["place"], payer),
        nobody.scatter(some["place"], unclear),
    )


def _known_of_batch(
    stated: pl.Series, group: pl.Series, owner: pl.Series, is_past: pl.Series
) -> pl.Series:
    """The owner of each line, where lines of the batch (not `is_past`) join the batch alone."""
    if not is_past.any():
        return owner
    return owner.zip_with(is_past, _joined(stated, group.set(is_past, None))[0])


def _joined(stated: pl.Series, group: pl.Series) -> tuple[pl.Series, pl.Series]:
    """What each line states, or else the only thing stated in its group; and where that is unclear.

    Both are whole numbers, null where unknown; group ids are as of `group_ids`.
    """
    nobody = constant(stated.len(), value=False, dtype=pl.Boolean)
    is_blank = stated.is_null() & group.is_not_null()
    if not is_blank.any():
        return stated, nobody
    is_stated = stated.is_not_null() & group.is_not_null()
    groups, values = group.filter(is_stated), stated.filter(is_stated)
    one = constant(stated.len(), value=None, dtype=stated.dtype)
    one = one.scatter(groups, values)
    several = nobody.scatter(groups.filter(one.gather(groups) != values), True).gather(group)  # noqa: FBT003
    unclear = is_blank & several.fill_null(value=False)
    return pl.select(
        pl.when(is_blank & ~unclear).then(one.gather(group)).otherwise(stated)
    ).to_series(), unclear


def _divided(group: pl.Series, owner: pl.Series, unclear: pl.Series) -> pl.Series:
    """Group ids of the lines of each group that share an owner or have none; null where unclear."""
    return divided(group, pl.select(pl.when(~unclear).then(owner.fill_null(0))).to_series())


@Fact(reads=("person_number", "date_key")).of
def person_date(_: Context) -> pl.Expr:
    """The patient and the date of service in one number, which sorts by patient, then date."""
    return pack("person_number", "date_key")


def last_date(known: pl.Series, wanted: pl.Series, *, or_same_date: bool) -> pl.Series:
    """For each wanted date the last known date of the same patient before it; null if none.

    Dates are those of `person_date`, wanted ones without nulls. `or_same_date` counts the wanted
    date itself, too.
    """
    known = known.drop_nulls().unique().sort()
    after = known.search_sorted(wanted, side="right" if or_same_date else "left")
    before = pl.when(after > 0).then(after.cast(pl.Int64) - 1)
    last = known.gather(pl.select(before).to_series())
    is_same_patient = last // _HIGH == wanted // _HIGH
    date = (last % _HIGH).cast(pl.Int64) - _EPOCH
    return pl.select(pl.when(is_same_patient).then(date.cast(pl.Int32).cast(pl.Date))).to_series()


@Fact(reads=("claim_line_start_date",)).of
def date_key(_: Context) -> pl.Expr:
    """Date of service as a whole number that is not negative."""
    days = pl.col("claim_line_start_date").to_physical().cast(pl.Int64)
    return (days + _EPOCH).cast(pl.UInt64)


@Fact(reads=(PAYER, "code_number")).of
def payer_code(_: Context) -> pl.Expr:
    """Payer and procedure code in one number."""
    return pl.col(PAYER) * 2**8 + pl.col("code_number")


def lines_that_fit(own: pl.DataFrame, others: pl.DataFrame) -> pl.Series:
    """Numbers of the lines that agree with one of their patient's others in all that it states.

    Args:
        own: `line`, `person_number` and what the lines state.
        others: `person_number` and columns of the same names, null where nothing is stated.
    """
    stated, fitting = others.columns[1:], [own["line"].clear()]
    for is_known, some in others.group_by(pl.col(stated).is_not_null()):
        key = ["person_number", *compress(stated, is_known)]
        fitting.append(own.join(some, on=key, how="semi")["line"])
    return pl.concat(fitting).unique()


_ENTITY = ("person_number", "entity_number", "date_key")

FACTS: tuple[Fact, ...] = (
    Fact(name="number_alone", group_id_of=("claim_id",)),
    Fact(name="number_of_payer", group_id_of=("number_alone", PAYER)),
    Fact(name="stated_person", group_id_of=("person_id",)),
    Fact(name="stated_entity", group_id_of=("billing_npi",)),
    field_of("identity", "claim_number", reads=("claim_id",)),
    field_of("identity", CLAIM, reads=("claim_id",)),
    field_of("identity", "person_number", reads=("person_id",)),
    field_of("identity", "entity_number", reads=("billing_npi",)),
    field_of("identity", "claim_kind"),
    Fact(name=CLAIM_DATE, group_id_of=(CLAIM, "date_key")),
    Fact(name=CLAIM_DAY, group_id_of=(CLAIM_DATE, "code_number")),
    Fact(name=PERSON_DATE, group_id_of=("person_number", "date_key")),
    Fact(name=PERSON_DAY, group_id_of=(PERSON_DATE, "payer_code")),
    # Across claims both the patient and the billing provider must be known.
    Fact(name=ENTITY_DATE, group_id_of=(PERSON_DATE, "entity_number"), reads=_ENTITY),
    Fact(name=ENTITY_DATE_OF_PAYER, group_id_of=(ENTITY_DATE, PAYER)),
    Fact(name=ENTITY_DAY, group_id_of=(ENTITY_DATE_OF_PAYER, "code_number")),
)
