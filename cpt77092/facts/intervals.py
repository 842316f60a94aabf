"""Facts of the time since the patient's last test of the same kind that the same payer was billed.

Bone mass measurements are one kind, the trabecular bone score is another. Tests of one date are one
test, whoever bills its components.
"""

from __future__ import annotations

import polars as pl

from cpt77092.claims.categorical import constant
from cpt77092.facts.fact import NO, YES, Context, Fact, on_lines
from cpt77092.facts.grouping import PAYER, group_ids, has_several, last_date, pack
from cpt77092.facts.modifiers import unless_damaged
from cpt77092.facts.prior_claims import month_number
from cpt77092.reference.codes import BONE_MASS, GLOBAL, INTERPRETATION

_TBS = GLOBAL | INTERPRETATION


def may_be_paid(_: Context) -> pl.Expr:
    """The line has neither GY nor GZ, which bill it to be denied, and was not paid nothing.

    What was paid is of earlier claims; where it is blank or missing the line may have been paid.
    """
    was_denied = (pl.col("paid_amount") == 0).fill_null(value=False)
    return ~(unless_damaged(pl.col("has_modifier_gy") | pl.col("has_modifier_gz")) | was_denied)


def earlier_test_date(lines: pl.DataFrame, _: Context) -> pl.Series:
    """The date of the last test before the line's date; null if there is none."""
    return _last_test(lines, pl.col("may_be_paid") & pl.col("surely_counts"))


def possible_test_date(lines: pl.DataFrame, _: Context) -> pl.Series:
    """The same, counting tests that may count; null where it is known of all tests."""
    may_count = pl.col("may_be_paid") & pl.col("counts")
    if not lines.select(may_count.null_count()).item():
        return constant(lines.height, value=None, dtype=pl.Date)
    return _last_test(lines, may_count.fill_null(value=True))


def _last_test(lines: pl.DataFrame, counts: pl.Expr) -> pl.Series:
    """The date of the last test before it that counts, for each test that has an interval."""
    is_test = pl.col("hcpcs_code").is_in(sorted(BONE_MASS | _TBS))
    is_judged = ~pl.col("is_past") & pl.col("policy.min_months_between").is_not_null()
    kind = pl.col(PAYER) * 2 + pl.col("hcpcs_code").is_in(sorted(_TBS))
    # A patient of one date has no earlier test.
    tests = (
        lines.lazy()
        .filter(has_several(lines["date_key"], lines["person_number"]))
        .filter(is_test & (is_judged | counts))
        .select("line", "person_number", "date_key", counts=counts, is_judged=is_judged, kind=kind)
        .filter(pl.col("kind").is_in(pl.col("kind").filter("is_judged").unique().implode()))
        .collect(engine="in-memory")
    )
    alike = group_ids(tests.select(pack("person_number", "kind")).to_series())
    dates = tests.with_columns(alike=alike).select(pack("alike", "date_key")).to_series()
    judged = tests["is_judged"] & dates.is_not_null()
    last = last_date(dates.filter(tests["counts"]), dates.filter(judged), or_same_date=False)
    return on_lines(lines.height, tests["line"].filter(judged), last)


def full_months_since_test(_: Context) -> pl.Expr:
    """Full calendar months between the month of the last test and the month of this one.

    Counted as in the Medicare Benefit Policy Manual (chapter 15, section 80.5.5): *n* full months
    after the month of the last test. Two tests in one month have none between them.
    """
    return _months_since("earlier_test_date")


def _months_since(test: str) -> pl.Expr:
    months = month_number("claim_line_start_date") - month_number(test) - 1
    return months.clip(lower_bound=0)


def came_too_soon(_: Context) -> pl.Expr:
    """The last test is too close; unknown where a later one may be missing from the files."""
    least = pl.col("policy.min_months_between")
    may_be_too_soon = (_months_since("possible_test_date") < least).fill_null(value=False)
    is_known = pl.col("past_reaches") & pl.all_horizontal(
        pl.col("person_number", PAYER).is_not_null(), least.is_not_null()
    )
    return (
        pl.when(pl.col("full_months_since_test") < least)
        .then(YES)
        .when(is_known & ~may_be_too_soon)
        .then(NO)
    )


def _is_looked_back(_: Context) -> pl.Expr:
    """The line has an earlier test, or the files would have it."""
    return pl.col("full_months_since_test").is_not_null() | pl.col("past_reaches").is_not_null()


_LOOKED_UP = (
    "may_be_paid",
    "counts",
    "surely_counts",
    "is_past",
    "hcpcs_code",
    "person_number",
    PAYER,
    "date_key",
    "policy.min_months_between",
)

FACTS: tuple[Fact, ...] = (
    Fact(
        build=may_be_paid,
        reads=("has_modifier_gy", "has_modifier_gz"),
        optional=("damaged_code", "paid_amount"),
    ),
    Fact(from_frame=earlier_test_date, optional=_LOOKED_UP),
    Fact(from_frame=possible_test_date, optional=_LOOKED_UP),
    Fact(
        build=full_months_since_test,
        where=lambda _: pl.col("earlier_test_date").is_not_null(),
        optional=("earlier_test_date", "claim_line_start_date"),
    ),
    Fact(
        build=came_too_soon,
        where=_is_looked_back,
        reads=("claim_line_start_date", "person_id", PAYER, "policy.min_months_between"),
        optional=(
            "full_months_since_test",
            "possible_test_date",
            "past_reaches",
            "person_number",
        ),
        unknown="no --history, or none that reaches far enough back",
    ),
)
