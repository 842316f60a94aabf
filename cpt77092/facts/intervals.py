"""Facts of the time since the patient's last test of the same kind that the same payer was billed.

Bone mass measurements are one kind, the trabecular bone score is another. Tests of one date are one
test, whoever bills its components.
"""

from __future__ import annotations

import polars as pl

from cpt77092.claims.categorical import constant
from cpt77092.facts.fact import NO, YES, Context, Fact, on_lines
from cpt77092.facts.grouping import (
    PAYER,
    group_ids,
    has_several,
    last_date,
    lines_that_fit,
    pack,
)
from cpt77092.facts.modifiers import unless_damaged
from cpt77092.facts.prior_claims import month_number
from cpt77092.reference.codes import BONE_MASS, INTERPRETED

_IS_TEST = pl.col("hcpcs_code").is_in(sorted(BONE_MASS | INTERPRETED))
_IS_JUDGED = ~pl.col("is_past") & pl.col("policy.min_months_between").is_not_null()
_KIND = pl.col("hcpcs_code").is_in(sorted(INTERPRETED)).cast(pl.UInt32)
_KIND_OF_PAYER = pl.col(PAYER) * 2 + _KIND
_HAS_OPEN_CODE = pl.col("damaged_code").is_not_null()
_HAS_NO_PAYER = pl.col("is_past") & ~pl.col("payer_is_named")
_LOOKED_UP = (
    "may_be_paid",
    "counts",
    "surely_counts",
    "is_past",
    "hcpcs_code",
    "damaged_code",
    "person_number",
    PAYER,
    "date_key",
    "policy.min_months_between",
)


@Fact(
    reads=("has_modifier_gy", "has_modifier_gz"),
    optional=("damaged_code", "paid_amount", "allowed_amount", "allowed_amount.state"),
).of
def may_be_paid(_: Context) -> pl.Expr:
    """The line has neither GY nor GZ, which bill it to be denied, and was not paid nothing.

    What was paid is of earlier claims; where it is blank or missing the line may have been paid. A
    line that was paid nothing, but allowed, was covered: the patient's deductible took it up.
    """
    is_allowed = (pl.col("allowed_amount") > 0).fill_null(
        (pl.col("allowed_amount.state") == "unreadable").fill_null(value=False)
    )
    was_denied = (pl.col("paid_amount") == 0).fill_null(value=False) & ~is_allowed
    return ~(unless_damaged(pl.col("has_modifier_gy") | pl.col("has_modifier_gz")) | was_denied)


@Fact(optional=_LOOKED_UP).of_frame
def earlier_test_date(lines: pl.DataFrame, _: Context) -> pl.Series:
    """The date of the last test before the line's date; null if there is none."""
    return _last_test(lines, _IS_TEST & pl.col("may_be_paid") & pl.col("surely_counts"))


@Fact(optional=(*_LOOKED_UP, "claim_line_start_date", "payer_is_named")).of_frame
def possible_test_date(lines: pl.DataFrame, _: Context) -> pl.Series:
    """The same, counting tests that may count; null where it is known of all tests.

    A line of an unknown code may be a test of either kind, and an earlier claim that names no payer
    this one's. One without a date may be of the day before: then it is the line's own date.
    """
    counts = pl.col("may_be_paid") & pl.col("counts")
    may_count = counts.fill_null(value=True) & (_IS_TEST | _HAS_OPEN_CODE)
    has_no_date = pl.col("is_past") & pl.col("date_key").is_null() & may_count
    nothing = pl.lit(0, pl.UInt32)
    stated = (
        (_KIND_OF_PAYER, counts.is_null()),
        (_KIND, _HAS_NO_PAYER),
        (pl.col(PAYER), _HAS_OPEN_CODE),
        (nothing, _HAS_NO_PAYER & _HAS_OPEN_CODE),
    )
    dates = [constant(lines.height, value=None, dtype=pl.Date)]
    for kind, leaves_open in stated:
        may_be_test = may_count & leaves_open
        if lines.select(may_be_test.any()).item():
            dates.append(_last_test(lines, may_be_test, kind=kind))
    if lines.select(has_no_date.any()).item():
        dates.append(_date_beside_undated(lines, has_no_date))
    return pl.select(pl.max_horizontal(dates)).to_series()


def _date_beside_undated(lines: pl.DataFrame, has_no_date: pl.Expr) -> pl.Series:
    """Its own date, for each test that has an interval where another has no date."""
    stated = {
        "kind": pl.when(~_HAS_OPEN_CODE).then(_KIND),
        PAYER: pl.when("payer_is_named").then(PAYER),
    }
    own = lines.filter(_IS_TEST & _IS_JUDGED)
    own = own.select("line", "person_number", PAYER, kind=_KIND, day="claim_line_start_date")
    undated = lines.filter(has_no_date).select("person_number", **stated)
    dated = own.join(lines_that_fit(own, undated).to_frame(), on="line", how="semi")
    return on_lines(lines.height, dated["line"], dated["day"])


def _last_test(
    lines: pl.DataFrame, counts: pl.Expr, *, kind: pl.Expr = _KIND_OF_PAYER
) -> pl.Series:
    """The date of the last test before it that counts, for each test that has an interval."""
    # A patient of one date has no earlier test.
    tests = (
        lines.lazy()
        .filter(has_several(lines["date_key"], lines["person_number"]))
        .filter((_IS_TEST & _IS_JUDGED) | counts)
        .select("line", "person_number", "date_key", counts=counts, is_judged=_IS_JUDGED, kind=kind)
        .filter(pl.col("kind").is_in(pl.col("kind").filter("is_judged").unique().implode()))
        .collect(engine="in-memory")
    )
    alike = group_ids(tests.select(pack("person_number", "kind")).to_series())
    dates = tests.with_columns(alike=alike).select(pack("alike", "date_key")).to_series()
    judged = tests["is_judged"] & dates.is_not_null()
    last = last_date(dates.filter(tests["counts"]), dates.filter(judged), or_same_date=False)
    return on_lines(lines.height, tests["line"].filter(judged), last)


@Fact(
    where=lambda _: pl.col("earlier_test_date").is_not_null(),
    optional=("earlier_test_date", "claim_line_start_date"),
).of
def full_months_since_test(_: Context) -> pl.Expr:
    """Full calendar months between the month of the last test and the month of this one.

    Counted as in the Medicare Benefit Policy Manual (chapter 15, section 80.5.5): *n* full months
    after the month of the last test. Two tests in one month have none between them.
    """
    return _months_since("earlier_test_date")


def _months_since(test: str) -> pl.Expr:
    months = month_number("claim_line_start_date") - month_number(test) - 1
    return months.clip(lower_bound=0)


@Fact(  # Where the line has an earlier test, or the files would have it.
    where=lambda _: pl.any_horizontal(
        pl.col("full_months_since_test", "past_reaches").is_not_null()
    ),
    reads=("claim_line_start_date", "person_id", PAYER, "policy.min_months_between"),
    optional=(
        "full_months_since_test",
        "past_reaches",
        "person_number",
    ),
    unknown="no --history, or none that reaches far enough back",
).of
def came_too_soon(_: Context) -> pl.Expr:
    """The last test is too close; unknown where a later one may be missing from the files."""
    least = pl.col("policy.min_months_between")
    is_known = pl.col("past_reaches") & pl.all_horizontal(
        pl.col("person_number", PAYER).is_not_null(), least.is_not_null()
    )
    return pl.when(pl.col("full_months_since_test") < least).then(YES).when(is_known).then(NO)


@Fact(
    where=lambda _: pl.col("possible_test_date").is_not_null(),
    default=False,
    optional=("possible_test_date", "claim_line_start_date", "policy.min_months_between"),
    unknown="an earlier test may be too soon: its claim does not say enough, or may not count",
).of
def may_have_come_too_soon(_: Context) -> pl.Expr:
    """Null where a test may be too close that may count; false elsewhere."""
    is_near = _months_since("possible_test_date") < pl.col("policy.min_months_between")
    return pl.when(~is_near.fill_null(value=False)).then(NO)
